"""Secrets planted where a service has some in its libraries are not in the bytes that leave.

Those of exchange clients are planted by the tests of the exchanges.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from tests.support.otlp_receiver import OtlpReceiver

Start = Callable[..., "subprocess.Popen[str]"]
pytestmark = pytest.mark.parametrize("engine", ["stock", "fast"], indirect=True)
PATIENCE = 180

#: Marks each secret; as opaque around it as exchanges' keys are.
MARK = "cAnArY"
KEY = f"vmPUZE6mv9SD5VNHk4HlWFsOr6{MARK}Iy6utIco14y7Ju91duEh8A"
#: Short ones are found by the name beside them alone.
SHORT = f"{MARK}7"

HEAD = f"""
import asyncio, logging
KEY, SHORT = {KEY!r}, {SHORT!r}
logging.basicConfig(level=logging.DEBUG, filename="log")
handle = botobs.init()

async def serve(handler):
    from aiohttp import web
    app = web.Application()
    app.router.add_route("*", "/{{path:.*}}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, runner.addresses[0][1]
"""

AIOHTTP = """
import aiohttp
from aiohttp import web

async def answer(request):
    if "fail" in request.path:
        raise web.HTTPForbidden(text=f"key {KEY} is not allowed: signature={SHORT}")
    if "burst" in request.path:
        raise RuntimeError(f"cannot verify apiKey={SHORT} of {request.url}")
    return web.json_response({"token": KEY})

async def main():
    runner, port = await serve(answer)
    headers = {"X-MBX-APIKEY": SHORT, "X-Authorization": f"Bearer {KEY}", "Cookie": f"session={SHORT}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for path in ("order", "fail", "burst", f"ws/{KEY}"):
            url = f"http://trader:{SHORT}@127.0.0.1:{port}/{path}?symbol=BTC&signature={SHORT}&apiKey={KEY}"
            async with session.post(url, json={"secret": KEY}) as response:
                await response.read()
        try:
            await session.get(f"http://127.0.0.1:1/?signature={SHORT}")
        except aiohttp.ClientError as error:
            logging.exception("cannot reach it with token=%s", SHORT)
    await runner.cleanup()

asyncio.run(main())
"""

HTTPX_AND_REQUESTS = """
import httpx, requests
from aiohttp import web

async def answer(request):
    return web.Response(status=418, text=f"secret={SHORT}")

async def main():
    runner, port = await serve(answer)
    base = f"http://trader:{SHORT}@127.0.0.1:{port}/private/{KEY}?signature={SHORT}"
    headers = {"X-API-KEY": SHORT, "OK-ACCESS-SIGN": KEY}
    await asyncio.to_thread(requests.get, base, headers=headers)
    await asyncio.to_thread(httpx.get, base, headers=headers)
    async with httpx.AsyncClient() as client:
        try:
            (await client.get(base, headers=headers)).raise_for_status()
        except httpx.HTTPStatusError as error:
            with botobs.span("handling") as current:
                current.record_exception(error)
    for call in (requests.get, httpx.get):
        try:
            await asyncio.to_thread(call, f"http://u:{SHORT}@127.0.0.1:1/?apiKey={SHORT}")
        except Exception as error:
            with botobs.span("handling") as current:
                current.record_exception(error)
    await runner.cleanup()

asyncio.run(main())
"""

SQLALCHEMY = """
import sqlalchemy
from sqlalchemy import text

engine = sqlalchemy.create_engine("sqlite://")
with engine.connect() as connection:
    connection.execute(text("CREATE TABLE keys (name TEXT UNIQUE, secret TEXT)"))
    connection.execute(text(f"INSERT INTO keys VALUES ('binance', '{KEY}') -- {KEY}"))
    connection.execute(text("INSERT INTO keys VALUES (:name, :secret)"), {"name": SHORT, "secret": KEY})
    for statement in (f"INSERT INTO keys VALUES ('binance', '{SHORT}')", f"SELECT * FROM missing WHERE x = '{SHORT}'"):
        try:
            with botobs.span("storing"):
                connection.execute(text(statement))
        except sqlalchemy.exc.SQLAlchemyError:
            pass
try:
    with botobs.span("connecting"):
        sqlalchemy.create_engine(f"sqlite:////none/such/{KEY}?password={SHORT}").connect()
except sqlalchemy.exc.SQLAlchemyError:
    pass
"""


@pytest.mark.parametrize(
    ("code", "proof"),
    [
        (AIOHTTP, b"127.0.0.1"),
        (HTTPX_AND_REQUESTS, b"127.0.0.1"),
        (SQLALCHEMY, b"INSERT INTO keys"),
    ],
    ids=["aiohttp", "httpx and requests", "sqlalchemy"],
)
def test_no_secret_leaves(start: Start, receiver: OtlpReceiver, code: str, proof: bytes) -> None:
    process = start(
        HEAD + code,
        BOTOBS_DISABLED_INSTRUMENTATIONS="",
        BOTOBS_SPAN_INTERVAL="0.1",
        BOTOBS_METRIC_INTERVAL="0.2",
        OTEL_PYTHON_DISABLED_INSTRUMENTATIONS="",
    )
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    # What was planted was recorded at all.
    assert proof in receiver.raw
    assert len(receiver.spans) >= 4
    places = [span.name for span in receiver.spans if MARK.encode() in span.SerializeToString()]
    assert places == []
    assert MARK.encode() not in receiver.raw
