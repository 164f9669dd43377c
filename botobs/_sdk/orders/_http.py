"""Sees the HTTP requests of an order: whether the first byte was written, and what was answered.

The libraries' hooks (`instrument.exchange.evidence`) report to the watcher in the context of the code that sends, and
to nobody where there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any, Protocol

from opentelemetry import context

from ..context import current
from ._evidence import LONGEST_TEXT

WATCHER = context.create_key("botobs-order-requests")


class HttpRequest:
    """One HTTP request, repetitions of the library below it included.

    Attributes:
        method: In upper case.
        path: Without its query, which may hold a signature.
        written: Bytes of it were handed to a connection.
        watched: It would be seen if they were: the transport is the library's own, and none that a user put below it.
        running: It has neither been answered nor failed: it may be written yet.
        status: HTTP status of the answer.
        answer: The beginning of the answer's body, as far as it was read.
        read: The answer's body was seen, even if it is empty.
        unread: Returns the answer's body as far as the library keeps it, where it was not read when its head came.
        error: What the library raised instead.
        repeated: The library has sent it again after it was written: what is answered is answered to the last one.
        writer: Who has written it last, where that is known.
        strayed: What is answered is the answer to a request of another method, to which the library was redirected.
    """

    __slots__ = (
        "answer",
        "error",
        "method",
        "path",
        "read",
        "repeated",
        "running",
        "status",
        "strayed",
        "unread",
        "watched",
        "writer",
        "written",
    )

    def __init__(self, method: str, path: str) -> None:
        self.method = method
        self.path = path
        self.written = False
        self.watched = True
        self.running = True
        self.status: int | None = None
        self.answer = ""
        self.read = False
        self.unread: Callable[[], object] | None = None
        self.error: BaseException | None = None
        self.repeated = False
        self.strayed = False
        self.writer: object = None

    def again(self) -> None:
        """It is about to be sent, perhaps once more: what became of it before stays open, but for a login's refusal."""
        self.repeated = self.repeated or (self.written and self.status not in _CHALLENGES)

    def writes(self) -> None:
        """Bytes of it are about to be handed to a connection, perhaps once more."""
        self.again()
        self.written = True
        self.status = self.unread = None

    def not_written(self) -> None:
        """The connection has refused its first bytes: no server has enough of them to act on."""
        # What was written before it was repeated stays so.
        self.written = self.repeated

    def looked_at(self, status: int, unread: Callable[[], object]) -> None:
        """An answer has come; the library may still send it again, or raise because of it."""
        self.status, self.unread = status, unread

    def answered(
        self,
        status: int | None,
        body: bytes | str | None,
        headers: Mapping[str, str] | None = None,  # noqa: ARG002 - for those who look at more than orders
    ) -> None:
        """It was answered; called again, without its headers, when more of the body is known."""
        self.running, self.writer = False, None
        self.status = status
        self.read = self.read or body is not None
        if isinstance(body, str):
            self.answer = body[:LONGEST_TEXT]
        elif body:
            self.answer = bytes(body[:LONGEST_TEXT]).decode("utf-8", "replace")

    def catch_up(self) -> None:
        """Take what has been read of the answer since its head came, as of one that is streamed."""
        content = None if self.read or self.unread is None else self.unread()
        if isinstance(content, bytes):
            # What was raised before was about the answer, and not about a part of it that is missing.
            self.error = None
            self.answered(self.status, content)

    def failed(self, error: BaseException) -> None:
        """It ended without an answer."""
        self.running, self.writer = False, None
        self.error = error


class Watcher(Protocol):
    """Who wants to see the requests that are sent in a context."""

    def request(self, method: str, url: str, body: Any = None) -> HttpRequest | None:
        """A request is about to be sent, with a body where it is at hand; None where it is of no interest."""


#: Statuses that ask for a login, of a server or a proxy, before a request is looked at (RFC 9110): a login by digest
#: is sent the same request again.
_CHALLENGES = frozenset({401, 407})

#: The HTTP libraries whose requests are seen.
seen_libraries: set[str] = set()

#: The request that the running code is sending. A variable of its own: it is asked for each time that bytes are sent.
sending: ContextVar[HttpRequest | None] = ContextVar("botobs-order-request", default=None)


def begin_request(method: object, url: object, body: object = None) -> HttpRequest | None:
    """What to report a request to that the running code is about to send.

    None where nobody watches, and where the request is sent by a library on behalf of another that is watched too.
    """
    watcher: Any = current().get(WATCHER)
    if watcher is None or sending.get() is not None:
        return None
    return watcher.request(str(method).upper(), str(url), body)  # type: ignore[no-any-return]
