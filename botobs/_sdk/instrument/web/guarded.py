"""Functions of upstream's instrumentors that run within a request of the service.

They read what a stranger has sent, and raise where they cannot: Django answers 400 to a `Host` that no view had asked
for, Flask 500 to a port that is no number. What fails in them is counted, and the request goes on. And they name spans
after what a stranger has made up: a method, or the path of a 404.

They are guarded whoever calls the instrumentor: botobs, or the service itself.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from ...patching.guard import never_raise, report
from ...patching.patch import Patches
from . import _grpc
from ._http import method_of, span_name
from ._pyramid import guard_tween

#: As `wrapt` calls it: the function, its object, its arguments.
Wrapper = Callable[[Callable[..., Any], Any, Any, Any], Any]


@dataclass(frozen=True)
class Guarded:
    """One such function.

    Attributes:
        owner: Its class; empty for a function of the module.
        name: Its name.
        wrapper: What is called in its place.
    """

    owner: str
    name: str
    wrapper: Wrapper


def _same(result: Any) -> Any:
    return result


def _failing(library: str, instead: Callable[..., Any], bounded: Callable[[Any], Any] = _same) -> Wrapper:
    """A wrapper of a function that may fail.

    Args:
        library: What its failures are counted under.
        instead: Given its arguments, what it returns where it fails.
        bounded: Makes of what it returns something that there are few of.
    """

    def call(wrapped: Callable[..., Any], _: Any, args: Any, kwargs: Any) -> Any:
        try:
            return bounded(wrapped(*args, **kwargs))
        except Exception as error:
            report(library, error)
            return instead(*args, **kwargs)

    return call


def _no_attributes(*_: Any, **__: Any) -> dict[str, Any]:
    return {}


def _nothing(*_: Any, **__: Any) -> None:
    """What hooks of requests return."""


def _the_response(_request: Any, response: Any) -> Any:
    return response


def _method_alone(name: str) -> str:
    """A name without the path: it is asked for where no route is known."""
    return name.partition(" ")[0]


def _with_known_method(details: tuple[str, Any]) -> tuple[str, Any]:
    name, attributes = details
    method, blank, route = name.partition(" ")
    # That of a WebSocket is its route alone.
    known = method if method.startswith("/") else span_name(method_of(method))
    return known + blank + route, attributes


def _falcons_application(wrapped: Callable[..., Any], _: Any, args: Any, kwargs: Any) -> Any:
    """Upstream inserts its own into `middleware`, which need not be a list, and may be another application's too."""
    middleware = kwargs.get("middleware")
    if isinstance(middleware, (list, tuple)) or hasattr(middleware, "__iter__"):
        kwargs = {**kwargs, "middleware": list(middleware)}
    return wrapped(*args, **kwargs)


def _falcons_response(wrapped: Callable[..., Any], _: Any, args: Any, kwargs: Any) -> None:
    try:
        wrapped(*args, **kwargs)
    except Exception as error:
        report("falcon", error)
    _name_by_known_method(*args)


@never_raise("falcon")
def _name_by_known_method(request: Any, *_: Any) -> None:
    span = request.env.get("opentelemetry-falcon.span_key")
    method = method_of(request.method)
    if span is not None and method != request.method:
        span.update_name(span_name(method, request.uri_template))


_UPSTREAM = "opentelemetry.instrumentation."
_django = functools.partial(Guarded, "_DjangoMiddleware")
_tornado = functools.partial(Guarded, "")
_falcon = functools.partial(Guarded, "_TraceMiddleware")

#: By the module in which they stand.
FUNCTIONS: dict[str, tuple[Guarded, ...]] = {
    # Also Flask's, Falcon's and Pyramid's.
    f"{_UPSTREAM}wsgi": (
        Guarded("", "collect_request_attributes", _failing("wsgi", _no_attributes)),
        Guarded("", "get_default_span_name", _failing("wsgi", lambda _: "HTTP", _method_alone)),
        Guarded("", "add_response_attributes", _failing("wsgi", _nothing)),
    ),
    f"{_UPSTREAM}starlette": (
        Guarded(
            "",
            "_get_default_span_details",
            _failing("starlette", lambda _: ("HTTP", {}), _with_known_method),
        ),
    ),
    f"{_UPSTREAM}django.middleware.otel_middleware": (
        _django("process_request", _failing("django", _nothing)),
        _django("process_view", _failing("django", _nothing)),
        _django("process_exception", _failing("django", _nothing)),
        _django("process_response", _failing("django", _the_response)),
    ),
    f"{_UPSTREAM}falcon": (
        Guarded("_InstrumentedFalconAPI", "__init__", _falcons_application),
        _falcon("process_request", _failing("falcon", _nothing)),
        _falcon("process_resource", _failing("falcon", _nothing)),
        _falcon("process_response", _falcons_response),
    ),
    f"{_UPSTREAM}tornado": (
        _tornado("_record_prepare_metrics", _failing("tornado", _nothing)),
        _tornado("_record_on_finish_metrics", _failing("tornado", _nothing)),
        _tornado("_start_span", _failing("tornado", _nothing)),
        _tornado("_finish_span", _failing("tornado", _nothing)),
    ),
    f"{_UPSTREAM}pyramid.callbacks": (
        Guarded("", "_before_traversal", _failing("pyramid", _nothing)),
        Guarded("", "trace_tween_factory", guard_tween),
    ),
    f"{_UPSTREAM}grpc._server": (
        Guarded("OpenTelemetryServerInterceptor", "_start_span", _grpc.server_span),
        Guarded("_OpenTelemetryServicerContext", "set_code", _grpc.code),
        Guarded("_OpenTelemetryServicerContext", "abort", _grpc.code),
    ),
    f"{_UPSTREAM}grpc._aio_server": (
        Guarded("_OpenTelemetryAioServicerContext", "set_code", _grpc.code),
        Guarded("_OpenTelemetryAioServicerContext", "abort", _grpc.code),
    ),
    f"{_UPSTREAM}grpc._client": (
        Guarded("", "OrderedDict", _grpc.metadata),
        Guarded("OpenTelemetryClientInterceptor", "_start_span", _grpc.client_span),
        Guarded("OpenTelemetryClientInterceptor", "_intercept_server_stream", _grpc.stream),
    ),
}


def guard(patches: Patches) -> None:
    """Guard the functions of each instrumentor once it is imported, as far as its release has them."""
    for module, functions in FUNCTIONS.items():
        patches.on_import(module, functools.partial(_guard, patches, functions))


def _guard(patches: Patches, functions: tuple[Guarded, ...], module: ModuleType) -> None:
    for function in functions:
        owner = getattr(module, function.owner, None) if function.owner else module
        if owner is not None and hasattr(owner, function.name):
            patches.wrap(owner, function.name, function.wrapper)
