"""A service in small, for releases of other packages: HTTP from client to server, databases, metrics and logs."""

import asyncio
import logging
import sqlite3
from importlib.metadata import version

import botobs

handle = botobs.init("small")

import aiohttp  # noqa: E402 - a program that turns botobs on first
import sqlalchemy  # noqa: E402
from aiohttp import web  # noqa: E402
from opentelemetry import metrics  # noqa: E402


async def there(request: web.Request) -> web.Response:
    """Answer, after a statement."""
    engine = sqlalchemy.create_engine("sqlite://")
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text("SELECT 1"))
    engine.dispose()
    logging.error("within")
    return web.Response()


async def main() -> None:
    """Serve one request of one's own."""
    app = web.Application()
    app.router.add_get("/there", there)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{runner.addresses[0][1]}/there"),
    ):
        pass
    await runner.cleanup()


asyncio.run(main())
direct = sqlite3.connect(":memory:")
direct.cursor().execute("select 1")
direct.close()
meter = metrics.get_meter("small")
meter.create_counter("hits").add(2, {"side": "buy"})
meter.create_gauge("level").set(3)
failed = [status.name for status in handle.instrumentations if status.state == "failed"]
print(version("opentelemetry-sdk"), handle.engine.name, failed)
