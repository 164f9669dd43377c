"""One call of a client library that an `ExchangeClient` describes: its span, its HTTP requests, what they say."""

from __future__ import annotations

import inspect
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from opentelemetry import context

from .....semconv import exchange as semconv
from .... import orders
from ....patching.guard import never_raise
from ....redaction import known
from ....texts import word_of
from ....upstream import SUPPRESS_HTTP_INSTRUMENTATION
from .. import client_code, connection_events, errors
from ..http_answer import STATED, HttpAnswer
from ..names import ENDPOINTS, IMPLICIT
from ..operation import Operation, begin_operation, library
from ..order_details import values_of
from ..request import set_server, template
from ..standing import is_listen_key
from ..telemetry import ExchangeTelemetry
from .described import DescribedCall
from .plain import plain
from .protocol import Call, ExchangeClient

_LONGEST_VALUE = 128
#: The status of an answer without one: that of a successful HTTP response; its code says the rest.
STATUS_OF_NONE = 200


def begin_call(
    exchanges: ExchangeTelemetry,
    client: ExchangeClient,
    instance: Any,
    signature: inspect.Signature,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    users: bool,
) -> AdaptedCall | None:
    """Open the scope of a call; None for one that is part of another of the same object.

    `users` says that it goes through a function of the user's, and not the library's own.

    Raises:
        Exception: Whatever `client` raises.
    """
    receiver = () if instance is None else (instance,)
    arguments = signature.bind(*receiver, *args, **kwargs).arguments
    call = client.call(instance, arguments)
    if call is None:
        return None
    if call.operation == IMPLICIT:
        # An endpoint for orders that the client's table has not, of a newer release for instance.
        call = replace(call, operation=ENDPOINTS.get(orders.purpose(call.method, call.path) or "", IMPLICIT))

    def sees() -> bool:
        itself = instance if client_code.is_session(client.http, instance) else None
        session = found(instance, arguments, client.session) if client.session else itself
        return not users and client_code.sends_by(client.http, session, client.library)

    evidence = orders.OrderRequests(exchange_of(exchanges, client, instance), sees)
    operation = begin_described(exchanges, client, instance, arguments, call, evidence)
    return None if operation is None else AdaptedCall(exchanges, client, call, operation, evidence)


def begin_described(
    exchanges: ExchangeTelemetry,
    client: ExchangeClient,
    instance: Any,
    arguments: Mapping[str, Any],
    call: Call,
    evidence: orders.OrderRequests,
) -> Operation | None:
    """Open the operation of a call or request; None for one that is part of another of the same object.

    Args:
        exchanges: Where it is reported.
        client: What is said of the library.
        instance: The library's object; None for a function.
        arguments: The call's, by name.
        call: The operation and its order.
        evidence: Collects what its requests say about the outcome of orders.
    """
    secrets = [found(instance, arguments, name) for name in client.credentials]
    known.add_held(secrets)
    given = [each for each in secrets if each]
    operation = begin_operation(
        exchanges,
        client if instance is None else instance,
        (evidence.exchange, client.name),
        call.operation,
        _attributes(call.order, exchanges.values),
        list(call.orders) if call.orders else None,
        given[0] if given else None,
        evidence,
        given[1] if len(given) > 1 else None,
    )
    if operation is not None:
        operation.template = template(call.path)
    return operation


def exchange_of(exchanges: ExchangeTelemetry, client: ExchangeClient, instance: Any) -> str:
    """Value of `exchange.name`: what the client says, or the test net that its address belongs to."""
    name = exchanges.exchange(client.who(instance)).name
    if instance is None:
        return name
    return exchanges.exchange(
        exchanges.variant_of(name, connection_events.host_of(client.address(instance)))
    ).name


def found(instance: Any, arguments: Mapping[str, Any], path: str) -> Any:
    """An attribute of the object, or of an argument of a function."""
    first, *rest = path.split(".")
    found = arguments.get(first) if instance is None else getattr(instance, first, None)
    for name in rest:
        found = getattr(found, name, None)
    return found


def _attributes(order: Mapping[str, Any], values: bool) -> dict[str, Any]:
    wanted = {
        semconv.SYMBOL: order.get("symbol"),
        semconv.ORDER_SIDE: order.get("side"),
        semconv.ORDER_TYPE: order.get("type"),
        semconv.ORDER_ID: order.get("id"),
        semconv.ORDER_CLIENT_ID: order.get("clientOrderId"),
    }
    texts = {key: word_of(value)[:_LONGEST_VALUE] for key, value in wanted.items() if value}
    return texts | (values_of(order, "amount", "price") if values else {})


