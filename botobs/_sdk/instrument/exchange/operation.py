"""One call of an exchange client: its span, and what is recorded about it."""

from __future__ import annotations

import functools
import re
import time
import weakref
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from opentelemetry import context
from opentelemetry.instrumentation.utils import is_instrumentation_enabled
from opentelemetry.trace import SpanKind, Status, StatusCode

from ....semconv import exchange as semconv
from ... import orders
from ...context import SPAN_KEY
from ...context import current as current_context
from ...delays import record_delays
from ...orders.known import KNOWN
from ...patching.guard import never_raise
from . import client_code, errors, reconciling
from .client_names import instrumentation_of
from .journal_entries import JournalEntries
from .names import CANCELS, EDITS, IMPLICIT, ORDER_QUERIES, SUBMITS
from .order_details import order_ids
from .scope import ContextScope
from .series_attributes import of_operation, of_spender
from .settling import settle_from_call
from .spending import account_of
from .submission import Submission
from .telemetry import ExchangeTelemetry

_OPERATION = context.create_key("botobs-exchange-operation")
#: What a call that submits an order does besides.
ASIDE = context.create_key("botobs-exchange-aside")
_NUMBER = re.compile(r"-?\d{1,8}")
#: Calls by which somebody may want to find out about an order that was sent in a way that is not watched.
_ABOUT_ORDERS = re.compile(r"order(?!_book)|my_trades|position")


def current() -> Operation | None:
    """The call that the running code belongs to, if it has not ended."""
    found = current_context().get(_OPERATION)
    return found if isinstance(found, Operation) and not found.done else None


def library(scope: Any, *_: Any) -> str:
    """The instrumentation that a mistake in a call or request is counted under."""
    return instrumentation_of(scope.who[1])


