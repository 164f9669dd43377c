"""aiohttp's client: one CLIENT span a request, with the trace's context in its headers.

Extends the upstream instrumentor. Its `TraceConfig` is used as it is, with a filter that takes query and user info out
of the URL. What is replaced is how sessions get it: upstream patches `ClientSession.__init__` and so misses sessions
made before; here a session gets it with its next request.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from types import ModuleType
from typing import Any

from ...patching.guard import never_raise
from ...patching.patch import Patches
from ..base import Telemetry
from ._http import ClientMeterProvider, without_query

_UPSTREAM = "opentelemetry.instrumentation.aiohttp_client"


class AiohttpClientInstrumentation:
    """Watches aiohttp 3.10 and later."""

    name = "aiohttp_client"

    def __init__(self) -> None:
        self._patches = Patches(self.name)

    def install(self, telemetry: Telemetry) -> None:
        """Patch `ClientSession` once aiohttp is imported."""
        # The package, not `aiohttp.client`: upstream's module needs all of it.
        self._patches.on_import("aiohttp", lambda module: self._patch(module, telemetry))

    def uninstall(self) -> None:
        """Take the patch back, and the trace configurations out of the sessions that have them."""
        self._patches.undo()

    def _patch(self, module: ModuleType, telemetry: Telemetry) -> None:
        config = _trace_config(telemetry)
        sessions: weakref.WeakSet[Any] = weakref.WeakSet()

        def request(wrapped: Callable[..., Any], session: Any, args: Any, kwargs: Any) -> Any:
            watch(session)
            return wrapped(*args, **kwargs)

        @never_raise(self.name)
        def watch(session: Any) -> None:
            if session not in sessions:
                sessions.add(session)
                if not any(map(_is_upstreams, session._trace_configs)):
                    # A new list: the old one may be the caller's, and shared.
                    session._trace_configs = [*session._trace_configs, config]

        def forget_sessions() -> None:
            for session in list(sessions):
                session._trace_configs = [each for each in session._trace_configs if each is not config]

        self._patches.wrap(module.ClientSession, "_request", request)
        self._patches.on_undo(forget_sessions)


def _stable_names() -> dict[str, Any]:
    """The argument for the stable names; a release without it reads them from the environment (`start`)."""
    try:
        from opentelemetry.instrumentation._semconv import _StabilityMode
    except ImportError:
        return {}
    return {"sem_conv_opt_in_mode": _StabilityMode.HTTP}


def _trace_config(telemetry: Telemetry) -> Any:
    from opentelemetry.instrumentation.aiohttp_client import create_trace_config

    config = create_trace_config(
        url_filter=without_query,
        tracer_provider=telemetry.tracer_provider,
        meter_provider=ClientMeterProvider(telemetry),
        **_stable_names(),
    )
    (on_exception,) = config.on_request_exception

    async def on_request_exception(session: Any, state: Any, params: Any) -> None:
        if not isinstance(params.exception, Exception):
            # A request that is given up, by a cancellation for example, has not failed.
            params = type(params)(params.method, params.url, params.headers, exception=None)
        await on_exception(session, state, params)

    config.on_request_exception[:] = [on_request_exception]
    config.freeze()
    return config


def _is_upstreams(config: Any) -> bool:
    """Whether the service has given a session the configuration that upstream makes, by its instrumentor or itself."""
    return any(getattr(hook, "__module__", "") == _UPSTREAM for hook in config.on_request_start)
