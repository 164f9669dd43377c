"""What a service logs reaches its own filters and handlers as it was logged, unless there was a secret in it."""

from __future__ import annotations

import io
import logging
import types
from collections import Counter, OrderedDict, defaultdict, namedtuple
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from loguru import logger as loguru_logger

from botobs._sdk.export.logs import LogEntry
from botobs._sdk.instrument.logs._redaction import RecordRedactor
from botobs._sdk.instrument.logs.logging import LoggingInstrumentation
from botobs._sdk.instrument.logs.loguru import LoguruInstrumentation
from botobs._sdk.instrument.logs.structlog import StructlogInstrumentation
from botobs._sdk.redaction import MAX_BYTES, REDACTED, Redactor, texts
from botobs._sdk.settings import Settings
from tests.support.telemetry import Recorder

SECRET = "hunter2-hunter2"
Order = namedtuple("Order", "id symbol")


class Levels(dict[int, int]):
    """Knows its best price."""

    def best(self) -> int:
        return max(self)


class Hostile:
    """Nothing can be asked of it."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


class HostileMapping(dict[str, str]):
    def items(self) -> Any:
        raise RuntimeError("no items")

    def __iter__(self) -> Any:
        raise RuntimeError("no names")

    def __copy__(self) -> Any:
        raise RuntimeError("no copy")


HOLDS_ITSELF: dict[str, Any] = {"side": "buy"}
HOLDS_ITSELF["again"] = [HOLDS_ITSELF]

HARMLESS = {
    "order": Order("c1", "BTC/USDT"),
    "pair": ("BTC", "USDT"),
    "book": Levels({60000: 1, 60001: 2}),
    "raw": b"\x01\x02",
    "buffer": bytearray(b"abc"),
    "ids": {1, 2},
    "names": frozenset({"a"}),
    "counts": Counter("aab"),
    "proxy": types.MappingProxyType({"a": 1}),
    "itself": HOLDS_ITSELF,
    "hostile": Hostile(),
    "items": HostileMapping(a="b"),
    "anything": object(),
    "deep": [[[[[[[["a"]]]]]]]],
    "large": list(range(100_000)),
    "text": "a text",
    "nothing": None,
    "token": None,
    "flag": True,
}


def by_logging(fields: dict[str, Any], recorder: Recorder) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    logger = logging.Logger("own", logging.DEBUG)

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.update(vars(record))

    logger.addHandler(Handler())
    with recorder.watching(LoggingInstrumentation()):
        logger.info("filled", extra=fields)
    return seen


def by_loguru(fields: dict[str, Any], recorder: Recorder) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    loguru_logger.remove()
    sink = loguru_logger.add(lambda message: seen.update(message.record["extra"]), format="{message}")
    with recorder.watching(LoguruInstrumentation()):
        loguru_logger.bind(**fields).info("filled")
    loguru_logger.remove(sink)
    return seen


def by_structlog(fields: dict[str, Any], recorder: Recorder) -> dict[str, Any]:
    seen: dict[str, Any] = {}

    def processor(_logger: Any, _name: str, event: Any) -> str:
        seen.update(event)
        return "printed"

    structlog.configure(processors=[processor], logger_factory=structlog.PrintLoggerFactory(io.StringIO()))
    try:
        with recorder.watching(StructlogInstrumentation()):
            structlog.get_logger().info("filled", **fields)
    finally:
        structlog.reset_defaults()
    return seen


LIBRARIES = [by_logging, by_loguru, by_structlog]
Log = Callable[[dict[str, Any], Recorder], dict[str, Any]]


@pytest.fixture
def recorder() -> Recorder:
    """The service's own handlers get records without secrets."""
    return Recorder(Settings(service_name="engine", redact_local_logs=True))


@pytest.mark.parametrize("log", LIBRARIES)
def test_harmless_fields_are_the_same_objects(log: Log, recorder: Recorder) -> None:
    seen = log(HARMLESS, recorder)
    assert [name for name, value in HARMLESS.items() if seen[name] is not value] == []


