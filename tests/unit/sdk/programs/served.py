"""What servers serve: one span a request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import botobs

botobs.init()


def wsgi(_: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    with botobs.span("served"):
        start_response("200 OK", [])
        return [b"ok"]


async def asgi(scope: dict[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
    if scope["type"] == "http":
        with botobs.span("served"):
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"ok"})
        return
    while (message := await receive())["type"] != "lifespan.shutdown":
        await send({"type": f"{message['type']}.complete"})
    await send({"type": "lifespan.shutdown.complete"})
