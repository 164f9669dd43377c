"""A record of texts and numbers is read on the export thread: what is exported is what would have been read at once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from botobs._sdk.export.logs import LogEntry, PlainRecord
from botobs._sdk.instrument.logs.logging import LoggingInstrumentation
from tests.support.hostile import Row, Symbol
from tests.support.telemetry import Recorder

Written = list[LogEntry | PlainRecord]


@pytest.fixture
def written(recorder: Recorder) -> Iterator[Written]:
    """What is handed to the export."""
    records: Written = []
    telemetry = recorder.telemetry
    instrumentation = LoggingInstrumentation()
    instrumentation.install(
        type(telemetry)(
            telemetry.tracer_provider, telemetry.meter_provider, telemetry.settings, records.append
        )
    )
    yield records
    instrumentation.uninstall()


@pytest.fixture
def logger() -> logging.Logger:
    """One that nobody else configures."""
    own = logging.Logger("own", logging.DEBUG)
    own.addHandler(logging.NullHandler())
    return own


class ReadsAtOnce(logging.LogRecord):
    """A class of the service's own, whose methods may do anything."""


def _as(kind: type[logging.LogRecord], message: Any, arguments: Any, extra: dict[Any, Any]) -> Any:
    record = kind("own", 20, __file__, 7, message, arguments, None, "here")
    vars(record).update(extra, created=1.5, thread=1, threadName="t", process=2, processName="p")
    return record


PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30)
MESSAGES = st.sampled_from(["%s sold", "%s and %s", "none", "%d", "%z", "password=hunter2-hunter2 %s"])


@settings(deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))
@given(MESSAGES, st.lists(PLAIN, max_size=3), st.dictionaries(st.text(max_size=9), PLAIN, max_size=4))
def test_later_is_as_at_once(
    written: Written, logger: logging.Logger, message: str, arguments: list[Any], extra: dict[str, Any]
) -> None:
    extra = {name: value for name, value in extra.items() if name not in vars(logging.makeLogRecord({}))}
    written.clear()
    for kind in (logging.LogRecord, ReadsAtOnce):
        logger.callHandlers(_as(kind, message, tuple(arguments), extra))
    later, at_once = written
    assert isinstance(later, PlainRecord)
    assert isinstance(at_once, LogEntry)
    assert later.read(later) == at_once


MUTABLE: dict[str, Callable[[], Any]] = {
    "list": lambda: ["as logged"],
    "text of a subclass": lambda: Symbol.BTC,
    "object": Row,
}


@pytest.mark.parametrize(
    ("place", "make"),
    [
        (place, make)
        for place in ("argument", "field", "message", "name")
        for make in MUTABLE.values()
        if place != "name" or make is not MUTABLE["list"]
    ],
)
def test_what_can_change_or_is_the_services_is_read_at_once(
    written: Written, logger: logging.Logger, place: str, make: Callable[[], Any]
) -> None:
    value = make()
    message, arguments = (value, ()) if place == "message" else ("%s", (value if place == "argument" else 1,))
    extra = {"field": value} if place == "field" else {value: 1} if place == "name" else {}
    logger.handle(_as(logging.LogRecord, message, arguments, extra))
    if isinstance(value, list):
        value[0] = "changed"
    (entry,) = written
    assert isinstance(entry, LogEntry)
    assert "changed" not in str((entry.body, entry.attributes))


def test_long_texts_do_not_wait_whole(written: Written, logger: logging.Logger) -> None:
    long = "a " * 5_000_000
    logger.info(long)
    logger.info("%s", long)
    logger.info("short", extra={"field": long})
    logger.info("short", extra={long: "field"})
    assert all(isinstance(entry, LogEntry) for entry in written)
    assert all(
        len(str((entry.body, entry.attributes))) < 70_000 for entry in written if isinstance(entry, LogEntry)
    )


def test_what_a_handler_makes_of_a_record_is_not_exported(written: Written, logger: logging.Logger) -> None:
    class Changes(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            record.msg, record.args = "of the handler", ()
            vars(record)["bot"] = "of the handler"

    logger.addHandler(Changes())
    logger.info("%s sold", 3, extra={"bot": "b1"})
    (record,) = written
    assert isinstance(record, PlainRecord)
    entry = record.read(record)
    assert (entry.body, entry.attributes["bot"]) == ("3 sold", "b1")
