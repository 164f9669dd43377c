"""nats-py: one PRODUCER span a message that is sent, one CONSUMER span a message that a callback handles.

The context travels in the message's headers, so that a request is one trace up to its last consumer. There is no
instrumentor upstream. A request is the span of its message, and lasts until the reply; JetStream's messages are
requests underneath. Messages that a program fetches by itself have the headers, and no span: nobody knows when their
work ends. Replies, acknowledgements and JetStream's own calls are steps of the operation that they belong to.

Names and attributes: https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Literal

from opentelemetry import propagate
from opentelemetry.context import Context
from opentelemetry.propagators.textmap import Getter
from opentelemetry.trace import SpanKind, StatusCode, Tracer, set_span_in_context

from ... import context
from ...patching.guard import never_raise
from ...patching.patch import Patches
from ...safe import class_name
from ..base import Telemetry
from ..suppression import is_heard, silence

#: Where `headers` stand among the arguments.
_HEADERS_OF = {"publish": 3, "request": 4}
#: Of `request`: it has no headers with this argument.
_OLD_STYLE = 3
#: Of `subscribe`: after subject and queue.
_CALLBACK = 2

Operation = Literal["publish", "request", "process"]
#: An argument list: by position, and by name.
Arguments = tuple[tuple[Any, ...], Mapping[str, Any]]


class NatsInstrumentation:
    """nats-py: one span a message that is sent, and one a message that a callback handles; the context goes along."""

    name = "nats"

    def __init__(self) -> None:
        self._patches = Patches(self.name)

    def install(self, telemetry: Telemetry) -> None:
        """Patch the client's class once nats is imported; clients of before use it too."""
        tracer = telemetry.tracer(self.name)
        self._patches.on_import("nats", lambda module: self._patch(module, tracer))

    def uninstall(self) -> None:
        """Take the patches back; subscriptions of before are watched as long as they last."""
        self._patches.undo()

    def _patch(self, module: ModuleType, tracer: Tracer) -> None:
        client = module.aio.client.Client
        self._patches.wrap(client, "publish", functools.partial(_send, tracer, "publish"))
        self._patches.wrap(client, "request", functools.partial(_send, tracer, "request"))
        self._patches.wrap(client, "subscribe", functools.partial(_subscribe, tracer))
        self._patches.wrap(client, "connect", _connect)


async def _send(
    tracer: Tracer,
    operation: Operation,
    wrapped: Callable[..., Any],
    client: Any,
    args: Any,
    kwargs: Any,
) -> Any:
    subject = args[0] if args else kwargs.get("subject")
    if type(subject) is not str or _is_internal(client, subject) or not is_heard():
        return await wrapped(*args, **kwargs)
    attributes = _attributes(client, operation, subject)
    with _span(tracer, f"{operation} {_template(subject)}", SpanKind.PRODUCER, attributes):
        args, kwargs = _carrying(operation, args, kwargs) or (args, kwargs)
        # A request publishes its message.
        with silence():
            return await wrapped(*args, **kwargs)


