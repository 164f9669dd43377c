"""Whatever others have named reaches the terminal as text."""

from __future__ import annotations

import ast
import io
import re
from argparse import Namespace

import pytest
from hypothesis import given, settings
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from botobs._ops.cli import traces
from botobs._ops.console import Terminal, styled
from botobs._ops.shown import name, visible
from botobs._ops.traces import Kind, Span, Summary, Trace
from tests.support import configs
from tests.support.hostile_names import NAMES, names

#: What rich itself writes: colours, and the moves of a live view.
_OF_RICH = re.compile(r"\x1b\[(?:[0-9;]*[mABHK]|\?25[lh]|2K)|\r")
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def _terminal() -> tuple[Terminal, io.StringIO]:
    written = io.StringIO()
    return Terminal(file=written, force_terminal=True, width=200, color_system="truecolor"), written


def _obeyed(written: str) -> list[str]:
    return _UNSEEN.findall(_OF_RICH.sub("", written))


@given(names)
def test_no_order_is_left(text: str) -> None:
    assert not _UNSEEN.search(visible(text))
    assert not re.search(r"[\n\t]", name(text))
    assert visible(visible(text)) == visible(text)
    visible(text).encode()


@pytest.mark.parametrize("text", ["BTC/USDT", "größe → 日本 🚀", "[red]", "a\tb\nc", r"\x1b"])
def test_texts_stay_what_they_are(text: str) -> None:
    assert visible(text) == text


def test_it_is_shown_what_it_was() -> None:
    assert visible("a\x1b[2J\u202eb") == r"a\x1b[2J\u202eb"
    assert name("a\nb") == r"a\nb"


@settings(max_examples=30)
@given(names)
def test_a_terminal_obeys_nothing(text: str) -> None:
    terminal, written = _terminal()
    table = Table(text, title=text)
    table.add_row(text, styled((text, "red")), Text(text))
    terminal.print(text, table, Panel(text, title=text))
    with Live(Panel(text), console=terminal, auto_refresh=False) as live:
        live.update(table, refresh=True)
    assert _obeyed(written.getvalue()) == []
    # No link: https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda
    assert "\x1b]8;" not in written.getvalue()


@pytest.mark.parametrize("text", NAMES.values(), ids=NAMES)
def test_traces_show_names(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    terminal, written = _terminal()
    monkeypatch.setattr(traces, "out", terminal)
    monkeypatch.setattr(traces, "print_table", terminal.print)
    span = Span("a", "", text, text, Kind.CLIENT, 10**18, 10**18 + 10**6, error=True, message=text,
                attributes={"db.query.summary": text, "exchange.symbol": text})  # fmt: skip
    options = Namespace(json=False, last="1h")
    traces._draw(Trace("ab" * 16, (span,)), options)
    traces._list([Summary("ab" * 16, text, text, 10**18, 1.0, 1)], options)
    assert _obeyed(written.getvalue()) == []
    lines = _OF_RICH.sub("", written.getvalue()).split("\n")
    assert not any(line.startswith("ready") for line in lines)


def test_every_console_is_a_terminal() -> None:
    """One that is rich's own would obey."""
    calls = (
        (file.name, node.func)
        for file in (configs.ROOT / "botobs").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    )
    assert [name for name, func in calls if isinstance(func, ast.Name) and func.id == "Console"] == []
