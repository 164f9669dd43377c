"""One call of an exchange client: its span, its HTTP requests, and what is recorded about them."""

from __future__ import annotations

import re
import time
from typing import Any
from urllib.parse import urlsplit

from opentelemetry import context, trace
from opentelemetry.context import _SUPPRESS_HTTP_INSTRUMENTATION_KEY
from opentelemetry.instrumentation.utils import is_instrumentation_enabled
from opentelemetry.trace import SpanKind, Status, StatusCode

from ....semconv import exchange as semconv
from ... import orders
from ...delays import record_delays
from ...patching.guard import never_raise
from . import errors
from .names import ASIDES, CANCELS, ORDER_QUERIES, PREPARES, SUBMITS
from .orders import bounded_side, bounded_type, order_id
from .scope import ContextScope
from .telemetry import ExchangeTelemetry

_OPERATION = context.create_key("botobs-exchange-operation")
_REQUEST = context.create_key("botobs-exchange-request")
_ASIDE = context.create_key("botobs-exchange-aside")

_LONGEST_VALUE = 128
#: Characters of an answer's body that are searched for what it says of limits.
_HEAD = 300
_NUMBER = re.compile(r"-?\d{1,8}")
_TEMPLATE = re.compile(r"[A-Za-z0-9_\-./{}:]{1,160}")


def current() -> Operation | None:
    """The call that the running code belongs to, if it has not ended."""
    found = context.get_value(_OPERATION)
    return found if isinstance(found, Operation) and not found.done else None


def _library(scope: Operation | Request, *_: Any) -> str:
    """The instrumentation that a mistake is counted under."""
    return "python_binance" if scope.who[1] == "python_binance" else "ccxt"


class Operation(ContextScope):
    """A unified call, or a call of an endpoint.

    Attributes:
        who: Exchange and client.
        name: The unified method.
        attempts: Where an order is submitted, what its requests say about it.
        status: HTTP status of the last answer.
        answer: The beginning of the last answer's body.
        answered_at: When the last request was sent and when it was answered, in seconds since the epoch.
        done: The call has returned; what its background tasks do is not part of it.
    """

    __slots__ = (
        "_exchanges",
        "_order",
        "_started",
        "_ticket",
        "_transport",
        "_waited",
        "_witness",
        "answer",
        "answered_at",
        "attempts",
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
    ) -> None:
        self._exchanges = exchanges
        self.name = name
        self._order = order
        self._transport: errors.Transport = "ws" if name.endswith("_ws") else "rest"
        self._waited = 0.0
        self.owner = id(owner)
        self.who = who
        self.status: int | None = None
        self.answer = ""
        self.requests = 0
        self.answered_at = (0.0, 0.0)
        self.template = ""
        self.done = False
        submits = name in SUBMITS
        self.attempts = orders.Attempts(who[0]) if submits else None
        self._witness = orders.current_witness() if submits else None
        self._ticket = exchanges.orders.begin(who) if submits else None
        attributes = {semconv.NAME: who[0], semconv.CLIENT: who[1], semconv.OPERATION: name, **order}
        self.span = exchanges.tracer.start_span(
            f"{name} {who[0]}", kind=SpanKind.CLIENT, attributes=attributes
        )
        super().__init__(context.set_value(_OPERATION, self, trace.set_span_in_context(self.span)))
        self._started = time.monotonic()

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
        if self._ticket is not None:
            self._exchanges.orders.end(self._ticket)
        duration = time.monotonic() - self._started
        self._measure(error, duration)
        self._follow(error, result, duration)
        self._describe(error, result)
        record_delays(self.span)
        self.span.end()

    @never_raise(_library)
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

    @never_raise(_library)
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
            _set_order_ids(span, result)
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

    @never_raise(_library)
    def _follow(self, error: BaseException | None, result: Any, duration: float) -> None:
        orders, name = self._exchanges.orders, self.name
        if self.attempts is not None:
            outcome = "accepted" if error is None else self.attempts.outcome(error)
            if self._witness is not None:
                self._witness.tell(outcome, error)
            attributes = {
                semconv.NAME: self.who[0],
                semconv.CLIENT: self.who[1],
                semconv.ORDER_SIDE: bounded_side(self._order.get(semconv.ORDER_SIDE)),
                semconv.ORDER_TYPE: bounded_type(self._order.get(semconv.ORDER_TYPE)),
                semconv.ORDER_TRANSPORT: self._transport,
                semconv.ORDER_OUTCOME: outcome,
            }
            orders.submit_duration.record(duration, attributes, context=trace.set_span_in_context(self.span))
            if error is not None:
                orders.count(self.who, outcome)
            for order in result if isinstance(result, list) else [result] if error is None else []:
                orders.acknowledge(self.who, order, self.span.get_span_context())
        elif name in CANCELS:
            attributes = {
                semconv.NAME: self.who[0],
                semconv.CLIENT: self.who[1],
                semconv.ORDER_TRANSPORT: self._transport,
            }
            if error is not None:
                attributes[semconv.ERROR_TYPE] = errors.error_type(error)
            orders.cancel_duration.record(duration, attributes)
        if name in CANCELS | ORDER_QUERIES and isinstance(result, dict):
            orders.update(self.who[0], result, keep=False)
        elif name == "fetch_time" and isinstance(result, int) and self.status is not None:
            resolution = 0.001 if result % 1000 else 1.0
            self._exchanges.exchange(self.who[0]).clock.add(*self.answered_at, result / 1000, resolution)
        elif name in ("fetch_balance", "fetch_balance_ws") and error is None:
            self._exchanges.exchange(self.who[0]).balances[(self.who[1], "rest")] = time.monotonic()