class Operation(ContextScope):
    """A unified call, or a call of an endpoint.

    Attributes:
        who: Exchange and client.
        name: The unified method.
        cause: What the HTTP library raised in the last request, if there was no response.
        status: HTTP status of the last response.
        answer: The beginning of the last response's body.
        answered_at: When the last request was sent and when its response came, in seconds since the epoch.
        done: The call has returned; what its background tasks do is not part of it.
    """

    __slots__ = (
        "_client",
        "_exchanges",
        "_journal",
        "_order",
        "_speaks",
        "_started",
        "_submission",
        "_transport",
        "_waited",
        "account",
        "answer",
        "answered_at",
        "cause",
        "done",
        "name",
        "owner",
        "requests",
        "span",
        "status",
        "template",
        "who",
    )

    def __init__(
        self,
        exchanges: ExchangeTelemetry,
        owner: Any,
        who: tuple[str, str],
        name: str,
        order: dict[str, Any],
        batch: list[Mapping[str, Any]] | None = None,
        key: Any = None,
        evidence: orders.Evidence | None = None,
        secret: Any = None,
        raw: bool = False,
    ) -> None:
        self._exchanges = exchanges
        self.name = name
        self._order = order
        self._transport: errors.Transport = "ws" if name.endswith("_ws") else "rest"
        self._waited = 0.0
        self.owner = id(owner)
        # Weakly: what a call has started may outlive the client, and has the call in its context.
        self._client: Callable[[], Any] = weakref.ref(owner)
        self.who = who = reconciling.marked(who)
        # What its responses say of a failure, where the client's exceptions are not ccxt's.
        self._speaks = who[0] if evidence is not None else ""
        self.status: int | None = None
        self.answer = ""
        self.cause: BaseException | None = None
        self.requests = 0
        self.answered_at = (0.0, 0.0)
        self.template = ""
        self.done = False
        self._submission: Submission | None = None
        if name in SUBMITS or name in EDITS:
            evidence = evidence or orders.Attempts(
                who[0],
                functools.partial(client_code.is_listed, self._client),
                functools.partial(client_code.sends_as_written, self._client),
                raw=raw,
            )
            KNOWN.account(who[0], key)
            self._submission = Submission(exchanges.orders, who, name, order, batch, evidence)
        self.account = account_of(key, secret)
        attributes = {semconv.NAME: who[0], semconv.CLIENT: who[1], semconv.OPERATION: name, **order}
        if self.account:
            attributes[semconv.ACCOUNT] = self.account
        self.span = exchanges.tracer.start_span(
            f"{name} {who[0]}", kind=SpanKind.CLIENT, attributes=attributes
        )
        self._journal: JournalEntries | None = None
        if self._submission is not None:
            self._journal = JournalEntries(who, name, self.span, order, batch, exchanges.values)
        entered = {**current_context(), SPAN_KEY: self.span, _OPERATION: self}
        if self.attempts is not None:
            # For what is sent in another way than by the client's own requests.
            entered[orders.WATCHER] = self
        super().__init__(entered)
        if self._submission is not None:
            self._submission.begun()
        self._started = time.monotonic()

    @property
    def attempts(self) -> orders.Attempts | None:
        """Where orders are submitted through a client whose requests report here, what they say about them."""
        evidence = None if self._submission is None else self._submission.evidence
        return evidence if isinstance(evidence, orders.Attempts) else None

    @property
    def submits(self) -> bool:
        """Whether it submits orders."""
        return self._submission is not None

    @property
    def sent_ids(self) -> list[str]:
        """The client order ids under which it has sent its one order; empty where it submits several, or none."""
        return [] if self._submission is None else self._submission.sent_ids

    def replaces(self) -> None:
        """The call submits another order in the place of the one that it edits."""
        if self._submission is not None:
            self._submission.replaces = True

    def writes(self, sent: Any) -> None:
        """A request of this call that may be the order's is about to be written; see `JournalEntries.requested`."""
        if self._journal is not None and self._submission is not None:
            self._submission.sent_as.append(self._journal.requested(sent) or "")

    def request(self, method: str, url: str, body: Any = None) -> orders.HttpRequest | None:
        """A request is about to be sent that the client does not send in its own way: the user's code does."""
        attempts = self.attempts
        if attempts is None or self.done or current_context().get(ASIDE) is self:
            return None
        seen = attempts.beside(method, urlsplit(url).path)
        if seen is not None:
            self.writes(body or url)
        return seen

    def only_tries(self) -> None:
        """The call has the exchange check its order, and submits none."""
        if self._submission is not None:
            self._submission.trial = True

    def waited(self, seconds: float) -> None:
        """A request of this call spent `seconds` in the client's rate limiter."""
        self._waited += seconds

    def finish(self, result: Any, refused: str = "") -> None:
        """The call returned `result`, and in it the exchange's error code `refused`."""
        self.leave()
        failure = self._refusal(refused) if refused else None
        self._record(None, failure, result)

    def fail(self, error: BaseException) -> None:
        """The call raised `error`."""
        self.leave(error)
        self._record(error, self._failure(error), None)

    @never_raise(library)
    def _refusal(self, code: str) -> errors.Failure:
        return errors.refusal(self.who[0], code, self.status, self.answer)

    @never_raise(library)
    def _failure(self, error: BaseException) -> errors.Failure:
        if self._speaks:
            return errors.failure_by_answer(error, self.cause, self._speaks, self.status, self.answer)
        return errors.failure(error, self._transport, self.status, self.who[0], self.answer)

    def _record(self, error: BaseException | None, failure: errors.Failure | None, result: Any) -> None:
        self.done = True
        if self._submission is not None:
            self._submission.answered()
        if self._journal is not None:
            self._journal.ended()
        duration = time.monotonic() - self._started
        self._measure(failure, duration)
        self._note_standing(failure, result)
        self._follow(error, failure, result, duration)
        self._describe(failure, result)
        record_delays(self.span)
        self.span.end()

    @never_raise(library)
    def _measure(self, failure: errors.Failure | None, duration: float) -> None:
        exchanges = self._exchanges
        attributes = of_operation(*self.who, self.name, "" if failure is None else failure.kind)
        # For the exemplar: the call has left its context.
        exchanges.operation_duration.record(duration, attributes, context={SPAN_KEY: self.span})
        if self.requests:
            exchanges.spent.add(self.requests, of_spender(*self.who, self.name, self.account))
        if failure is not None and failure.category:
            exchanges.errors.add(1, attributes | {semconv.ERROR_CATEGORY: failure.category})

    @never_raise(library)
    def _note_standing(self, failure: errors.Failure | None, result: Any) -> None:
        """What the call says of the exchange itself, and of our access to it."""
        standing = self._exchanges.exchange(self.who[0]).standing
        access = (self.who[1], self.account, self.name, self.template)
        symbol = str(self._order.get(semconv.SYMBOL) or "")
        if failure is None:
            standing.succeeded(access, symbol, result)
        elif failure.category:
            said = (*orders.messages_in(self.answer), *orders.codes_in(self.answer))
            kinds = {failure.kind, *(orders.ccxt_class(self.who[0], each) for each in said)}
            standing.failed(access, symbol, failure.category, kinds)

    @never_raise(library)
    def _describe(self, failure: errors.Failure | None, result: Any) -> None:
        span = self.span
        if not span.is_recording():
            return
        known: dict[str, Any] = {}
        if self.status is not None:
            known[semconv.HTTP_STATUS] = self.status
        if self.template:
            known[semconv.URL_TEMPLATE] = self.template
        if self.requests:
            known[semconv.REQUEST_COUNT] = self.requests
        if self._waited:
            known[semconv.THROTTLE_WAIT] = self._waited
        if self._order and isinstance(result, dict):
            known |= order_ids(result)
        if failure is not None:
            known |= self._describe_failure(failure)
        span.set_attributes(known)

    def _describe_failure(self, failure: errors.Failure) -> dict[str, Any]:
        """The attributes of a failure, whose status is set."""
        known: dict[str, Any] = {semconv.ERROR_TYPE: failure.kind}
        if not failure.category:
            return known
        known[semconv.ERROR_CATEGORY] = failure.category
        code = next(filter(_NUMBER.fullmatch, orders.codes_in(self.answer)), None)
        if code is not None:
            known[semconv.ERROR_CODE] = int(code)
        # The exception's message holds the signed URL; its class says what went wrong.
        self.span.set_status(Status(StatusCode.ERROR, failure.kind))
        return known

    @never_raise(library)
    def _follow(
        self, error: BaseException | None, failure: errors.Failure | None, result: Any, duration: float
    ) -> None:
        """What follows from the call for the orders and the exchange that it is about."""
        if self._submission is not None:
            verdicts = self._submission.end(error, result, self.span.get_span_context(), self.answer)
            if self._submission.trial:
                return
            self._record_submission(self._submission.attributes(verdicts, self._transport), duration)
            if "unknown" in verdicts:
                self.span.set_attribute(semconv.ORDER_OUTCOME, "unknown")
        elif error is not None and self.name != IMPLICIT and not _ABOUT_ORDERS.search(self.name):
            _tell_aside(error)
        if self.name in CANCELS:
            self._record_cancellation(failure, duration)
        # A look of reconcile neither ends an order nor counts as an update of the balance.
        if failure is None and self.who[1] != reconciling.CLIENT:
            self._learn(result)

    def _record_submission(self, attributes: Mapping[str, Any], duration: float) -> None:
        context = {SPAN_KEY: self.span}
        self._exchanges.orders.submit_duration.record(duration, attributes, context=context)

    def _record_cancellation(self, failure: errors.Failure | None, duration: float) -> None:
        attributes = {
            semconv.NAME: self.who[0],
            semconv.CLIENT: self.who[1],
            semconv.ORDER_TRANSPORT: self._transport,
        }
        if failure is not None:
            attributes[semconv.ERROR_TYPE] = failure.kind
        self._exchanges.orders.cancel_duration.record(duration, attributes)

    def _learn(self, result: Any) -> None:
        """What the result says of orders, the exchange's clock and the balance."""
        exchange, name = self.who[0], self.name
        if orders.UNSETTLED.waiting:
            settle_from_call(exchange, name, self._order, result)
        if name in CANCELS:
            KNOWN.ended(exchange, order_id=str(self._order.get(semconv.ORDER_ID) or ""))
        if name in CANCELS | ORDER_QUERIES and isinstance(result, dict):
            self._exchanges.orders.update(exchange, result, keep=False)
        elif name == "fetch_time" and isinstance(result, int) and self.status is not None:
            resolution = 0.001 if result % 1000 else 1.0
            self._exchanges.exchange(exchange).clock.add(
                *self.answered_at, result / 1000, resolution, time.monotonic()
            )
        elif name in ("fetch_balance", "fetch_balance_ws"):
            self._exchanges.exchange(exchange).balance_received(
                self.who[1], "rest", self._client(), time.monotonic()
            )


