"""A platform in small on a message broker: a request is asked about over NATS, and what came of it is told to others.

`uvicorn desk:web` serves it, `python desk.py` works: it responds, and publishes to JetStream, which it also consumes.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import botobs

botobs.init()

import nats  # noqa: E402 - a program that turns botobs on first
from litestar import Litestar, post  # noqa: E402
from opentelemetry import context, propagate  # noqa: E402

BROKER = os.environ["BROKER"]


@asynccontextmanager
async def connected(app: Litestar) -> AsyncIterator[None]:
    """Stay connected as long as the server runs."""
    app.state.nats = await nats.connect(BROKER)
    yield
    await app.state.nats.drain()


@post("/orders/{number:int}", status_code=200)  # type: ignore[untyped-decorator]
async def take(number: int) -> dict[str, str]:
    """Take an order."""
    reply = await web.state.nats.request(f"orders.{number}.new", b"secret-state", timeout=5)
    return {"state": reply.data.decode()}


web = Litestar([take], lifespan=[connected])


async def work() -> None:
    """Decide on orders until SIGTERM."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    client = await nats.connect(BROKER)
    stream = client.jetstream()
    await stream.add_stream(name="decisions", subjects=["decisions.>"])

    async def decide(message: Any) -> None:
        await stream.publish("decisions.taken", b"")
        await message.respond(b"taken")

    async def hear(_message: Any) -> None:
        with botobs.span("heard"):
            pass

    async def read(fetched: Any) -> None:
        async for message in fetched.messages:
            token = context.attach(propagate.extract(message.headers or {}))
            try:
                with botobs.span("read", kind="consumer"):
                    pass
            finally:
                context.detach(token)

    # Nothing that is subscribed here belongs to it.
    with botobs.span("start"):
        await stream.subscribe("decisions.*", cb=hear)
        fetched = asyncio.create_task(read(await client.subscribe("orders.>")))
        await client.subscribe("orders.*.new", cb=decide)
    await ended.wait()
    fetched.cancel()
    await client.drain()


if __name__ == "__main__":
    asyncio.run(work())
