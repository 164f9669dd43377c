"""What servers serve: a piece of work a request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import work  # type: ignore[import-not-found]


def wsgi(_: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """Answer."""
    work.work()
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


async def asgi(scope: dict[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
    """Answer."""
    if scope["type"] == "http":
        work.work()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})
        return
    while (message := await receive())["type"] != "lifespan.shutdown":
        await send({"type": f"{message['type']}.complete"})
    await send({"type": "lifespan.shutdown.complete"})


def aiohttp(_: list[str]) -> Any:
    """An application of aiohttp, as `python -m aiohttp.web` asks for it."""
    from aiohttp import web

    async def answer(_: web.Request) -> web.Response:
        work.work()
        return web.Response(text="ok")

    application = web.Application()
    application.router.add_get("/", answer)
    return application


def sanic() -> Any:
    """An application of Sanic."""
    from sanic import Sanic, response

    application = Sanic("matrix")

    @application.get("/")  # type: ignore[untyped-decorator]
    async def answer(_: Any) -> Any:
        work.work()
        return response.text("ok")

    return application


def quart() -> Any:
    """An application of Quart."""
    from quart import Quart

    application = Quart("matrix")

    @application.get("/")  # type: ignore[untyped-decorator]
    async def answer() -> str:
        work.work()
        return "ok"

    return application