def _tell_aside(error: BaseException) -> None:
    """Where a block of the user's code submits an order, `error` says nothing about that."""
    witness = orders.current_witness()
    if witness is not None:
        witness.aside(error)


def begin_operation(
    exchanges: ExchangeTelemetry,
    instance: Any,
    who: tuple[str, str],
    name: str,
    order: dict[str, Any],
    batch: list[Mapping[str, Any]] | None = None,
    key: Any = None,
    evidence: orders.Evidence | None = None,
    secret: Any = None,
    raw: bool = False,
) -> Operation | None:
    """Open a call's scope, unless it is part of one of the same client, or instrumentation is suppressed.

    Args:
        exchanges: Where it is reported.
        instance: The client.
        who: Exchange and client.
        name: The unified method.
        order: What is known of an order, as attributes.
        batch: The orders of a call that submits several.
        key: The API key that orders go out with; of it only whether keys are equal is remembered.
        evidence: What will be known of orders, where the requests do not report to `Operation.attempts`.
        secret: That of the key; with it the key is hashed.
        raw: The call returns the exchange's response as it came.
    """
    running = current()
    if (
        running is not None
        and running.owner == id(instance)
        and (running.submits or name not in SUBMITS | EDITS)
    ):
        if name in SUBMITS:
            running.replaces()
        return None
    if not is_instrumentation_enabled():
        return None
    return Operation(exchanges, instance, who, name, order, batch, key, evidence, secret, raw)