def begin_operation(
    exchanges: ExchangeTelemetry,
    instance: Any,
    who: tuple[str, str],
    name: str,
    order: dict[str, Any],
) -> Operation | None:
    """Open a call's scope, unless it is part of one of the same client, or instrumentation is suppressed."""
    running = current()
    if (running is not None and running.owner == id(instance)) or not is_instrumentation_enabled():
        return None
    return Operation(exchanges, instance, who, name, order)


class Request(ContextScope):
    """One HTTP request. The HTTP library's own instrumentation is off meanwhile: it would record the signed URL and
    send our trace id to the exchange."""

    __slots__ = (
        "_answer",
        "_api",
        "_aside",
        "_exchanges",
        "_method",
        "_started",
        "exchange",
        "operation",
        "sent_at",
        "status",
        "who",
    )

    def __init__(
        self, exchanges: ExchangeTelemetry, who: tuple[str, str], api: str, url: str, method: str
    ) -> None:
        self._exchanges = exchanges
        self._api = api
        self._method = method if method.isalpha() and len(method) < 8 else "_OTHER"
        self.who = who
        self.status: int | None = None
        self._answer = ""
        self.exchange = exchanges.exchange(who[0])
        self.operation = current()
        self._aside = self._method == "GET" or context.get_value(_ASIDE) is self.operation
        entered = context.set_value(_REQUEST, self)
        super().__init__(context.set_value(_SUPPRESS_HTTP_INSTRUMENTATION_KEY, True, entered))
        if self.operation is not None:
            self.operation.requests += 1
            if self.operation.requests == 1:
                _set_server(self.operation.span, url)
                self.operation.span.set_attribute(semconv.HTTP_METHOD, self._method)
        exchanges.requests_active.add(1, {semconv.NAME: who[0], semconv.CLIENT: who[1]})
        self.sent_at = time.time()
        self._started = time.monotonic()

    def finish(self, result: Any) -> None:  # noqa: ARG002 - the protocol's signature
        """The request was answered."""
        self.leave()
        self._record(None)

    def fail(self, error: BaseException) -> None:
        """The request failed, or its answer says so."""
        self.leave(error)
        self._record(error)

    def _record(self, error: BaseException | None) -> None:
        attempts = self.operation.attempts if self.operation is not None else None
        if attempts is not None and self._aside:
            attempts.aside(error)
        elif attempts is not None:
            attempts.ended(error, self.status, self._answer)
        self._measure(error)

    @never_raise(_library)
    def _measure(self, error: BaseException | None) -> None:
        duration = time.monotonic() - self._started
        who = {semconv.NAME: self.who[0], semconv.CLIENT: self.who[1]}
        self._exchanges.requests_active.add(-1, who)
        attributes: dict[str, Any] = {**who, semconv.API: self._api, semconv.HTTP_METHOD: self._method}
        if self.status is not None:
            attributes[semconv.HTTP_STATUS] = self.status
        if error is not None:
            attributes[semconv.ERROR_TYPE] = errors.error_type(error)
        self._exchanges.request_duration.record(duration, attributes)
        if self.operation is not None and self.operation.requests > 1:
            event = {key: value for key, value in attributes.items() if key not in who}
            self.operation.span.add_event("exchange.request", {**event, "duration": duration})

    def answered(self, status: Any, headers: Any, body: Any) -> None:
        """The answer's status, headers and body are known."""
        received = time.time()
        self.status = status if isinstance(status, int) else None
        # First: what comes next may fail, and the outcome of an order hangs on this.
        self._answer = body[: orders.LONGEST_TEXT] if isinstance(body, str) else ""
        if self.operation is not None:
            self.operation.status = self.status
            self.operation.answer = self._answer
            self.operation.answered_at = (self.sent_at, received)
        exchange = self.exchange
        head = body[:_HEAD] if isinstance(body, str) else ""
        exchange.limits.read_headers(self.status or 0, headers, head)
        for name in ("Date", "date"):
            if name in headers and "Age" not in headers:
                exchange.clock.add_date_header(self.sent_at, received, headers[name])
        if isinstance(body, str) and '"rateLimits"' in body[:4000]:
            exchange.limits.read_exchange_info(body)
        self._count_rejection(head)

    def _count_rejection(self, head: str) -> None:
        if self.status not in (403, 418, 429):
            return
        banned = self.status == 418 or "banned until" in head
        if self.status == 403 and not banned:
            return
        attributes = {
            semconv.NAME: self.who[0],
            semconv.HTTP_STATUS: self.status,
            semconv.ERROR_CATEGORY: "ban" if banned else "rate_limit",
        }
        self._exchanges.rejections.add(1, attributes)