@pytest.mark.parametrize("log", LIBRARIES)
def test_a_secret_is_replaced_in_a_container_of_the_same_type(log: Log, recorder: Recorder) -> None:
    text = f"token={SECRET}"
    given: dict[str, Any] = {
        "order": Order("c1", text),
        "pair": ("BTC", text),
        "levels": [1, text],
        "mapping": {60000: 1, "apiKey": SECRET, "n": None},
        "ordered": OrderedDict(first=1, secret=SECRET, last=2),
        "grouped": defaultdict(list, {"a": [text, 1]}),
        "tags": {"x", text},
        "headers": types.MappingProxyType({"Authorization": SECRET}),
        "raw": text.encode(),
    }
    seen = log(given, recorder)
    clean = f"token={REDACTED}"
    assert seen["order"] == Order("c1", clean)
    assert type(seen["order"]) is Order
    assert seen["pair"] == ("BTC", clean)
    assert seen["levels"] == [1, clean]
    assert seen["mapping"] == {60000: 1, "apiKey": REDACTED, "n": None}
    assert seen["ordered"] == OrderedDict(first=1, secret=REDACTED, last=2)
    assert type(seen["ordered"]) is OrderedDict
    assert seen["grouped"] == {"a": [clean, 1]}
    assert seen["grouped"].default_factory is list
    assert seen["tags"] == {"x", clean}
    assert seen["headers"] == {"Authorization": REDACTED}
    assert seen["raw"] == clean.encode()
    # What the service holds is its own.
    assert given["levels"] == [1, text]
    assert given["ordered"]["secret"] == SECRET


@pytest.mark.parametrize("log", LIBRARIES)
def test_a_container_that_holds_itself_and_a_secret(log: Log, recorder: Recorder) -> None:
    inner: dict[str, Any] = {}
    outer: dict[str, Any] = {"inner": inner, "password": SECRET}
    inner["outer"] = outer
    seen = log({"state": outer}, recorder)
    assert seen["state"] == {"inner": {"outer": REDACTED}, "password": REDACTED}


def test_a_message_that_is_no_text_stays(recorder: Recorder) -> None:
    records: list[logging.LogRecord] = []
    logger = logging.Logger("own", logging.DEBUG)
    logger.addFilter(lambda record: records.append(record) or True)  # type: ignore[func-returns-value]
    message = {"event": "fill", "levels": {1: (2, 3)}}
    with recorder.watching(LoggingInstrumentation()):
        for each in (message, HOLDS_ITSELF, Order("a", "b")):
            logger.info(each)
    assert [record.msg for record in records] == [message, HOLDS_ITSELF, Order("a", "b")]


@pytest.mark.parametrize("exported", [False, True])
def test_nothing_that_is_logged_raises(recorder: Recorder, exported: bool) -> None:
    entries: list[LogEntry] = []
    telemetry = recorder.telemetry
    telemetry = type(telemetry)(**{**vars_of(telemetry), "logs": entries.append if exported else None})
    instrumentation = LoggingInstrumentation()
    instrumentation.install(telemetry)
    logger = logging.Logger("own", logging.DEBUG)
    logger.addHandler(logging.NullHandler())
    try:
        logger.info("one", extra=HARMLESS)
        logger.info("two %s %s", 2, Hostile())
        logger.info(HostileMapping(a="b"))
    finally:
        instrumentation.uninstall()
    if exported:
        assert [entry.body for entry in entries[:1]] == ["one"]
        assert entries[0].attributes["hostile"] == "<Hostile that cannot be printed>"
        assert entries[0].attributes["order"] == ["c1", "BTC/USDT"]


