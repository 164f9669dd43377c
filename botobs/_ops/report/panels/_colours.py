"""Colours of Grafana by the names that the style sheet has for them."""

from __future__ import annotations

_NAMES = {
    "red": "bad",
    "yellow": "throttle",
    "green": "series-2",
    "blue": "series-0",
    "orange": "series-1",
    "purple": "series-3",
    "gray": "own",
    "text": "unseen",
}
#: In the style sheet, for lines without a meaning.
_SERIES = 10


def named(colour: str) -> str:
    """The name of one of Grafana's colours, `dark-red` and `light-green` among them; empty for none of them."""
    return _NAMES.get(colour.rpartition("-")[2], "")


def nth(place: int) -> str:
    """The colour of a line without a meaning, by its place in the panel."""
    return f"series-{place % _SERIES}"