class Aside(ContextScope):
    """What a call that submits an order does besides: its requests say nothing about the order."""

    __slots__ = ()

    def __init__(self, operation: Operation) -> None:
        super().__init__(context.set_value(_ASIDE, operation))

    def finish(self, result: Any) -> None:  # noqa: ARG002 - the protocol's signature
        """It is done."""
        self.leave()

    def fail(self, error: BaseException) -> None:
        """It failed."""
        self.leave(error)


def begin_aside(instance: Any, name: str) -> Aside | None:
    """Open a scope around what a call that submits an order does besides, such as loading markets."""
    running = current()
    if running is None or running.attempts is None or running.owner != id(instance):
        return None
    return Aside(running) if name in PREPARES or name.startswith(ASIDES) else None


def current_request() -> Request | None:
    """The HTTP request that the running code belongs to."""
    found = context.get_value(_REQUEST)
    return found if isinstance(found, Request) else None


def template(path: Any) -> str:
    """An endpoint's path as ccxt writes it, with placeholders for values; empty if it looks like anything else."""
    text = str(path)
    return text if _TEMPLATE.fullmatch(text) else ""


def order_attributes(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """What a span tells about the order or market that a unified call is about."""
    given = dict(zip(_PARAMETERS.get(name, ()), args, strict=False)) | kwargs
    attributes: dict[str, Any] = {}
    for key, parameter in (
        (semconv.SYMBOL, "symbol"),
        (semconv.ORDER_TYPE, "type"),
        (semconv.ORDER_SIDE, "side"),
        (semconv.ORDER_ID, "id"),
    ):
        value = given.get(parameter)
        if isinstance(value, str | int) and value != "":
            attributes[key] = str(value)[:_LONGEST_VALUE]
    parameters = given.get("params")
    if isinstance(parameters, dict) and name in SUBMITS | CANCELS | ORDER_QUERIES:
        for key in _CLIENT_IDS:
            if parameters.get(key):
                attributes[semconv.ORDER_CLIENT_ID] = str(parameters[key])[:_LONGEST_VALUE]
                break
    return attributes


_CREATE = ("symbol", "type", "side", "amount", "price", "params")
_BY_ID = ("id", "symbol", "params")
_PARAMETERS: dict[str, tuple[str, ...]] = {
    "create_order": _CREATE,
    "create_order_ws": _CREATE,
    "edit_order": ("id", *_CREATE),
    "edit_order_ws": ("id", *_CREATE),
    **dict.fromkeys(("cancel_order", "cancel_order_ws", "fetch_order", "fetch_order_ws"), _BY_ID),
    **dict.fromkeys(("fetch_ticker", "fetch_order_book", "fetch_ohlcv", "fetch_trades"), ("symbol",)),
    **dict.fromkeys(
        ("fetch_my_trades", "fetch_open_orders", "fetch_orders", "fetch_closed_orders"), ("symbol",)
    ),
}
_CLIENT_IDS = (
    "clientOrderId",
    "newClientOrderId",
    "clOrdId",
    "client_order_id",
    "clientOid",
    "orderLinkId",
    "text",
)


def _set_order_ids(span: trace.Span, order: dict[str, Any]) -> None:
    identity = order_id(order)
    if identity is not None:
        span.set_attribute(semconv.ORDER_ID, identity)
    client_id = order.get("clientOrderId")
    if client_id:
        span.set_attribute(semconv.ORDER_CLIENT_ID, str(client_id)[:_LONGEST_VALUE])


def _set_server(span: trace.Span, url: str) -> None:
    parts = urlsplit(url)
    if parts.hostname:
        span.set_attribute(semconv.SERVER_ADDRESS, parts.hostname)
