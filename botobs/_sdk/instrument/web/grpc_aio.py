"""Servers of `grpc.aio` that upstream's interceptor watches.

The interceptor knows coroutines and asynchronous generators alone. `grpc.aio` also takes plain functions, which it runs
in threads, and coroutines that write a stream with `context.write()`. Upstream awaits the one and iterates over the
other, so that each of their calls fails.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

from ...patching.patch import Patches
from ..base import Telemetry

_KINDS = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")


class GrpcAioInstrumentation:
    """Has the interceptor of opentelemetry-instrumentation-grpc treat each handler as what it is."""

    name = "grpc_aio"

    def __init__(self) -> None:
        self._patches = Patches(self.name)

    def install(self, telemetry: Telemetry) -> None:  # noqa: ARG002
        """Patch the interceptor's class once it is imported."""
        self._patches.on_import("opentelemetry.instrumentation.grpc._aio_server", self._patch)

    def uninstall(self) -> None:
        """Take the patches back."""
        self._patches.undo()

    def _patch(self, module: ModuleType) -> None:
        interceptor = module.OpenTelemetryAioServerInterceptor
        watch_function = module.OpenTelemetryServerInterceptor.intercept_service
        watch_coroutine = interceptor._intercept_aio_server_unary

        def hook_service(intercept: Callable[..., Any]) -> Callable[..., Any]:
            async def intercept_service(self: Any, continuation: Any, handler_call_details: Any) -> Any:
                handler = await continuation(handler_call_details)
                if _is_function(handler):
                    return watch_function(self, lambda _: handler, handler_call_details)

                async def give(_: Any) -> Any:
                    return handler

                return await intercept(self, give, handler_call_details)

            return intercept_service

        def hook_stream(watch_generator: Callable[..., Any]) -> Callable[..., Any]:
            def watch(self: Any, behavior: Callable[..., Any], *rest: Any) -> Any:
                writes = inspect.iscoroutinefunction(behavior)
                return (watch_coroutine if writes else watch_generator)(self, behavior, *rest)

            return watch

        self._patches.replace_method(interceptor, "intercept_service", hook_service)
        self._patches.replace_method(interceptor, "_intercept_aio_server_stream", hook_stream)


def _is_function(handler: Any) -> bool:
    """Whether a handler is neither a coroutine nor an asynchronous generator."""
    behavior = next((found for kind in _KINDS if (found := getattr(handler, kind, None)) is not None), None)
    return behavior is not None and not (
        inspect.iscoroutinefunction(behavior) or inspect.isasyncgenfunction(behavior)
    )
