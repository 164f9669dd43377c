"""Text on its way to a terminal: what others have named is shown, and never obeyed.

A span, a bot or a service may be called by anybody who sends telemetry. A terminal takes escape sequences in a name as
orders (clear the screen, rename the window, write into the clipboard), and some characters turn the order of a line
round so that it reads as another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

#: C0 and C1 but tab and line feed, invisible and directional characters (Unicode TR 36), tags, lone surrogates.
_UNSEEN = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\ud800-\udfff\U000e0000-\U000e0fff"
)
_IN_TEXT = re.compile(f"[{_UNSEEN}]")
_IN_NAME = re.compile(f"[{_UNSEEN}\\t\\n]")


def visible(text: str) -> str:
    """Text with every character that a terminal would obey, or not show, as its escape in Python: `\\x1b`."""
    return _IN_TEXT.sub(_escaped, text)


def name(text: str) -> str:
    """The same of a name, which also stays in its line."""
    return _IN_NAME.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    return ascii(found[0])[1:-1]


def styled(*parts: str | tuple[str, str]) -> Text:
    """A line of texts, those that come with a style in it. Markup would let a name bring a style, or a link, along."""
    return Text.assemble(*parts)


class Terminal(Console):
    """A console without markup, which shows what it is given and obeys nothing of it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """As rich does: its own orders pass, texts are made visible.

        Titles of panels take markup in any console, and so links: they are shown, and lead nowhere.
        """
        for segment in super().render(renderable, options):
            style = segment.style
            if style is not None and style.link:
                style = style.update_link(None)
            yield segment if segment.control else Segment(visible(segment.text), style)
