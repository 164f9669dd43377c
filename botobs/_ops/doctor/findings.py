"""What `botobs doctor` finds, and how it is printed.

Without rich, which the SDK alone does not bring: a service's container has no more than that.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from ..shown import name, visible

Level = Literal["ok", "note", "warning", "error"]
_MARKS = {"ok": ("✓", 32), "note": ("·", 2), "warning": ("!", 33), "error": ("✗", 31)}
_BOLD, _DIM = 1, 2


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check.

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
            say(styled(visible(area), _BOLD))
        mark, style = _MARKS[finding.level]
        say(f"  {styled(mark, style)} {visible(finding.text)}")
        if finding.hint:
            say(f"    {styled(visible(finding.hint), _DIM)}")


def show_table(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Print rows in columns as wide as their longest entry."""
    shown = [headings, *(tuple(map(name, row)) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for number, row in enumerate(shown):
        line = "  ".join(entry.ljust(width) for entry, width in zip(row, widths, strict=True)).rstrip()
        say(styled(line, _BOLD) if number == 0 else line)


def say(line: str) -> None:
    """Print a line at once, in what characters the terminal has."""
    encoding = sys.stdout.encoding or "ascii"
    sys.stdout.write(line.encode(encoding, "replace").decode(encoding) + "\n")
    sys.stdout.flush()


def styled(text: str, style: int) -> str:
    """`text` in a style, where that is wanted."""
    if os.environ.get("NO_COLOR") or not sys.stdout.isatty():
        return text
    return f"\x1b[{style}m{text}\x1b[0m"
