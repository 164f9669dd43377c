"""What the requests of a call say about its orders, where the HTTP library itself was seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from ._answer import answer_outcome
from ._classifiers import Answer, Outcome, classified
from ._decide import submit_outcome
from ._evidence import decided_by_body, never_connected, unanswered
from ._http import HttpRequest

#: An accepted order settles what was open before.
_RANK: dict[Outcome, int] = {"failed": 0, "rejected": 1, "unknown": 2, "accepted": 3}


def worse(one: Outcome | None, other: Outcome | None) -> Outcome | None:
    """Of two outcomes the one that counts for both: the less certain one, but for an acceptance."""
    if one is None or other is None:
        return one or other
    return max(one, other, key=_RANK.__getitem__)


def request_outcome(request: HttpRequest, exchange: str) -> Outcome:
    """What became of the order that one request carried, repetitions by the HTTP library included."""
    request.catch_up()
    outcome = _last_outcome(request, exchange)
    if request.strayed and outcome == "accepted":
        # That another page was there says nothing of the order.
        outcome = "unknown"
    return worse("unknown", outcome) or "unknown" if request.repeated else outcome


def _last_outcome(request: HttpRequest, exchange: str) -> Outcome:
    if request.running:
        # Whoever asks has not waited for it: it goes on in a task or thread of its own, and may be written yet.
        return "unknown"
    unwritten = not request.written and request.status is None
    if unwritten and (request.watched or (request.error is not None and never_connected(request.error))):
        # Cancelled or timed out while it waited for a connection, or refused one.
        return "failed"
    said = classified(Answer(exchange, request.error, None, request.status, request.answer))
    if said is not None:
        return said
    if request.status is None or request.error is not None:
        # Of the answer, if there was one, only a part was read.
        return "unknown"
    if not request.read and decided_by_body(request.status):
        # Nobody has read why, and the reason may leave the order open.
        return "unknown"
    return answer_outcome(exchange, request.status, request.answer if request.read else None)


def requests_outcome(requests: Iterable[HttpRequest], exchange: str) -> Outcome | None:
    """What several requests say together; None where there were none."""
    together: Outcome | None = None
    for request in requests:
        together = worse(together, request_outcome(request, exchange))
    return together


class Evidence(Protocol):
    """What is known of a call that submits orders."""

    def outcome(self, error: BaseException) -> Outcome:
        """What became of the orders when the call raised `error`."""

    def returned(self) -> Outcome | None:
        """The outcome by the responses of a call that returned; None where only its result says it."""

    def left_open(self) -> list[bool]:
        """Of each request that may have carried the order, in their sequence: whether it may have been taken, and what
        it was answered does not say it."""


class OrderRequests:
    """The requests of one call of a client whose HTTP library is watched.

    Args:
        exchange: As it is called in `exchange.name`.
        sees: Returns whether each request would be seen: only then none means that nothing was sent.

    Attributes:
        exchange: As given.
        requests: Those that may carry the orders.
    """

    __slots__ = ("_sees", "exchange", "requests")

    def __init__(self, exchange: str, sees: Callable[[], bool]) -> None:
        self.exchange = exchange
        self._sees = sees
        self.requests: list[HttpRequest] = []

    def outcome(self, error: BaseException) -> Outcome:
        """What became of the orders when the call raised: an answer says more than what a client makes of it."""
        seen = requests_outcome(self.requests, self.exchange)
        if seen is not None:
            return seen
        if self._sees() and (never_connected(error) or not unanswered(error)):
            return "failed"
        # A failure of a transport of which nothing was seen is of one that a user has put into the client.
        return submit_outcome(error, exchange=self.exchange)

    def returned(self) -> Outcome | None:
        """What the answers say when the call came back: some clients return a refusal."""
        return requests_outcome(self.requests, self.exchange)

    def left_open(self) -> list[bool]:
        """Of each request whether it may have been taken, and what it was answered does not say it."""
        return [
            request.repeated or request_outcome(request, self.exchange) == "unknown"
            for request in self.requests
        ]
