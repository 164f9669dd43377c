"""Puts together what several requests, and several submissions, say about one order."""

from __future__ import annotations

from typing import Literal

from opentelemetry import context

from ._decide import Outcome, submit_outcome

_WITNESS = context.create_key("botobs-order-witness")
_RANK: dict[Outcome, int] = {"failed": 0, "rejected": 1, "unknown": 2}


def worse(one: Outcome | None, other: Outcome | None) -> Outcome | None:
    """The less certain of two outcomes."""
    if one is None or other is None:
        return one or other
    return max(one, other, key=_RANK.__getitem__)


class Attempts:
    """The requests of one call that submits an order. Requests for anything else never decide.

    Attributes:
        over_socket: Something was sent over a WebSocket, where requests and answers are not told apart.
    """

    __slots__ = ("_answer", "_answered", "_exchange", "_failed_last", "_status", "_worst", "over_socket")

    def __init__(self, exchange: str) -> None:
        self._exchange = exchange
        self._worst: Outcome | None = None
        self._answered = False
        self._failed_last = False
        self._status: int | None = None
        self._answer = ""
        self.over_socket = False

    def ended(self, error: BaseException | None, status: int | None, answer: str) -> None:
        """One of the order's own requests ended.

        Args:
            error: What it raised, if it did not end well.
            status: HTTP status of its answer, if there was one.
            answer: The beginning of its answer.
        """
        self._failed_last = error is not None
        self._status, self._answer = status, answer
        if error is None:
            self._answered = True
        else:
            outcome = submit_outcome(error, True, status, exchange=self._exchange, answer=answer)
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
            # A request that went well may have been the order; what failed after it is not its answer.
            return "unknown"
        own = submit_outcome(error, True, self._status, exchange=self._exchange, answer=self._answer)
        # Something was sent, whatever else did not connect.
        return worse(self._worst, "unknown" if own == "failed" else own) or "unknown"


class Witness:
    """Hears from watched clients what became of the orders that they submit while it is in the context.

    Attributes:
        outcome: Of all submissions together; an accepted one settles what was open before.
    """

    __slots__ = ("_closed", "_error", "outcome")

    def __init__(self) -> None:
        self.outcome: Literal["accepted"] | Outcome | None = None
        self._error: BaseException | None = None
        self._closed = False

    def within(self, entered: context.Context) -> context.Context:
        """`entered` with this witness in it."""
        return context.set_value(_WITNESS, self, entered)

    def tell(self, outcome: Literal["accepted"] | Outcome, error: BaseException | None) -> None:
        """A submission ended, and how."""
        if self._closed:
            return
        self._error = error
        if outcome in ("accepted", "unknown") or self.outcome in (None, "failed"):
            self.outcome = outcome

    def verdict(self, error: BaseException, exchange: str) -> Literal["accepted"] | Outcome:
        """What became of an order when the block that submitted it raised `error`."""
        if self.outcome is not None and (error is self._error or error.__cause__ is self._error is not None):
            return self.outcome
        if self.outcome == "accepted":
            return "accepted"
        own = submit_outcome(error, exchange=exchange)
        return worse(self.outcome, own) or own

    def close(self) -> None:
        """Let go of the exception; whoever still has the context tells nothing any more."""
        self._closed = True
        self._error = None


def current_witness() -> Witness | None:
    """The witness of the running code's context."""
    found = context.get_value(_WITNESS)
    return found if isinstance(found, Witness) else None
