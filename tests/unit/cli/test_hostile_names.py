"""What commands print of names: no order to the terminal, and no line of its own."""

from __future__ import annotations

import ast
import io
import re
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pytest

from botobs._ops.alerting.alertmanager import Silence
from botobs._ops.cli import instrument, orders, query, run, silence, status, why
from botobs._ops.console import Terminal
from botobs._ops.dev.notes import Note
from botobs._ops.dev.voice import Voice
from botobs._ops.doctor import findings
from botobs._ops.orders import Listing, Order
from botobs._ops.orders._listing import Counted
from botobs._ops.traces import Summary
from botobs._ops.why import Alert, Answer, Explanation
from botobs._ops.why.answer import Change, Evidence
from botobs._ops.why.subject import Subject
from botobs._sdk.instrument.libraries import Unwatched
from tests.support import configs
from tests.support.hostile_names import NAMES

#: What rich itself writes of colours.
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_WRITING = ("print", "sys.stdout.write", "sys.stderr.write")
#: Modules that write to the terminal themselves. `install` prints a unit of systemd that botobs has made; the rest of
#: `cli/doctor` and of `console` are JSON and ends of lines.
_WRITERS = (
    "cli/__init__", "cli/doctor", "cli/install", "cli/instrument", "cli/run", "console/__init__", "doctor/findings",
    "drills/quiet",
)  # fmt: skip
_NOW = 1_700_000_000.0
_MOMENT = datetime.fromtimestamp(_NOW, UTC)
#: As short as possible: a table folds what is long into further lines.
_INNOCENT = "bot"


def _why(text: str) -> None:
    alert = Alert(text, {"service_name": text, "botobs_bot_id": text}, True, _NOW, 1.0, text, text, text)
    other = Alert(text, {"exchange_name": text}, False, _NOW, 1.0, text, text, text)
    evidence = Evidence(
        alerts=(alert, other),
        changes=(Change(text, 2, (text,)),),
        traces=(Summary("ab" * 16, text, text, 10**18, 1.0, 1),),
        messages=((text, 3),),
        problems=(text,),
    )
    subject = Subject("alert", text, (alert,), text, text)
    explanation = Explanation(text, text, (text, text), 1.0, text)
    why._show(Answer(subject, evidence, (explanation, explanation)))


def _order(text: str) -> Order:
    fields = dict.fromkeys(Order.__dataclass_fields__, text)
    return Order(**{**fields, "state": "unknown", "submitted": _NOW})  # type: ignore[arg-type]


def _orders(text: str) -> None:
    orders._show(Listing([_order(text)], [Counted(text, text, text, 1)], [text], _NOW), "14d")
    orders._show(Listing(None, [Counted(text, text, text, 1)], [text], _NOW), "14d")


def _query(text: str) -> None:
    rows: list[Mapping[str, Any]] = [{"labels": {"__name__": text, text: text}, "value": "1"}]
    query._show("", "up", rows, titled=False)
    trace: Mapping[str, Any] = {
        "trace_id": text,
        "service": text,
        "name": text,
        "started": _NOW,
        "seconds": 1.0,
    }
    query._show("", "{}", [trace], titled=False)


def _silence(text: str) -> None:
    made = Silence("7f3c2a1e-5b8d", "active", (text, text), _MOMENT, _MOMENT, text, text)
    vars(silence)["print_table"](silence._table([made]))


def _status(text: str) -> None:
    from botobs._ops.alerting.alertmanager import Alert as Fired

    raw = {
        "labels": {"alertname": text, "severity": "critical", "service_name": text},
        "annotations": {"summary": text},
        "startsAt": _MOMENT.isoformat(),
        "status": {"state": "active", "silencedBy": [], "inhibitedBy": []},
        "fingerprint": "a",
    }
    status._print_alerts([Fired.from_json(raw)], "")


_COMMANDS: dict[str, tuple[ModuleType, Callable[[str], None]]] = {
    "why": (why, _why),
    "orders": (orders, _orders),
    "query": (query, _query),
    "silence": (silence, _silence),
    "status": (status, _status),
}


def _printed(monkeypatch: pytest.MonkeyPatch, command: str, text: str) -> str:
    module, show = _COMMANDS[command]
    written = io.StringIO()
    terminal = Terminal(file=written, force_terminal=True, width=100_000, color_system="truecolor")
    for console in ("out", "err"):
        if hasattr(module, console):
            monkeypatch.setattr(module, console, terminal)
    if hasattr(module, "print_table"):
        monkeypatch.setattr(module, "print_table", terminal.print)
    show(text)
    return _COLOURS.sub("", written.getvalue())


@pytest.mark.parametrize("text", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("command", _COMMANDS)
def test_a_name_stays_a_name(monkeypatch: pytest.MonkeyPatch, command: str, text: str) -> None:
    printed = _printed(monkeypatch, command, text)
    assert _OBEYED.findall(printed) == []
    assert "\x1b" not in printed
    if text:
        assert printed.count("\n") == _printed(monkeypatch, command, _INNOCENT).count("\n")


@pytest.mark.parametrize("text", NAMES.values(), ids=NAMES)
def test_a_name_stays_a_name_where_rich_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    """`doctor`, `instrument` and `run` write themselves, in installations without rich."""
    monkeypatch.setattr(instrument, "unwatched", lambda: [Unwatched(text, text, False, None, text)])
    findings.show([findings.Finding(text, "error", text, text)])
    findings.show_table(("setting", "value"), [(text, text)])
    instrument.run(Namespace(json=False, install=False))
    run.run(Namespace(command_line=["--", text or "no-such-program"], name=""))
    printed = "".join(capsys.readouterr())
    assert _OBEYED.findall(printed.replace("\t", "")) == []


def test_every_command_that_writes_without_rich_is_tried() -> None:
    """What writes to the terminal itself is one of these, or prints JSON, which escapes by itself."""
    writing = {
        str(file.relative_to(configs.ROOT))
        for file in (configs.ROOT / "botobs" / "_ops").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in _WRITING
    }
    assert writing == {f"botobs/_ops/{name}.py" for name in _WRITERS}


@pytest.fixture
def said() -> Iterator[tuple[Voice, Voice, io.StringIO]]:
    """What `botobs dev` says to people and to machines, and where it stands."""
    written = io.StringIO()
    people = Terminal(file=written, force_terminal=True, width=100_000, color_system="truecolor")
    yield Voice(people, machines=False), Voice(people, machines=True), written


@pytest.mark.parametrize("text", NAMES.values(), ids=NAMES)
def test_a_name_stays_in_its_line_of_a_session(said: tuple[Voice, Voice, io.StringIO], text: str) -> None:
    people, machines, written = said
    for kind in ("order", "error", "log"):
        people.note(Note(kind, _NOW, text, text, "accepted", 0.1, "ab" * 16))
        machines.note(Note(kind, _NOW, text, text, "accepted", 0.1, "ab" * 16))
    printed = _COLOURS.sub("", written.getvalue())
    assert _OBEYED.findall(printed) == []
    assert printed.count("\n") == 6
