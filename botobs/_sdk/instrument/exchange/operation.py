"""One call of an exchange client: its span, and what is recorded about it."""

from __future__ import annotations

import functools
import re
import time
import weakref
from collections.abc import Callable, Mapping
from typing import Any

from opentelemetry import context, trace
from opentelemetry.instrumentation.utils import is_instrumentation_enabled
from opentelemetry.trace import SpanKind, Status, StatusCode

from ....semconv import exchange as semconv
from ... import orders
from ...delays import record_delays
from ...orders.known import KNOWN
from ...patching.guard import never_raise
from . import errors, reconciling
from .journal_entries import JournalEntries
from .names import CANCELS, EDITS, ORDER_QUERIES, SUBMITS
from .order_details import set_order_ids
from .scope import ContextScope
from .settling import settle_from_call
from .submission import Submission
from .telemetry import ExchangeTelemetry

_OPERATION = context.create_key("botobs-exchange-operation")
_NUMBER = re.compile(r"-?\d{1,8}")


def current() -> Operation | None:
    """The call that the running code belongs to, if it has not ended."""
    found = context.get_value(_OPERATION)
    return found if isinstance(found, Operation) and not found.done else None


def library(scope: Any, *_: Any) -> str:
    """The instrumentation that a mistake in a call or request is counted under."""
    return "python_binance" if scope.who[1] == "python_binance" else "ccxt"


