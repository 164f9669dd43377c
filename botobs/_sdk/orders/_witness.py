"""What is seen of an order while a block of the user's code submits it, whichever client it uses."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from urllib.parse import urlsplit

from opentelemetry import context

from ..context import current
from ._answer import is_mixed
from ._classifiers import Outcome
from ._decide import submit_outcome
from ._evidence import causes, request_of, unanswered
from ._http import WATCHER, HttpRequest
from ._paths import is_about_orders, is_order, is_trial, may_submit, purpose
from ._requests import request_outcome, requests_outcome, worse
from .journal import Entry
from .unsettled import UnsettledOrder

_WITNESS = context.create_key("botobs-order-witness")

#: Requests that are remembered; a block that sends one order sends few.
_MOST_REQUESTS = 64
_MOST_ERRORS = 16

Late = Callable[[Outcome, BaseException | None, Sequence[UnsettledOrder]], None]


class _Aside(HttpRequest):
    """A request that is certainly none of the order's: what it ends with says nothing about that."""

    __slots__ = ("_witness",)

    def __init__(self, method: str, path: str, witness: Witness) -> None:
        super().__init__(method, path)
        self._witness = witness

    def answered(
        self, status: int | None, body: bytes | str | None, headers: Mapping[str, str] | None = None
    ) -> None:
        """It was answered: what is raised because of that answer is none of the order's."""
        super().answered(status, body, headers)
        if self._says_nothing():
            self._witness.answered_aside(self.method, self.path, status or 0)

    def failed(self, error: BaseException) -> None:
        """It ended without an answer."""
        super().failed(error)
        if self._says_nothing():
            self._witness.aside(error)

    def _says_nothing(self) -> bool:
        return is_trial(self.path) or not is_about_orders(self.path)


class _Late(HttpRequest):
    """The first request that may carry the order, sent after the block has ended without one."""

    __slots__ = ("_exchange", "_witness")

    def __init__(self, method: str, path: str, witness: Witness, exchange: str) -> None:
        super().__init__(method, path)
        self._witness, self._exchange = witness, exchange

    def answered(
        self, status: int | None, body: bytes | str | None, headers: Mapping[str, str] | None = None
    ) -> None:
        """It was answered; what its body says is waited for."""
        super().answered(status, body, headers)
        if self.read:
            self._witness.tell_late(request_outcome(self, self._exchange), None)

    def failed(self, error: BaseException) -> None:
        """It ended without an answer."""
        super().failed(error)
        self._witness.tell_late(request_outcome(self, self._exchange), error)


