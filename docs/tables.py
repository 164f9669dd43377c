"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable


def markdown_table(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table with a head line."""
    titles = list(titles)
    return "\n".join([_line(titles), _line("---" for _ in titles), *(_line(row) for row in rows)])


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|").replace("\n", " ") for cell in cells) + " |"