class Operation(ContextScope):
    """A unified call, or a call of an endpoint.

    Attributes:
        who: Exchange and client.
        name: The unified method.
        status: HTTP status of the last answer.
        answer: The beginning of the last answer's body.
        answered_at: When the last request was sent and when it was answered, in seconds since the epoch.
        done: The call has returned; what its background tasks do is not part of it.
    """

    __slots__ = (
        "_client",
        "_exchanges",
        "_journal",
        "_order",
        "_started",
        "_submission",
        "_transport",
        "_waited",
        "answer",
        "answered_at",
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
        self.status: int | None = None
        self.answer = ""
        self.requests = 0
        self.answered_at = (0.0, 0.0)
        self.template = ""
        self.done = False
        self._submission: Submission | None = None
        if name in SUBMITS or name in EDITS:
            listed = functools.partial(_is_listed, self._client)
            KNOWN.account(who[0], getattr(owner, "apiKey", None) or getattr(owner, "API_KEY", None))
            self._submission = Submission(exchanges.orders, who, name, order, batch, listed)
        attributes = {semconv.NAME: who[0], semconv.CLIENT: who[1], semconv.OPERATION: name, **order}
        self.span = exchanges.tracer.start_span(
            f"{name} {who[0]}", kind=SpanKind.CLIENT, attributes=attributes
        )
        self._journal: JournalEntries | None = None
        if self._submission is not None:
            self._journal = JournalEntries(who, name, self.span, order, batch, exchanges.values)
        super().__init__(context.set_value(_OPERATION, self, trace.set_span_in_context(self.span)))
        self._started = time.monotonic()

    @property
    def attempts(self) -> orders.Attempts | None:
        """Where orders are submitted, what the call's requests say about them."""
        return None if self._submission is None else self._submission.attempts

    def replaces(self) -> None:
        """The call submits another order in the place of the one that it edits."""
        if self._submission is not None:
            self._submission.replaces = True

    def writes(self, sent: Any) -> None:
        """A request of this call that may be the order's is about to be written; see `JournalEntries.requested`."""
        if self._journal is not None:
            self._journal.requested(sent)

    def waited(self, seconds: float) -> None:
        """A request of this call spent `seconds` in the client's rate limiter."""
        self._waited += seconds

    def finish(self, result: Any) -> None:
        """The call returned `result`."""
        self.leave()
        self._record(None, result)

    def fail(self, error: BaseException) -> None:
        """The call raised `error`."""
        self.leave(error)
        self._record(error, None)

    def _record(self, error: BaseException | None, result: Any) -> None:
        self.done = True
        if self._submission is not None:
            self._submission.answered()
        if self._journal is not None:
            self._journal.ended()
        duration = time.monotonic() - self._started
        self._measure(error, duration)
        self._follow(error, result, duration)
        self._describe(error, result)
        record_delays(self.span)
        self.span.end()

    @never_raise(library)
    def _measure(self, error: BaseException | None, duration: float) -> None:
        exchanges = self._exchanges
        attributes: dict[str, Any] = {
            semconv.NAME: self.who[0],
            semconv.CLIENT: self.who[1],
            semconv.OPERATION: self.name,
        }
        if error is not None:
            attributes[semconv.ERROR_TYPE] = errors.error_type(error)
        exchanges.operation_duration.record(
            duration, attributes, context=trace.set_span_in_context(self.span)
        )
        if error is not None and not errors.is_cancellation(error):
            attributes[semconv.ERROR_CATEGORY] = errors.category(error, self._transport, self.status)
            exchanges.errors.add(1, attributes)

    @never_raise(library)
    def _describe(self, error: BaseException | None, result: Any) -> None:
        span = self.span
        if not span.is_recording():
            return
        optional = {
            semconv.HTTP_STATUS: self.status,
            semconv.URL_TEMPLATE: self.template or None,
            semconv.REQUEST_COUNT: self.requests or None,
            semconv.THROTTLE_WAIT: self._waited or None,
        }
        for key, value in optional.items():
            if value is not None:
                span.set_attribute(key, value)
        if self._order and isinstance(result, dict):
            set_order_ids(span, result)
        if error is None:
            return
        kind = errors.error_type(error)
        span.set_attribute(semconv.ERROR_TYPE, kind)
        if errors.is_cancellation(error):
            return
        span.set_attribute(semconv.ERROR_CATEGORY, errors.category(error, self._transport, self.status))
        code = next(filter(_NUMBER.fullmatch, orders.codes_in(self.answer)), None)
        if code is not None:
            span.set_attribute(semconv.ERROR_CODE, int(code))
        # The exception's message holds the signed URL; its class says what went wrong.
        span.set_status(Status(StatusCode.ERROR, kind))

    @never_raise(library)
    def _follow(self, error: BaseException | None, result: Any, duration: float) -> None:
        tracker, name = self._exchanges.orders, self.name
        if self._submission is not None:
            verdicts = self._submission.end(error, result, self.span.get_span_context(), self.answer)
            tracker.submit_duration.record(
                duration,
                self._submission.attributes(verdicts, self._transport),
                context=trace.set_span_in_context(self.span),
            )
            if "unknown" in verdicts:
                self.span.set_attribute(semconv.ORDER_OUTCOME, "unknown")
        elif name in CANCELS:
            attributes = {
                semconv.NAME: self.who[0],
                semconv.CLIENT: self.who[1],
                semconv.ORDER_TRANSPORT: self._transport,
            }
            if error is not None:
                attributes[semconv.ERROR_TYPE] = errors.error_type(error)
            tracker.cancel_duration.record(duration, attributes)
        if self.who[1] == reconciling.CLIENT:
            # What is only looked at neither ends an order nor tells how old a balance is.
            return
        if error is None and orders.UNSETTLED.waiting:
            settle_from_call(self.who[0], name, self._order, result)
        if name in CANCELS and error is None:
            KNOWN.ended(self.who[0], order_id=str(self._order.get(semconv.ORDER_ID) or ""))
        if name in CANCELS | ORDER_QUERIES and isinstance(result, dict):
            tracker.update(self.who[0], result, keep=False)
        elif name == "fetch_time" and isinstance(result, int) and self.status is not None:
            resolution = 0.001 if result % 1000 else 1.0
            self._exchanges.exchange(self.who[0]).clock.add(
                *self.answered_at, result / 1000, resolution, time.monotonic()
            )
        elif name in ("fetch_balance", "fetch_balance_ws") and error is None:
            exchange = self._exchanges.exchange(self.who[0])
            exchange.balance_told(self.who[1], "rest", self._client(), time.monotonic())


def begin_operation(
    exchanges: ExchangeTelemetry,
    instance: Any,
    who: tuple[str, str],
    name: str,
    order: dict[str, Any],
    batch: list[Mapping[str, Any]] | None = None,
) -> Operation | None:
    """Open a call's scope, unless it is part of one of the same client, or instrumentation is suppressed."""
    running = current()
    if running is not None and running.owner == id(instance):
        if name in SUBMITS:
            running.replaces()
        return None
    return Operation(exchanges, instance, who, name, order, batch) if is_instrumentation_enabled() else None


def _is_listed(client: Callable[[], Any], code: str) -> bool:
    """Whether the client's own table of the exchange's errors has a code, as ccxt's objects carry one."""
    pending = [getattr(client(), "exceptions", None)]
    while pending:
        table = pending.pop()
        if isinstance(table, Mapping):
            if code in table and not isinstance(table[code], Mapping):
                return True
            pending += [value for value in table.values() if isinstance(value, Mapping)]
    return False
