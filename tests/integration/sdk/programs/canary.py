"""What the programs of `test_canary_secrets.py` share: secrets to plant, a service that botobs watches, a server."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

import botobs

#: Marks each secret; as opaque around it as exchanges' keys are.
MARK = "cAnArY"
KEY = f"vmPUZE6mv9SD5VNHk4HlWFsOr6{MARK}Iy6utIco14y7Ju91duEh8A"
#: Short ones are found by the name beside them alone.
SHORT = f"{MARK}7"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def begin() -> None:
    """Log everything to a file, and have botobs watch."""
    logging.basicConfig(level=logging.DEBUG, filename="log")
    botobs.init()


async def serve(handler: Handler) -> tuple[web.AppRunner, int]:
    """Serve every path; returns what ends it, and the port."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, runner.addresses[0][1]
