"""Puts together what several requests of one call say about the order that it submits."""

from __future__ import annotations

from collections.abc import Callable

from ._answer import answer_outcome
from ._classifiers import Outcome
from ._decide import submit_outcome
from ._http import HttpRequest
from ._paths import is_order, may_submit
from ._requests import requests_outcome, worse

#: Requests beside the client's own way that are remembered.
_MOST_BESIDE = 16


class Attempts:
    """The requests of one call that submits an order. Requests for anything else never decide.

    Args:
        exchange: As it is called in `exchange.name`.
        listed: Returns whether the client's own table of the exchange has a code.
        sees: Returns whether each request that the client sends is reported here: only then none means that nothing was
            sent. A user's own class may send in a way of its own.
        raw: The call returns the response as it came.

    Attributes:
        over_socket: Something was sent over a WebSocket, where responses are not matched with requests.
    """

    __slots__ = (
        "_answer",
        "_answered",
        "_beside",
        "_exchange",
        "_failed_last",
        "_listed",
        "_open",
        "_raw",
        "_sees",
        "_status",
        "_worst",
        "over_socket",
    )

    def __init__(
        self,
        exchange: str,
        listed: Callable[[str], bool] | None = None,
        sees: Callable[[], bool] | None = None,
        *,
        raw: bool = False,
    ) -> None:
        self._exchange = exchange
        self._listed = listed
        self._sees = sees
        self._open: list[bool] = []
        self._raw = raw
        self._beside: list[HttpRequest] = []
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
        before: Outcome | None = None,
    ) -> None:
        """One of the order's own requests ended.

        Args:
            error: What it raised, if it did not end well.
            status: HTTP status of its response, if there was one.
            answer: The beginning of its response.
            written: Whether bytes of it reached a connection; None where that was not seen.
            before: What became of it the times before, where whatever is below the client has sent it again.
        """
        self._worst = worse(self._worst, before)
        self._open.append(before == "unknown")
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
            self._open[-1] = self._open[-1] or outcome == "unknown"

    def aside(self, error: BaseException | None) -> None:
        """A request for something else ended."""
        self._failed_last = error is not None

    def beside(self, method: str, path: str) -> HttpRequest | None:
        """The HTTP library sends a request that the client does not send in its own way; None for none of interest."""
        if not may_submit(method, path) or len(self._beside) >= _MOST_BESIDE:
            return None
        request = HttpRequest(method, path)
        self._beside.append(request)
        return request

    def outcome(self, error: BaseException) -> Outcome:
        """What became of the order, when the call raised `error`: as little certain as its least certain request."""
        return worse(self._own_outcome(error), self._outcome_beside()) or "unknown"

    def _own_outcome(self, error: BaseException) -> Outcome | None:
        if not self._answered and not self.over_socket:
            # What is raised between requests, or before the first, says nothing about those that were sent.
            if self._worst is not None or self._beside:
                return self._worst
            if self._sees is None or self._sees():
                return "failed"
            return submit_outcome(error, True, exchange=self._exchange, listed=self._listed)
        if self._answered and self._failed_last:
            # A request that went well may have been the order; what failed after it is not its response.
            return "unknown"
        own = submit_outcome(
            error, True, self._status, exchange=self._exchange, answer=self._answer, listed=self._listed
        )
        # Something was sent, whatever else did not connect.
        return worse(self._worst, "unknown" if own == "failed" else own)

    def _outcome_beside(self) -> Outcome | None:
        """What requests say that a user's own code has sent within the call, such as in a `fetch` of its own."""
        orders = [request for request in self._beside if is_order(request.path)]
        own = self._answered or self.over_socket or self._worst is not None
        return requests_outcome(orders if own else orders or self._beside, self._exchange)

    def returned(self) -> Outcome | None:
        """The outcome by the responses of a call that returned; None where only its result says it."""
        beside = self._outcome_beside()
        if self._raw and self._answered:
            return worse(beside, answer_outcome(self._exchange, self._status, self._answer or None))
        return beside

    def left_open(self) -> list[bool]:
        """Of each request whether it may have been taken, and what it was answered does not say it."""
        return self._open
