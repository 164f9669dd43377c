"""Litestar: its applications go through OpenTelemetry's middleware for ASGI, which `asgi` watches.

There is no instrumentor upstream; Litestar has a plugin, and an application that uses it is left to it. The name of a
span is that of its route, which Litestar knows before it responds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from opentelemetry.trace import Span, get_current_span

from ....semconv import http as semconv
from ... import providers
from ...patching.guard import never_raise
from ...patching.patch import Patches
from ..base import Telemetry
from ._http import method_of, span_name

_PLUGIN = ("litestar.plugins.opentelemetry", "litestar.contrib.opentelemetry")


@dataclass(frozen=True, slots=True)
class _Route:
    """A route as the middleware looks for it, that is as FastAPI and Starlette have it."""

    path: str
    path_format: str


class LitestarInstrumentation:
    """Litestar: one SERVER span a request, named by its route's template; needs `botobs[web]`."""

    name = "litestar"

    def __init__(self) -> None:
        self._patches = Patches(self.name)

    def install(self, telemetry: Telemetry) -> None:  # noqa: ARG002
        """Patch the class of applications once litestar is imported; those of before are watched too."""
        self._patches.on_import("litestar", self._patch)

    def uninstall(self) -> None:
        """Take the patches back."""
        self._patches.undo()

    def _patch(self, module: ModuleType) -> None:
        try:
            from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
        except ModuleNotFoundError as error:
            raise RuntimeError(
                "it needs opentelemetry-instrumentation-asgi: pip install 'botobs[web]'"
            ) from error

        def hook(handle: Callable[..., Any]) -> Callable[..., Any]:
            async def dispatch(scope: Any, receive: Any, send: Any) -> None:
                span = get_current_span()

                async def name_first(message: Any) -> None:
                    _name(span, scope)
                    await send(message)

                try:
                    await handle(scope["litestar_app"], scope, receive, name_first)
                finally:
                    _tell_route(scope)

            watched = OpenTelemetryMiddleware(
                dispatch,
                default_span_details=_details,
                tracer_provider=providers.tracer_provider,
                meter_provider=providers.meter_provider,
            )

            async def __call__(app: Any, scope: Any, receive: Any, send: Any) -> None:
                if scope["type"] == "lifespan" or _has_plugin(app):
                    await handle(app, scope, receive, send)
                    return
                # As Litestar does next.
                scope["litestar_app"] = app
                await watched(scope, receive, send)

            return __call__

        self._patches.replace_method(module.Litestar, "__call__", hook)


def _details(scope: Any) -> tuple[str, dict[str, Any]]:
    """The name of a span whose route is not known yet."""
    return span_name(method_of(scope.get("method", "GET"))), {}


@never_raise("litestar")
def _name(span: Span, scope: Any) -> None:
    route = scope.get("path_template")
    if route and span.is_recording():
        span.update_name(span_name(method_of(scope.get("method", "GET")), route))
        span.set_attribute(semconv.HTTP_ROUTE, route)


@never_raise("litestar")
def _tell_route(scope: Any) -> None:
    """The application has returned; the middleware and `asgi` measure by route."""
    route = scope.get("path_template")
    if route:
        scope.setdefault("route", _Route(route, route))


def _has_plugin(app: Any) -> bool:
    """Whether the service has put Litestar's own plugin, or its middleware, into the application."""
    parts = (*app.plugins, *(getattr(each, "middleware", each) for each in app.middleware))
    return any(_module_of(part).startswith(_PLUGIN) for part in parts)


def _module_of(part: Any) -> str:
    named = getattr(part, "__module__", None)
    return named if isinstance(named, str) else type(part).__module__
