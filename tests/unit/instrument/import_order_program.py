"""Run by test_import_order: everything is installed before any library is imported, then each is used once."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import io
import logging
import sys

from botobs._sdk.instrument.registry import REGISTRY, Instrumentations, State
from botobs._sdk.patching.failures import counts
from tests.support.telemetry import Recorder

OURS = (
    *("logging", "structlog", "loguru", "runtime", "sqlalchemy", "asyncpg"),
    *("aiohttp_server", "aiohttp_client", "httpx", "requests"),
)
LIBRARIES = ("sqlalchemy", "asyncpg", "aiohttp", "httpx", "requests", "structlog", "loguru", "uvloop")


def main() -> None:
    recorder = Recorder()
    targets = dict(REGISTRY)
    instrumentations = Instrumentations()
    for name in OURS:
        instrumentations._install_own(name, targets[name], recorder.telemetry)
    imported = [library for library in LIBRARIES if library in sys.modules]
    assert not imported, f"botobs has imported {imported}"
    use_libraries(recorder)
    assert not counts(), counts()
    states = {name: status.state for name, status in instrumentations.statuses.items()}
    assert State.FAILED not in states.values(), states
    instrumentations.uninstall()
    print(*recorder.names())
    gc.collect()


def use_libraries(recorder: Recorder) -> None:
    import httpx
    import requests
    import sqlalchemy
    import structlog
    import uvloop
    from loguru import logger

    engine = sqlalchemy.create_engine("sqlite://")
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text("SELECT 1"))
    engine.dispose()
    structlog_output, loguru_output = io.StringIO(), io.StringIO()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(structlog_output))
    structlog.get_logger().info("event")
    logger.remove()
    logger.add(loguru_output, format="{extra}")
    logger.info("event")
    logging.getLogger("event").warning("event")
    assert "service" in structlog_output.getvalue()
    assert "service" in loguru_output.getvalue()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(recorder, httpx, requests))


async def serve(recorder: Recorder, httpx: object, requests: object) -> None:
    import aiohttp
    import asyncpg
    from aiohttp import web

    async def hello(_request: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.router.add_get("/hello", hello)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    url = f"http://127.0.0.1:{port}/hello"
    async with aiohttp.ClientSession() as session:
        await session.get(url)
    await asyncio.to_thread(httpx.get, url)  # type: ignore[attr-defined]
    await asyncio.to_thread(requests.get, url)  # type: ignore[attr-defined]
    await runner.cleanup()
    with contextlib.suppress(OSError):
        await asyncpg.connect(host="127.0.0.1", port=port, user="nobody")
    while not recorder.value("botobs.runtime.event_loop.lag"):
        await asyncio.sleep(0.01)


if __name__ == "__main__":
    main()
