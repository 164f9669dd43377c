"""What `botobs doctor` finds, and how it is printed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from rich.markup import escape

from ._console import out

Level = Literal["ok", "note", "warning", "error"]
_MARKS = {"ok": "[green]✓[/]", "note": "[dim]·[/]", "warning": "[yellow]![/]", "error": "[red]✗[/]"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        area: Such as `collector` or `canary`.
        level: `error` when it keeps data from arriving.
        text: What is so, in a sentence that needs no knowledge of botobs.
        hint: What to do about it.
    """

    area: str
    level: Level
    text: str
    hint: str = ""


def show(findings: Iterable[Finding]) -> None:
    """Print findings as they come, area by area."""
    area = ""
    for finding in findings:
        if finding.area != area:
            area = finding.area
            out.print(f"[bold]{area}[/]")
        out.print(f"  {_MARKS[finding.level]} {escape(finding.text)}")
        if finding.hint:
            out.print(f"    [dim]{escape(finding.hint)}[/]")
