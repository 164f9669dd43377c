"""What is seen of an order while a block of the user's code submits it, whichever client it uses."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Sequence
from urllib.parse import urlsplit

from opentelemetry import context

from ._attempts import worse
from ._classifiers import Outcome
from ._decide import submit_outcome
from ._http import WATCHER, HttpRequest
from ._requests import requests_outcome
from .journal import Entry
from .unsettled import UnsettledOrder

_WITNESS = context.create_key("botobs-order-witness")

#: Requests that are remembered; a block that sends one order sends few.
_MOST_REQUESTS = 64
#: Methods with which no exchange takes an order. Cancellations are asked for by DELETE, or by a path that says so.
_ASIDE_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "TRACE"})
_ORDER_PATH = re.compile(r"order|oco|exchange$", re.IGNORECASE)
_ASIDE_PATH = re.compile(
    r"cancel(?!.?replace)|query|open_?-?orders|closed_?-?orders|orders?_?-?(info|history|status|test)|(^|/)(info|login|auth)",
    re.IGNORECASE,
)


class Witness:
    """Sees the requests that are sent while it is in the context, and hears from watched clients what came of theirs.

    A watched client decides by itself, and its requests are not seen here.

    Attributes:
        outcome: Of all submissions of watched clients together; an accepted one settles what was open before.
        entry: The order in the journal, if it is written down.
        doubts: Orders of unknown outcome, for whoever ends the block to pass on.
        accepted: Client order ids of those that were accepted, where they are asked for.
        waiting: How many submissions are written whose answers come after their calls, over a WebSocket.
    """

    __slots__ = (
        "_closed",
        "_error",
        "_later",
        "_lock",
        "_requests",
        "accepted",
        "doubts",
        "entry",
        "outcome",
        "waiting",
    )

    def __init__(self, entry: Entry | None = None) -> None:
        self.entry = entry
        self.outcome: Outcome | None = None
        self._error: BaseException | None = None
        self._closed = False
        self._requests: list[HttpRequest] = []
        self.doubts: list[UnsettledOrder] = []
        self.accepted: set[str] = set()
        self.waiting = 0
        self._lock = threading.Lock()
        self._later: Callable[[], None] | None = None

    def within(self, entered: context.Context) -> context.Context:
        """`entered` with this witness in it."""
        return context.set_value(WATCHER, self, context.set_value(_WITNESS, self, entered))

    def tell(
        self,
        outcome: Outcome,
        error: BaseException | None,
        doubts: Sequence[UnsettledOrder] = (),
        accepted: Iterable[str] = (),
    ) -> bool:
        """A watched client's submission ended, and how.

        Args:
            outcome: Of all its orders together.
            error: What it raised.
            doubts: Those of unknown outcome.
            accepted: The client order ids of those that were accepted, where they are known.

        Returns:
            Whether the doubts are passed on from here.
        """
        if self._closed or len(self.doubts) + len(doubts) > _MOST_REQUESTS:
            return False
        self.doubts += doubts
        self.accepted |= {each for each in accepted if each}
        self._error = error
        if outcome in ("accepted", "unknown") or self.outcome in (None, "failed"):
            self.outcome = outcome
        return True

    def await_answer(self) -> None:
        """A submission is written whose answer comes after its call."""
        with self._lock:
            self.waiting += 1

    def answered(self) -> None:
        """The outcome of a submission that was waited for is known."""
        with self._lock:
            self.waiting -= 1
            later, self._later = (None, self._later) if self.waiting else (self._later, None)
        if later is not None:
            later()
            self.close()

    def when_answered(self, action: Callable[[], None]) -> bool:
        """Call `action` when the outcomes of all submissions are known; False where none is waited for.

        It is called once, perhaps in another thread; what it reads here is kept until then.
        """
        with self._lock:
            self._later = action if self.waiting else None
            return self._later is not None

    def request(self, method: str, url: str) -> HttpRequest | None:
        """A request of a client that is not watched is about to be sent."""
        if self._closed or method in _ASIDE_METHODS or len(self._requests) >= _MOST_REQUESTS:
            return None
        request = HttpRequest(method, urlsplit(url).path)
        self._requests.append(request)
        return request

    def raised(self, error: BaseException, exchange: str) -> Outcome:
        """What became of an order when the block that submitted it raised `error`."""
        if self.outcome is not None and (error is self._error or error.__cause__ is self._error is not None):
            return self.outcome
        if self.waiting:
            # What was written may be answered yet, and settles the order then.
            return worse(self.outcome, "unknown") or "unknown"
        seen = self._seen(exchange)
        if seen is not None or self.outcome == "accepted":
            return worse(self.outcome, seen) or "unknown"
        return worse(self.outcome, submit_outcome(error, exchange=exchange)) or "unknown"

    def returned(self, exchange: str) -> Outcome:
        """What became of an order when the block that submitted it came to its end.

        A client may return a refusal, and the block may have caught what was raised.
        """
        seen = self._seen(exchange)
        return worse(self.outcome, seen) or "accepted"

    def close(self) -> None:
        """Drop what was seen. Later reports from this context are ignored, but for responses that are waited for."""
        if self._later is not None:
            return
        self._closed = True
        self._error = None
        self.doubts = []
        self._requests = []

    def _seen(self, exchange: str) -> Outcome | None:
        """What the requests say together; None where there were none."""
        wanted = [request for request in self._requests if not _ASIDE_PATH.search(request.path)]
        own = [request for request in wanted if _ORDER_PATH.search(request.path)] or wanted
        return requests_outcome(own, exchange)


def current_witness() -> Witness | None:
    """The witness of the running code's context."""
    found = context.get_value(_WITNESS)
    return found if isinstance(found, Witness) else None
