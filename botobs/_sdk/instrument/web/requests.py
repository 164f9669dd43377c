"""requests: one CLIENT span a request, redirects included.

The upstream instrumentor is replaced, not extended: it hands the whole URL to samplers and processors, and puts the
message of an exception, which holds the URL with its query, into the span's status and an event.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from ...patching.patch import Patches
from ..base import Telemetry
from ..called_by_service import Upstream
from ..suppression import is_http_heard, silence_http
from ._http_client import ClientCalls

_UPSTREAM = Upstream("opentelemetry.instrumentation.requests", "RequestsInstrumentor")
#: urllib3's numbers for versions of HTTP.
_VERSIONS = {10: "1.0", 11: "1.1", 20: "2"}


class RequestsInstrumentation:
    """Watches requests 2.x."""

    name = "requests"

    def __init__(self) -> None:
        self._patches = Patches(self.name)

    def install(self, telemetry: Telemetry) -> None:
        """Patch `Session.send` once requests is imported; sessions of before use it too."""
        calls = ClientCalls(telemetry, self.name)
        self._patches.on_import("requests", lambda module: self._patch(module, calls))

    def uninstall(self) -> None:
        """Take the patch back."""
        self._patches.undo()

    def _patch(self, module: ModuleType, calls: ClientCalls) -> None:
        def send(wrapped: Callable[..., Any], _session: Any, args: Any, kwargs: Any) -> Any:
            request = args[0] if args else kwargs.get("request")
            # Anything else fails, as it does unwatched.
            is_request = issubclass(type(request), module.PreparedRequest)
            if not is_request or not is_http_heard() or _UPSTREAM.is_active():
                return wrapped(*args, **kwargs)
            with calls.call(request.method or "", request.url or "", request.headers) as call:
                # Redirects come back here, and urllib3 may be watched as well.
                with silence_http():
                    response = wrapped(*args, **kwargs)
                call.answered(response.status_code, _VERSIONS.get(getattr(response.raw, "version", 0)))
            return response

        self._patches.wrap(module.Session, "send", send)
