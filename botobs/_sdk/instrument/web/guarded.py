"""Functions of upstream's instrumentors that run within a request of the service.

They read what a stranger has sent, and raise where they cannot: Django answers 400 to a `Host` that no view had asked
for, Flask 500 to a port that is no number. What fails in them is counted, and the request goes on. And they name spans
after what a stranger has made up: a method, or the path of a 404.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...patching.guard import report
from ...patching.patch import Patches
from ._http import method_of, span_name


@dataclass(frozen=True)
class Guarded:
    """One such function.

    Attributes:
        module: Where it stands; imported with the instrumentor.
        owner: Its class; empty for a function of the module.
        name: Its name.
        instead: Given its arguments, what it returns where it fails.
        bounded: Makes of what it returns something that there are few of.
    """

    module: str
    owner: str
    name: str
    instead: Callable[..., Any]
    bounded: Callable[[Any], Any] = lambda result: result


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


_of_wsgi = functools.partial(Guarded, "opentelemetry.instrumentation.wsgi", "")
_WSGI = (
    _of_wsgi("collect_request_attributes", _no_attributes),
    _of_wsgi("get_default_span_name", lambda _: "HTTP", _method_alone),
)
_DJANGO = functools.partial(
    Guarded, "opentelemetry.instrumentation.django.middleware.otel_middleware", "_DjangoMiddleware"
)

#: By the name of the instrumentor.
FUNCTIONS: dict[str, tuple[Guarded, ...]] = {
    **dict.fromkeys(("falcon", "flask", "pyramid", "wsgi"), _WSGI),
    "starlette": (
        Guarded(
            "opentelemetry.instrumentation.starlette",
            "",
            "_get_default_span_details",
            lambda _: ("HTTP", {}),
            _with_known_method,
        ),
    ),
    "django": (
        _DJANGO("process_request", _nothing),
        _DJANGO("process_view", _nothing),
        _DJANGO("process_exception", _nothing),
        _DJANGO("process_response", _the_response),
    ),
}


def guard(patches: Patches, instrumentor: str) -> None:
    """Guard the functions of an instrumentor that has been loaded, as far as its release has them."""
    for function in FUNCTIONS.get(instrumentor, ()):
        module = importlib.import_module(function.module)
        owner = getattr(module, function.owner, None) if function.owner else module
        if hasattr(owner, function.name):
            patches.wrap(owner, function.name, _guarding(instrumentor, function))


def _guarding(instrumentor: str, function: Guarded) -> Callable[..., Any]:
    def call(wrapped: Callable[..., Any], _: Any, args: Any, kwargs: Any) -> Any:
        try:
            return function.bounded(wrapped(*args, **kwargs))
        except Exception as error:
            report(instrumentor, error)
            return function.instead(*args, **kwargs)

    return call
