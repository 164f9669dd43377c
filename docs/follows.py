"""Writes into each runbook what its alert can follow from and what follows from it next, as `botobs why` reasons."""

from __future__ import annotations

import re
from pathlib import Path

from botobs._ops.why.causes import CAUSES

_FOLDER = Path(__file__).with_name("runbooks")
#: The last line by hand at the head of a page, and what stands below it by now.
_HEAD = re.compile(r"^(Over: .+\n)(?:\n(?:Follows from|Leads to): .+\n)*", re.MULTILINE)


def nearest() -> dict[str, list[str]]:
    """By alert: those that it explains, less those that one of them explains in turn."""
    explains = {name: dict.fromkeys(cause.explains) for name, cause in CAUSES.items()}
    return {
        name: [each for each in follow if not any(each in explains.get(between, ()) for between in follow)]
        for name, follow in explains.items()
    }


def pages() -> dict[Path, str]:
    """Every runbook, with its links, by its path."""
    leads = nearest()
    follows: dict[str, list[str]] = {}
    # Whoever is woken asks for the cause, and what lies between need not fire.
    for name, cause in CAUSES.items():
        for each in cause.explains:
            follows.setdefault(each, []).append(name)
    made = {}
    for page in sorted(_FOLDER.glob("*.md")):
        lines = _line("Follows from", follows.get(page.stem)) + _line("Leads to", leads.get(page.stem))
        text, count = _HEAD.subn(lambda head, lines=lines: head[1] + lines, page.read_text(encoding="utf-8"))  # type: ignore[misc]
        assert count == 1, f"{page} has no line Over:"
        made[page] = text
    return made


def _line(word: str, names: list[str] | None) -> str:
    return f"\n{word}: {', '.join(f'[{name}]({name}.md)' for name in names)}.\n" if names else ""
