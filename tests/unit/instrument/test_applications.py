"""Applications of frameworks are watched, and their classes stay what they are."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fastapi
import httpx
import pytest
from fastapi import FastAPI
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from starlette.applications import Starlette

import botobs
from botobs._sdk.instrument._applications import Search
from testbed.otlp_receiver import OtlpReceiver

Init = Callable[..., botobs.Handle]


@pytest.fixture
def init(receiver: OtlpReceiver, tmp_path: Path) -> Any:
    def call() -> botobs.Handle:
        environment = {"HOME": str(tmp_path)}
        return botobs.init("tested", endpoint=receiver.endpoint, environ=environment)

    yield call
    botobs.shutdown(1.0)


def application(cls: type[FastAPI] = FastAPI) -> FastAPI:
    app = cls()

    @app.get("/orders/{number}")
    async def order(number: int) -> int:
        return number

    return app


def ask(app: FastAPI) -> int:
    async def request() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://tested") as client:
            return await client.get("/orders/7")

    answer: int = asyncio.run(request()).json()
    return answer


def served(receiver: OtlpReceiver) -> list[str]:
    """Names of the spans of requests."""
    assert botobs.flush()
    return [span.name for span in receiver.spans if span.kind == span.SPAN_KIND_SERVER]


class Unhashable(type):
    def __eq__(cls, other: object) -> bool:
        raise ValueError


def test_classes_that_cannot_be_compared_are_found(
    init: Init, receiver: OtlpReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    own: Any = Unhashable("Own", (FastAPI,), {})
    before = application(own)
    init()
    assert caplog.messages == []
    assert ask(before) == 7
    assert served(receiver) == ["GET /orders/{number}"]


class Plain:
    pass


class Derived(Plain):
    pass


class Other:
    pass


def test_one_look_serves_all_frameworks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look is at every object of the program."""
    looks: list[int] = []
    look = gc.get_referrers

    def counted(*classes: object) -> list[Any]:
        looks.append(len(classes))
        return look(*classes)

    monkeypatch.setattr(gc, "get_referrers", counted)
    derived, other = Derived(), Other()
    plain: list[Any] = []
    others: list[Any] = []
    search = Search()
    search.find(Plain, plain.append)
    search.find(Other, others.append)
    assert (plain, others, looks) == ([], [], [])
    search.run()
    assert ([derived], [other], [3]) == (plain, others, looks)
    # Whoever comes later does not wait.
    search.find(Other, others.append)
    assert others == [other, other]


def test_the_class_is_the_same_before_and_after(init: Init, receiver: OtlpReceiver) -> None:
    before = application()
    init()
    after = application(fastapi.FastAPI)
    assert fastapi.FastAPI is FastAPI
    assert FastAPI.__mro__ == (FastAPI, Starlette, object)
    assert type(after) is FastAPI and isinstance(before, fastapi.FastAPI)
    assert (ask(before), ask(after)) == (7, 7)
    assert served(receiver) == ["GET /orders/{number}"] * 2


def test_a_patch_that_another_library_puts_on_the_class_is_called(
    init: Init, receiver: OtlpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Sentry does so.
    init()
    called = []
    original = Starlette.__call__

    async def patched(app: Starlette, scope: Any, receive: Any, send: Any) -> None:
        called.append(scope["path"])
        await original(app, scope, receive, send)

    monkeypatch.setattr("starlette.applications.Starlette.__call__", patched)
    ask(application())
    assert called == ["/orders/7"]
    assert served(receiver) == ["GET /orders/{number}"]


def test_who_calls_the_instrumentor_himself_has_his_hooks(init: Init, receiver: OtlpReceiver) -> None:
    init()
    app = application()
    paths = []
    FastAPIInstrumentor.instrument_app(app, server_request_hook=lambda _, scope: paths.append(scope["path"]))
    # An application that has been asked takes no middleware.
    app.add_middleware(Nothing)
    ask(app)
    assert paths == ["/orders/7"]
    assert served(receiver) == ["GET /orders/{number}"]


class Nothing:
    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, *of_asgi: Any) -> None:
        await self.app(*of_asgi)


def test_all_is_taken_back(init: Init) -> None:
    untouched = vars(FastAPI)["__init__"], vars(FastAPIInstrumentor)["instrument_app"]
    handle = init()
    app = application()
    handle.shutdown()
    assert (vars(FastAPI)["__init__"], vars(FastAPIInstrumentor)["instrument_app"]) == untouched
    app.add_middleware(Nothing)
    assert ask(app) == 7
    assert not getattr(app, "_is_instrumented_by_opentelemetry", False)
