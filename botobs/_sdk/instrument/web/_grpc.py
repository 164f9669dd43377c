"""Upstream's interceptors of gRPC, which must neither fail a call nor change it.

They split a method at a slash that need not be there, read a code as one of gRPC's, send one value of a key of metadata
that has several, and give the program a generator in place of the call of a stream: it can not be cancelled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

from opentelemetry.propagate import inject
from opentelemetry.trace import INVALID_SPAN, Span, Status, StatusCode

from ...patching.guard import never_raise, report

#: Methods whose spans have a name of their own. There are few of them, unless a handler takes any method.
_MOST_METHODS = 1000
_OTHER_METHOD = "/other/other"
_methods: set[str] = set()
_STATUS_CODE = "rpc.grpc.status_code"


class Metadata:
    """Metadata as gRPC has it, a list of pairs, with what upstream uses of a dictionary."""

    def __init__(self, given: Mapping[str, Any] | Iterable[tuple[str, Any]] = ()) -> None:
        self._pairs = list(given.items() if isinstance(given, Mapping) else given)

    def __setitem__(self, key: str, value: str) -> None:
        self._pairs = [(known, old) for known, old in self._pairs if known != key]
        self._pairs.append((key, value))

    def items(self) -> list[tuple[str, Any]]:
        """The pairs, in their order."""
        return self._pairs


def metadata(_wrapped: Any, _: Any, args: Any, kwargs: Any) -> Metadata:
    """In the place of the dictionary that upstream makes of metadata."""
    return Metadata(*args, **kwargs)


def server_span(wrapped: Callable[..., Any], _: Any, args: Any, kwargs: Any) -> Any:
    """`_start_span(details, context)` of a server."""
    details, *rest = args
    try:
        return wrapped(SimpleNamespace(method=_known(details.method)), *rest, **kwargs)
    except Exception as error:
        report("grpc", error)
        return nullcontext(INVALID_SPAN)


def client_span(wrapped: Callable[..., Any], _: Any, args: Any, kwargs: Any) -> Any:
    """`_start_span(method)` of a client."""
    method, *rest = args
    try:
        return wrapped(_known(method), *rest, **kwargs)
    except Exception as error:
        report("grpc", error)
        return nullcontext(INVALID_SPAN)


def _known(method: Any) -> str:
    name = str(method)
    if "/" not in name.lstrip("/"):
        return _OTHER_METHOD
    if name not in _methods:
        if len(_methods) >= _MOST_METHODS:
            return _OTHER_METHOD
        _methods.add(name)
    return name


def code(wrapped: Callable[..., Any], context: Any, args: Any, kwargs: Any) -> Any:
    """`set_code(code)` and `abort(code, details)`: a code that is none of gRPC's is the service's own affair."""
    given = args[0] if args else kwargs.get("code")
    if isinstance(getattr(given, "value", None), tuple):
        return wrapped(*args, **kwargs)
    inner = getattr(context, "__wrapped__", None) or context._servicer_context
    return getattr(inner, wrapped.__name__)(*args, **kwargs)


def stream(_wrapped: Any, interceptor: Any, args: Any, _kwargs: Any) -> Any:
    """`_intercept_server_stream(request, metadata, client_info, invoker)`: give the program its call."""
    request, given, client_info, invoker = args
    scope = interceptor._start_span(
        client_info.full_method, end_on_exit=False, record_exception=False, set_status_on_exception=False
    )
    with scope as span:
        pairs = Metadata(given or ())
        inject(pairs, setter=_SETTER)
        try:
            call = invoker(request, tuple(pairs.items()))
        except BaseException:
            span.end()
            raise
    _end_with(span, call)
    return call


class _Setter:
    def set(self, carrier: Metadata, key: str, value: str) -> None:
        carrier[key.lower()] = value


_SETTER: Any = _Setter()


@never_raise("grpc")
def _end_with(span: Span, call: Any) -> None:
    @never_raise("grpc")
    def ended() -> None:
        outcome = call.code()
        span.set_attribute(_STATUS_CODE, outcome.value[0])
        # That the program cancels its own stream is no failure.
        if outcome.name not in ("OK", "CANCELLED"):
            span.set_status(Status(StatusCode.ERROR))
        span.end()

    # False where it has ended before.
    if not call.add_callback(ended):
        ended()