class Witness:
    """Sees the requests that are sent while it is in the context, and hears from watched clients what came of theirs.

    A watched client decides by itself, and its requests are not seen here.

    Attributes:
        outcome: Of all submissions of watched clients together; an accepted one settles what was open before.
        entry: The order in the journal, if it is written down.
        client_order_id: That of the order, as it was given; several may be sent in one request.
        doubts: Orders of unknown outcome, for whoever ends the block to pass on.
        accepted: Client order ids of those that were accepted, where they are asked for.
        waiting: How many submissions of watched clients have begun and not been reported: their calls run in tasks or
            threads of their own, or are answered later over a WebSocket.
        trial: An order was only checked by the exchange.
        unseen: Something was sent over a WebSocket, where nobody tells the answers to it.
        refused: That check was answered with a refusal.
        late: Called once with what becomes of the order, what was raised and the orders of unknown outcome, where the
            block has ended before anything was sent: in a task that it has only created, for instance.
    """

    __slots__ = (
        "_answers",
        "_asides",
        "_blind",
        "_closed",
        "_error",
        "_later",
        "_lock",
        "_overlooked",
        "_requests",
        "accepted",
        "client_order_id",
        "doubts",
        "entry",
        "late",
        "outcome",
        "refused",
        "trial",
        "unseen",
        "waiting",
    )

    def __init__(self, entry: Entry | None = None, client_order_id: str = "") -> None:
        self.entry = entry
        self.client_order_id = client_order_id
        self.outcome: Outcome | None = None
        self._error: BaseException | None = None
        self._closed = False
        self._requests: list[HttpRequest] = []
        self._overlooked = self.unseen = False
        # Most blocks see none; both are made for the first one.
        self._asides: deque[BaseException] | None = None
        self._answers: deque[tuple[str, str]] | None = None
        self.doubts: list[UnsettledOrder] = []
        self.accepted: set[str] = set()
        self.waiting = 0
        self.trial = self.refused = False
        self._lock = threading.Lock()
        self._later: Callable[[], None] | None = None
        self._blind = ""
        self.late: Late | None = None

    def join(self, entered: dict[str, object]) -> dict[str, object]:
        """Add this witness to a context that nobody has entered yet."""
        entered[WATCHER] = entered[_WITNESS] = self
        return entered

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
        if self._closed:
            return self.tell_late(outcome, error, doubts)
        if len(self.doubts) + len(doubts) > _MOST_REQUESTS:
            return False
        self.doubts += doubts
        self.accepted |= {each for each in accepted if each}
        self._error = error
        if outcome in ("accepted", "unknown") or self.outcome in (None, "failed"):
            self.outcome = outcome
        if self.outcome == "accepted" and self._own_is_open():
            self.outcome = "unknown"
        return True

    def _own_is_open(self) -> bool:
        """Whether the block's own order is of unknown outcome, whatever became of others that the block has sent."""
        own = self.client_order_id
        return own not in self.accepted and any(own and doubt.client_order_id == own for doubt in self.doubts)

    def tell_late(
        self, outcome: Outcome, error: BaseException | None, doubts: Sequence[UnsettledOrder] = ()
    ) -> bool:
        """A submission ended that had not begun when the block did; whether it is passed on from here."""
        late, self.late = self.late, None
        if late is None:
            return False
        late(outcome, error, doubts)
        return True

    def await_answer(self) -> None:
        """A submission has begun."""
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
        if not self.waiting:
            return False
        with self._lock:
            self._later = action if self.waiting else None
            return self._later is not None

    def request(self, method: str, url: str, body: object = None) -> HttpRequest | None:  # noqa: ARG002 - a Watcher
        """A request of a client that is not watched is about to be sent."""
        path = urlsplit(url).path
        if self._closed:
            wanted = self.late is not None and purpose(method, path) is not None
            return _Late(method, path, self, self._blind) if wanted else None
        request = HttpRequest(method, path)
        if not self.wants(request):
            return _Aside(method, path, self)
        self.see(request)
        return request

    def wants(self, request: HttpRequest) -> bool:
        """Whether a request may be one that submits an order, by its method and path."""
        path = request.path
        self.trial = self.trial or is_trial(path)
        return may_submit(request.method, path) and not self._closed

    def see(self, request: HttpRequest) -> None:
        """A request that may carry the order is about to be sent."""
        if len(self._requests) < _MOST_REQUESTS:
            self._requests.append(request)
        else:
            self._overlooked = True

    def aside(self, error: BaseException) -> None:
        """A request or a watched client's call that has nothing to do with the order raised `error`."""
        if self._asides is None:
            self._asides = deque(maxlen=_MOST_ERRORS)
        self._asides.append(error)

    def answered_aside(self, method: str, path: str, status: int) -> None:
        """A request that has nothing to do with the order was answered, perhaps that of a trial."""
        if self._answers is None:
            self._answers = deque(maxlen=_MOST_REQUESTS)
        self._answers.append((method, path))
        self.refused = self.refused or (is_trial(path) and status >= 400)

    def sent_unseen(self) -> None:
        """Something is about to be sent over a WebSocket; see `unseen`."""
        self.unseen = True

    def tried(self, error: BaseException | None) -> None:
        """A watched client has had an order checked, and that raised `error`."""
        self.trial = True
        if error is not None:
            self.aside(error)

    def raised(self, error: BaseException, exchange: str) -> Outcome:
        """What became of an order when the block that submitted it raised `error`."""
        if self.waiting:
            # What was written may be answered yet, and settles the order then.
            return worse(self.outcome, "unknown") or "unknown"
        if unanswered(error):
            self._break_off(error)
        seen = self._seen(exchange)
        if self.unseen:
            return worse(worse(self.outcome, seen), "unknown") or "unknown"
        own = self._is_about(error) or (self.outcome is not None and _is_plain(error))
        if seen is not None or self.outcome == "accepted" or own:
            return worse(self.outcome, seen) or "unknown"
        if self._is_of_aside(error):
            return self.outcome or "failed"
        return worse(self.outcome, submit_outcome(error, exchange=exchange)) or "unknown"

    def _break_off(self, error: BaseException) -> None:
        """Of an answer that was still being read, as one that is streamed, a part is missing."""
        for request in self._requests:
            request.catch_up()
            if request.status is not None and not request.read and request.error is None:
                request.failed(error)

    def _is_of_aside(self, error: BaseException) -> bool:
        """Whether `error` was raised by a request that has nothing to do with the order, or because of its answer."""
        if any(cause is aside for cause in causes(error) for aside in self._asides or ()):
            return True
        request = request_of(error)
        if request is not None:
            return request in (self._answers or ())
        # After a refused check the user's own exception is about that, unless something was sent that is not seen.
        return self.refused and not unanswered(error)

    def _is_about(self, error: BaseException) -> bool:
        """Whether `error` is what a watched client raised, or what the user's own code made of it.

        What is raised in its handler by a transport is of another way to the exchange that was tried.
        """
        raised = self._error
        if raised is None:
            return False
        own = not isinstance(error, OSError) and error.__context__ is raised
        return error is raised or error.__cause__ is raised or own

    def returned(self, exchange: str) -> Outcome:
        """What became of an order when the block that submitted it came to its end.

        A client may return a refusal, and the block may have caught what was raised.
        """
        known = worse(self.outcome, self._seen(exchange))
        if known is None:
            self._blind = exchange
            return "failed" if self.trial and not self.unseen else "accepted"
        return worse(known, "unknown") or "unknown" if self.unseen else known

    @property
    def blind(self) -> bool:
        """Whether the block has ended well, and nothing was seen."""
        return bool(self._blind) and not self.trial and not self.unseen

    def close(self) -> None:
        """Drop what was seen. Later reports from this context are ignored, but for responses that are waited for."""
        if self._later is not None:
            return
        self._closed = True
        self._error = None
        self.doubts = []
        self._requests = []
        self._asides = self._answers = None

    def _seen(self, exchange: str) -> Outcome | None:
        """What the requests say together; None where there were none."""
        if not self._requests:
            return None
        own = [request for request in self._requests if is_order(request.path)] or self._requests
        seen = requests_outcome(own, exchange)
        # Of several orders in one request, another may be the block's.
        mixed = seen == "rejected" and any(is_mixed(exchange, request.answer) for request in own)
        return worse(seen, "unknown") if self._overlooked or mixed else seen


