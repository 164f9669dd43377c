"""httpx, sync and async: one CLIENT span a request that goes over the network.

The upstream instrumentor is replaced, not extended: it hands the whole URL to samplers and processors, puts the message
of an exception into the span's status, and leaves requests that fail without a response out of the duration histogram.
The classes that it patches are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from ...patching.patch import Patches
from ..base import Telemetry
from ..called_by_service import Upstream
from ..suppression import is_http_heard
from ._http_client import ClientCalls

_UPSTREAM = Upstream("opentelemetry.instrumentation.httpx", "HTTPXClientInstrumentor")


class HttpxInstrumentation:
    """Watches httpx 0.27 and later."""

    name = "httpx"

    def __init__(self) -> None:
        self._patches = Patches(self.name)

    def install(self, telemetry: Telemetry) -> None:
        """Patch the transports that open connections, once httpx is imported; clients of before use them too."""
        calls = ClientCalls(telemetry, self.name)
        self._patches.on_import("httpx", lambda module: self._patch(module, calls))

    def uninstall(self) -> None:
        """Take the patches back."""
        self._patches.undo()

    def _patch(self, module: ModuleType, calls: ClientCalls) -> None:
        def handle(wrapped: Callable[..., Any], _transport: Any, args: Any, kwargs: Any) -> Any:
            request = args[0] if args else kwargs.get("request")
            # Anything else fails, as it does unwatched.
            if not issubclass(type(request), module.Request) or not _is_ours():
                return wrapped(*args, **kwargs)
            with calls.call(request.method, str(request.url), request.headers) as call:
                response = wrapped(*args, **kwargs)
                call.answered(response.status_code, _version(response))
            return response

        async def handle_async(wrapped: Callable[..., Any], _transport: Any, args: Any, kwargs: Any) -> Any:
            request = args[0] if args else kwargs.get("request")
            # Anything else fails, as it does unwatched.
            if not issubclass(type(request), module.Request) or not _is_ours():
                return await wrapped(*args, **kwargs)
            with calls.call(request.method, str(request.url), request.headers) as call:
                response = await wrapped(*args, **kwargs)
                call.answered(response.status_code, _version(response))
            return response

        self._patches.wrap(module.HTTPTransport, "handle_request", handle)
        self._patches.wrap(module.AsyncHTTPTransport, "handle_async_request", handle_async)


def _is_ours() -> bool:
    return is_http_heard() and not _UPSTREAM.is_active() and not _UPSTREAM.has_begun()


def _version(response: Any) -> str:
    """`1.1` or `2`, from httpx' `HTTP/1.1`."""
    return str(response.http_version).rpartition("/")[2]
