"""Text on its way to a terminal: what others have named is shown, and never obeyed.

A terminal takes escape sequences in a name as orders: clear the screen, rename the window, write into the clipboard.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from ..shown import visible

#: Columns where no terminal says how many.
_USUAL_WIDTH = 80


def styled(*parts: str | tuple[str, str]) -> Text:
    """A line of texts, those that come with a style in it. Markup would let a name bring a style, or a link, along."""
    return Text.assemble(*parts)


class Terminal(Console):
    """A console without markup: it shows text as it is, and removes control characters."""

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, **options)
        # `COLUMNS=0` says that nobody knows; in no columns rich prints nothing.
        if self.width < 1:
            self.width = _USUAL_WIDTH

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render as rich does, with control characters in texts made visible.

        Titles of panels take markup in any console, and so links: they are shown, and lead nowhere.
        """
        for segment in super().render(renderable, options):
            style = segment.style
            if style is not None and style.link:
                style = style.update_link(None)
            yield segment if segment.control else Segment(visible(segment.text), style)