def vars_of(telemetry: Any) -> dict[str, Any]:
    return {name: getattr(telemetry, name) for name in telemetry.__dataclass_fields__}


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Bytes of each text that the rules have seen."""
    sizes: list[int] = []
    rules = texts.clean

    def counted(text: str, name: str = "") -> str:
        sizes.append(len(text.encode("utf-8", "surrogatepass")))
        return rules(text, name)

    monkeypatch.setattr("botobs._sdk.redaction.redactor.clean", counted)
    yield sizes


@pytest.mark.parametrize("log", LIBRARIES)
@pytest.mark.parametrize("character", ["a", "é", "\N{BANANA}"])
def test_a_bounded_part_of_a_record_is_looked_at(
    log: Log, recorder: Recorder, looked_at: list[int], character: str
) -> None:
    long = f"{character} " * 1_000_000
    log(
        {"one": long, "many": [long] * 1000, "names": {f"{character}{n}": long for n in range(1000)}},
        recorder,
    )
    assert 0 < sum(looked_at) <= MAX_BYTES


@pytest.mark.parametrize("character", ["a", "\N{BANANA}"])
def test_a_bounded_part_is_exported_and_marked(looked_at: list[int], character: str) -> None:
    recorder = Recorder(Settings(service_name="engine"))
    entries: list[LogEntry] = []
    telemetry = type(recorder.telemetry)(**{**vars_of(recorder.telemetry), "logs": entries.append})
    instrumentation = LoggingInstrumentation()
    instrumentation.install(telemetry)
    logger = logging.Logger("own", logging.DEBUG)
    logger.addHandler(logging.NullHandler())
    long = f"{character} " * 500_000
    try:
        raise ValueError(long)
    except ValueError:
        logger.exception(
            "%s", long, extra={"body": long, "list": [long] * 500, "numbers": list(range(10_000))}
        )
    finally:
        instrumentation.uninstall()
    (entry,) = entries
    texts = [entry.body, *map(str, entry.attributes.values())]
    assert sum(len(text.encode()) for text in texts) <= MAX_BYTES
    assert entry.body.endswith(" characters cut]")
    assert entry.attributes["body"].endswith(" characters cut]")
    assert "characters cut]" in entry.attributes["exception.stacktrace"]
    assert entry.attributes["numbers"][-1].endswith(" items cut]")
    # Once for the service's own handlers and once for the export.
    assert sum(looked_at) <= 2 * MAX_BYTES


def test_the_last_lines_of_a_long_traceback_stay() -> None:
    frames = "".join(f'  File "a.py", line {n}, in f\n    call()\n' for n in range(10_000))
    text = RecordRedactor(Redactor()).traceback(f"Traceback:\n{frames}ValueError: password={SECRET} no funds")
    assert text.endswith(f"\nValueError: password={REDACTED} no funds")
    assert text.startswith("Traceback:\n  File")
    assert len(text) <= MAX_BYTES


@given(st.data())
def test_what_is_cut_leaves_no_half_of_a_secret(data: st.DataObject) -> None:
    key = "4f1d8c2b7a6e5d3c9b8a7f6e5d4c3b2a1f0e9d8c7b6a5f4e3d2c1b0a9f8e7d6c"
    secret = data.draw(
        st.sampled_from(
            [
                key,
                f"token={key}",
                f"Bearer {key}",
                f'{{"password": "{key} {key}"}}',
                f"https://u:{key}@host/",
                f"https://host/{key}",
                f"eyJ{key}.{key}.{key}",
                f"-----BEGIN PRIVATE KEY-----\n{key}\n{key}\n-----END PRIVATE KEY-----",
                f"[SQL: INSERT INTO t VALUES ('{key}')]",
                f"[parameters: ('{key}', 1)]",
                f"DETAIL:  Failing row contains ({key}, 1).",
                f"Cookie: a={key}",
            ]
        )
    )
    filler = data.draw(st.sampled_from(["x ", '{"a": 1}, ', "é ", "password=1 ", "https://h/p?q=1 "]))
    most = data.draw(st.sampled_from([12_288, MAX_BYTES]))
    keep = data.draw(st.integers(0, len(secret)))
    room = most - keep
    before = (filler * room)[: room // len(filler.encode()) * len(filler)]
    clean = Redactor().bounded("", before + secret + " tail" * most, most)
    assert clean.endswith(" characters cut]")
    assert not any(key[start : start + 12] in clean for start in range(0, 52, 4))
    assert len(clean.encode()) <= most
