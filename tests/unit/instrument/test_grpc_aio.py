"""Handlers of `grpc.aio` are watched as what they are: coroutines, generators, and functions that run in threads.

The interceptor is upstream's in its outline: grpc and its instrumentor are not among the tests' dependencies.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from botobs._sdk.instrument.web.grpc_aio import GrpcAioInstrumentation

MODULE = "opentelemetry.instrumentation.grpc._aio_server"


class Sync:
    def intercept_service(self, continuation: Any, details: Any) -> Any:
        return "function", continuation(details)


class Aio(Sync):
    async def intercept_service(self, continuation: Any, details: Any) -> Any:
        handler = await continuation(details)
        if handler.unary_stream is not None:
            return self._intercept_aio_server_stream(handler.unary_stream, details)
        return self._intercept_aio_server_unary(handler.unary_unary, details)

    def _intercept_aio_server_unary(self, behavior: Any, details: Any) -> Any:
        return "coroutine", behavior

    def _intercept_aio_server_stream(self, behavior: Any, details: Any) -> Any:
        return "generator", behavior


async def coroutine(request: Any, context: Any) -> None: ...


async def generator(request: Any, context: Any) -> AsyncIterator[int]:
    yield 1


def function(request: Any, context: Any) -> None: ...


def iterator(request: Any, context: Any) -> Iterator[int]:
    yield 1


@pytest.mark.parametrize(
    ("kind", "behavior", "watched_as"),
    [
        ("unary_unary", coroutine, "coroutine"),
        ("unary_unary", function, "function"),
        ("unary_stream", generator, "generator"),
        ("unary_stream", coroutine, "coroutine"),
        ("unary_stream", iterator, "function"),
    ],
)
def test_a_handler(monkeypatch: pytest.MonkeyPatch, kind: str, behavior: Any, watched_as: str) -> None:
    module = ModuleType(MODULE)
    vars(module).update(OpenTelemetryServerInterceptor=Sync, OpenTelemetryAioServerInterceptor=Aio)
    monkeypatch.setitem(sys.modules, MODULE, module)
    handler = SimpleNamespace(**{"unary_unary": None, "unary_stream": None, kind: behavior})

    async def found(_: Any) -> Any:
        return handler

    instrumentation = GrpcAioInstrumentation()
    instrumentation.install(None)  # type: ignore[arg-type]
    try:
        how, given = asyncio.run(Aio().intercept_service(found, "details"))
    finally:
        instrumentation.uninstall()
    assert how == watched_as
    assert given is (handler if watched_as == "function" else behavior)