@never_raise("nats")
def _carrying(operation: Operation, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Arguments:
    """The arguments with the current context among the headers."""
    if operation == "request" and (kwargs.get("old_style") or any(args[_OLD_STYLE : _OLD_STYLE + 1])):
        return args, kwargs
    place = _HEADERS_OF[operation]
    by_place = len(args) > place
    headers = dict((args[place] if by_place else kwargs.get("headers")) or {})
    propagate.inject(headers)
    if not headers:
        return args, kwargs
    if by_place:
        return (*args[:place], headers, *args[place + 1 :]), kwargs
    return args, {**kwargs, "headers": headers}


async def _subscribe(tracer: Tracer, wrapped: Callable[..., Any], client: Any, args: Any, kwargs: Any) -> Any:
    subject = args[0] if args else kwargs.get("subject")
    by_place = len(args) > _CALLBACK
    callback = args[_CALLBACK] if by_place else kwargs.get("cb")
    if type(subject) is str and _is_coroutine(callback) and not _is_of_nats(callback):
        handle = _handler(tracer, client, subject, callback)
        if by_place:
            args = (*args[:_CALLBACK], handle, *args[_CALLBACK + 1 :])
        else:
            kwargs = {**kwargs, "cb": handle}
    with _nobody():
        return await wrapped(*args, **kwargs)


async def _connect(wrapped: Callable[..., Any], _client: Any, args: Any, kwargs: Any) -> Any:
    with _nobody():
        return await wrapped(*args, **kwargs)


def _handler(
    tracer: Tracer, client: Any, subscribed: str, callback: Callable[[Any], Any]
) -> Callable[[Any], Any]:
    """Handle each message within a span, whose parent is its sender's."""

    @functools.wraps(callback)
    async def handle(message: Any) -> Any:
        sender = context.attach(_sender(message) or Context())
        try:
            # JetStream delivers to an inbox what was published to a subject.
            subject = message.subject if _is_internal(client, subscribed) else subscribed
            name = "(temporary)" if _is_internal(client, subject) else _template(subject)
            attributes = _attributes(client, "process", message.subject)
            with _span(tracer, f"process {name}", SpanKind.CONSUMER, attributes):
                return await callback(message)
        finally:
            context.detach(sender)

    return handle


@contextmanager
def _span(
    tracer: Tracer, name: str, kind: SpanKind, attributes: Mapping[str, str | int] | None
) -> Iterator[None]:
    """A span that is current within; cancellation is no error."""
    span = tracer.start_span(name, kind=kind, attributes=attributes)
    token = context.attach(set_span_in_context(span))
    try:
        yield
    except Exception as error:
        span.record_exception(error)
        span.set_status(StatusCode.ERROR, class_name(type(error)))
        span.set_attribute("error.type", class_name(type(error)))
        raise
    finally:
        context.detach(token)
        span.end()


@never_raise("nats")
def _sender(message: Any) -> Context:
    return propagate.extract(message.headers or {}, Context(), getter=_HEADERS)


@contextmanager
def _nobody() -> Iterator[None]:
    """Within nobody's span: connections and subscriptions, and the tasks that they start, outlive who made them."""
    token = context.attach(Context())
    try:
        yield
    finally:
        context.detach(token)


def _is_coroutine(callback: Any) -> bool:
    """Whether nats-py takes it for a callback; it also takes a `functools.partial`."""
    return inspect.iscoroutinefunction(callback) or inspect.iscoroutinefunction(
        getattr(callback, "func", None)
    )


def _is_of_nats(callback: Any) -> bool:
    """Whether it takes replies for the client itself."""
    return type(getattr(callback, "__self__", None)).__module__.partition(".")[0] == "nats"


def _is_internal(client: Any, subject: str) -> bool:
    """Whether a subject is one of NATS itself: a call of JetStream, an acknowledgement, or where a reply goes."""
    inbox = bytes(getattr(client, "_inbox_prefix", b"_INBOX")).decode(errors="replace")
    return subject.startswith(("$", f"{inbox}."))


def _template(subject: str) -> str:
    """`orders.*.filled` of `orders.7.filled`: there are as many names of spans as kinds of messages.

    A token with a digit is rather an id than a name.
    """
    return ".".join("*" if any(map(str.isdigit, token)) else token for token in subject.split("."))


@never_raise("nats")
def _attributes(client: Any, operation: Operation, subject: str) -> dict[str, str | int]:
    attributes: dict[str, str | int] = {
        "messaging.system": "nats",
        "messaging.destination.name": subject,
        "messaging.operation.name": operation,
        "messaging.operation.type": "process" if operation == "process" else "send",
    }
    url = client.connected_url
    if url is not None and url.hostname:
        attributes["server.address"] = url.hostname
        if url.port:
            attributes["server.port"] = url.port
    return attributes


class _Headers(Getter[Mapping[str, str]]):
    """Headers whose names other clients write as they like: `Traceparent`."""

    def get(self, carrier: Mapping[str, str], key: str) -> list[str] | None:
        return [value for name, value in carrier.items() if name.lower() == key.lower()] or None

    def keys(self, carrier: Mapping[str, str]) -> list[str]:
        return list(carrier)


_HEADERS = _Headers()