class AdaptedCall(DescribedCall):
    """A call, and whoever watches the HTTP requests that are made within it."""

    __slots__ = ()

    def __init__(
        self,
        exchanges: ExchangeTelemetry,
        client: ExchangeClient,
        call: Call,
        operation: Operation,
        evidence: orders.OrderRequests,
    ) -> None:
        # The HTTP library's own span would show the signed address, and send our trace id to the exchange.
        entered = context.set_value(
            orders.WATCHER, self, context.set_value(SUPPRESS_HTTP_INSTRUMENTATION, True)
        )
        if call.trial:
            operation.only_tries()
        super().__init__(exchanges, client, call, operation, evidence, entered)

    def request(self, method: str, url: str, body: object = None) -> orders.HttpRequest | None:  # noqa: ARG002 - a Watcher
        """The HTTP library is about to send a request of this call."""
        return self._begin(method, url)

    @never_raise(library)
    def _begin(self, method: str, url: str) -> orders.HttpRequest:
        operation = self._operation
        operation.requests += 1
        if operation.requests == 1:
            set_server(operation.span, url)
            operation.span.set_attribute(semconv.HTTP_METHOD, method)
        elif urlsplit(url).path.endswith(self._call.path):
            attributes = {semconv.NAME: self.who[0], semconv.CLIENT: self.who[1]}
            self._exchanges.retries.add(1, {**attributes, semconv.OPERATION: operation.name})
        seen = CallRequest(self._exchanges, operation, method, url)
        # A position is closed by an order, and at some exchanges asked for by DELETE.
        if method not in orders.ASIDE_METHODS or (operation.submits and method != "GET"):
            self._evidence.requests.append(seen)
            operation.writes(self._call.sent if self._call.sent is not None else self._call.order)
        witness = orders.current_witness() if operation.name == IMPLICIT else None
        if witness is not None and witness.wants(seen):
            # A call without a name may be an order, for all that is known here.
            witness.see(seen)
        return seen

    def finish(self, result: Any) -> None:
        """The call returned `result`."""
        self.leave()
        if self._operation.submits and not self._evidence.requests:
            self._take(result)
        self._read(result)
        self._operation.finish(self._unified(result), self._refused(result) or "")

    def fail(self, error: BaseException) -> None:
        """The call raised `error`."""
        self.leave(error)
        self._operation.fail(error)

    @never_raise(library)
    def _take(self, result: Any) -> None:
        """Something of the user's has sent it unseen: what it returned is the answer, for all that is known."""
        returned = plain(result)
        if returned:
            answered = orders.HttpRequest(self._call.method, self._call.path)
            answered.answered(STATUS_OF_NONE, json.dumps(returned, default=str))
            self._evidence.requests.append(answered)

    @never_raise(library)
    def _read(self, result: Any) -> None:
        exchange = self._exchanges.exchange(self.who[0])
        moment = self._client.time(self._call, result)
        if moment is not None and self._operation.status is not None:
            exchange.clock.add(*self._operation.answered_at, moment, 0.001, time.monotonic())
        for stated in self._client.limits(self._call, result):
            exchange.limits.state(stated, self._operation.account)


class CallRequest(orders.HttpRequest):
    """One HTTP request of a call."""

    __slots__ = ("_answer", "_exchanges", "_measured", "_operation", "_started")

    def __init__(self, exchanges: ExchangeTelemetry, operation: Operation, method: str, url: str) -> None:
        super().__init__(method, urlsplit(url).path)
        self._exchanges = exchanges
        self._operation = operation
        self._measured = False
        self._answer = HttpAnswer(exchanges, operation.who, operation.template, operation.account)
        self._started = time.monotonic()
        exchanges.requests_active.add(1, self._who())

    def answered(
        self,
        status: int | None,
        body: bytes | str | None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """The response was received; called again, without headers, when more of the body is known."""
        super().answered(status, body)
        operation = self._operation
        operation.status, operation.answer, operation.cause = status, self.answer, None
        if headers is not None:
            operation.answered_at = (self._answer.sent_at, time.time())
        self._measure(None)
        self._read(headers)

    def failed(self, error: BaseException) -> None:
        """The request ended without a response, or with a part of one."""
        super().failed(error)
        operation = self._operation
        operation.status, operation.answer, operation.cause = self.status, self.answer, error
        self._measure(error)

    def _who(self) -> dict[str, str]:
        return {semconv.NAME: self._operation.who[0], semconv.CLIENT: self._operation.who[1]}

    @property
    def who(self) -> tuple[str, str]:
        """Exchange and client."""
        return self._operation.who

    @never_raise(library)
    def _read(self, headers: Mapping[str, str] | None) -> None:
        if headers is not None:
            self._answer.read(self.status, headers, self.answer)
            self._count_refusal()
            if is_listen_key(self.path):
                self._note_listen_key()

    def _note_listen_key(self) -> None:
        failed = self.status is None or self.status >= 400
        standing = self._exchanges.exchange(self.who[0]).standing
        standing.asked_for_listen_key(self.method, self.path, failed, self.answer)

    def _count_refusal(self) -> None:
        """Exchanges also say in a response that is otherwise well that there were too many requests."""
        category = "" if self.status in STATED else errors.answered(self.who[0], self.status, self.answer)
        if category in ("rate_limit", "ban"):
            self._answer.refused(category, self.status)

    @never_raise(library)
    def _measure(self, error: BaseException | None) -> None:
        if self._measured:
            return
        self._measured = True
        self._exchanges.requests_active.add(-1, self._who())
        first = self.path.strip("/").split("/", 1)[0]
        attributes: dict[str, Any] = {
            **self._who(),
            semconv.API: first if first.isalnum() and len(first) <= 10 else "other",
            semconv.HTTP_METHOD: self.method if self.method.isalpha() and len(self.method) < 8 else "_OTHER",
        }
        if self.status is not None:
            attributes[semconv.HTTP_STATUS] = self.status
        if error is not None:
            attributes[semconv.ERROR_TYPE] = errors.error_type(error)
        self._exchanges.request_duration.record(time.monotonic() - self._started, attributes)
