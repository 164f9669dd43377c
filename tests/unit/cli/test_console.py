"""Tables on a terminal that is narrower than they are."""

from __future__ import annotations

import pytest
from rich.console import Console
from rich.table import Table

from botobs._ops import console


def test_numbers_are_not_cut(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(console, "out", Console(width=40, force_terminal=True))
    numbers = [f"{number:,}" for number in range(1_234_567, 1_234_573)]
    table = Table(box=None, pad_edge=False)
    for _ in numbers:
        table.add_column("stored", no_wrap=True)
    table.add_row(*numbers)
    console.print_table(table)
    assert capsys.readouterr().out.splitlines()[-1].split() == numbers
