"""Puts together what several requests of one call say about the order that it submits."""

from __future__ import annotations

from collections.abc import Callable

from ._classifiers import Outcome
from ._decide import submit_outcome

#: An accepted order settles what was open before.
_RANK: dict[Outcome, int] = {"failed": 0, "rejected": 1, "unknown": 2, "accepted": 3}


def worse(one: Outcome | None, other: Outcome | None) -> Outcome | None:
    """Of two outcomes the one that counts for both: the less certain one, but for an acceptance."""
    if one is None or other is None:
        return one or other
    return max(one, other, key=_RANK.__getitem__)


class Attempts:
    """The requests of one call that submits an order. Requests for anything else never decide.

    Args:
        exchange: As it is called in `exchange.name`.
        listed: Returns whether the client's own table of the exchange has a code.

    Attributes:
        over_socket: Something was sent over a WebSocket, where responses are not matched with requests.
    """

    __slots__ = (
        "_answer",
        "_answered",
        "_exchange",
        "_failed_last",
        "_listed",
        "_status",
        "_worst",
        "over_socket",
    )

    def __init__(self, exchange: str, listed: Callable[[str], bool] | None = None) -> None:
        self._exchange = exchange
        self._listed = listed
        self._worst: Outcome | None = None
        self._answered = False
        self._failed_last = False
        self._status: int | None = None
        self._answer = ""
        self.over_socket = False

    def ended(
        self,
        error: BaseException | None,
        status: int | None,
        answer: str,
        written: bool | None = None,
        repeated: bool = False,
    ) -> None:
        """One of the order's own requests ended.

        Args:
            error: What it raised, if it did not end well.
            status: HTTP status of its response, if there was one.
            answer: The beginning of its response.
            written: Whether bytes of it reached a connection; None where that was not seen.
            repeated: The HTTP library has sent it again after it was written.
        """
        if repeated:
            self._worst = worse(self._worst, "unknown")
        self._failed_last = error is not None
        self._status, self._answer = status, answer
        if error is None:
            self._answered = True
        else:
            outcome = submit_outcome(
                error,
                True,
                status,
                exchange=self._exchange,
                answer=answer,
                written=written,
                listed=self._listed,
            )
            self._worst = worse(self._worst, outcome)

    def aside(self, error: BaseException | None) -> None:
        """A request for something else ended."""
        self._failed_last = error is not None

    def outcome(self, error: BaseException) -> Outcome:
        """What became of the order, when the call raised `error`: as little certain as its least certain request."""
        if not self._answered and not self.over_socket:
            # What is raised between requests, or before the first, says nothing about those that were sent.
            return self._worst or "failed"
        if self._answered and self._failed_last:
            # A request that went well may have been the order; what failed after it is not its response.
            return "unknown"
        own = submit_outcome(
            error, True, self._status, exchange=self._exchange, answer=self._answer, listed=self._listed
        )
        # Something was sent, whatever else did not connect.
        return worse(self._worst, "unknown" if own == "failed" else own) or "unknown"

    def returned(self) -> Outcome | None:
        """The outcome by the responses of a call that returned: None, since the result says it."""
        return None
