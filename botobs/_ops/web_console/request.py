"""What a page is made from, and what it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlencode

import httpx
from markupsafe import Markup

from ..access import clients
from ..access.people import Role
from ..errors import UserError
from ..home import state
from ..report.backends import LONGEST, Backends, Refused
from ..report.window import Window
from .keys import Visitor
from .ranges import Range

T = TypeVar("T")

#: Seconds between two looks at what changes all the time.
REFRESH = 15


class NoSuchPage(UserError):
    """An address leads nowhere."""


class Forbidden(UserError):
    """Who asks may not do that."""


@dataclass(frozen=True)
class Request:
    """Somebody's wish.

    Attributes:
        path: Parts of the address, without empty ones.
        query: Of the address.
        form: What was sent along, of a wish to change something.
        visitor: Who asks.
        running: The stack.
        backends: Its parts.
    """

    path: Sequence[str]
    query: Mapping[str, str]
    form: Mapping[str, str]
    visitor: Visitor
    running: state.Running
    backends: Backends
    range: Range

    @property
    def role(self) -> Role:
        """What who asks may do."""
        return self.visitor.role

    async def window(self) -> Window:
        """The points of its pictures: of its range, without the time before the stack's first data."""
        window = self.range.window()
        if not self.range.live:
            return window
        try:
            return window.since(await self.backends.first_sample())
        except Refused:
            # Panels whose data is elsewhere are drawn all the same.
            return window

    async def ask(self, parts: Sequence[str], work: Callable[..., T]) -> T:
        """Run what asks parts itself in a thread.

        Args:
            parts: Their names.
            work: What is run, with an HTTP client for each, or None where it does not run.
        """

        def run() -> T:
            with ExitStack() as opened:
                return work(*(self._opened(part, opened) for part in parts))

        return await asyncio.to_thread(run)

    def _opened(self, part: str, opened: ExitStack) -> httpx.Client | None:
        if part not in self.running.parts:
            return None
        return opened.enter_context(clients.of_part(self.running, part, LONGEST))

    def require_operator(self) -> None:
        """Raises `Forbidden` for a reader."""
        if self.role is not Role.OPERATOR:
            raise Forbidden("a reader looks; to change something, open the address of botobs console")


Block = Callable[[], Awaitable[Markup]]


@dataclass(frozen=True)
class Page:
    """A page: a frame, and what follows as the backends answer.

    Attributes:
        title: Its heading.
        template: Of its frame.
        place: Which entry of the navigation it belongs to.
        context: Values of the template.
        blocks: By the name of the place that each fills.
        refresh: Seconds between two looks at a range that ends now; 0 for never.
        ranged: Whether it is about a range of time.
    """

    title: str
    template: str
    place: str
    context: Mapping[str, Any] = field(default_factory=dict)
    blocks: Mapping[str, Block] = field(default_factory=dict)
    refresh: int = REFRESH
    ranged: bool = True


@dataclass(frozen=True)
class Redirect:
    """Where to go on."""

    path: str


@dataclass(frozen=True)
class Fragment:
    """HTML that becomes part of the page that asked for it."""

    html: Awaitable[Markup]


Answer = Page | Redirect | Fragment


def address(path: str, **query: str) -> str:
    """An address within the console; what is empty is left out."""
    words = urlencode({name: value for name, value in query.items() if value})
    return f"{path}?{words}" if words else path