def _is_plain(error: BaseException) -> bool:
    """Whether it is what the user's own code raises by itself, such as after its last attempt; no library's class."""
    alone = error.__cause__ is None and error.__context__ is None
    return alone and type(error).__module__ == "builtins" and not isinstance(error, OSError)


#: The blocks that are open, by exchange and client order id.
_OPEN: dict[tuple[str, str], Witness] = {}
if hasattr(os, "register_at_fork"):
    # The blocks of other threads go on in the parent alone.
    os.register_at_fork(after_in_child=_OPEN.clear)


def open_block(key: tuple[str, str], witness: Witness) -> None:
    """A block begins that sends the order with this exchange and client order id, until `close_block`."""
    _OPEN[key] = witness


def close_block(key: tuple[str, str], witness: Witness) -> None:
    """A block has ended."""
    if _OPEN.get(key) is witness:
        _OPEN.pop(key, None)


def current_witness() -> Witness | None:
    """The witness of the running code's context."""
    found = current().get(_WITNESS)
    return found if isinstance(found, Witness) else None


def witness_of(exchange: str, client_order_id: str) -> Witness | None:
    """The witness of the block that is open for an order, wherever it runs.

    A block may hand its order to a worker, a thread or a task that was there before, and waits for what comes of it.
    """
    return _OPEN.get((exchange, client_order_id)) if client_order_id else None
