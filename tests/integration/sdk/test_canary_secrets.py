"""Secrets planted where a service has some in its libraries are not in the bytes that leave.

Every exchange that ccxt knows is driven by the integration tests; here are the libraries, with both engines.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from tests.support.otlp_receiver import OtlpReceiver
from tests.support.postgres import Postgres, postgres_server

Start = Callable[..., "subprocess.Popen[str]"]
pytestmark = pytest.mark.parametrize("engine", ["stock", "fast"], indirect=True)
PATIENCE = 180


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL server."""
    with postgres_server() as server:
        yield server


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

POSTGRES = """
import asyncpg, sqlalchemy, sqlalchemy.ext.asyncio

async def attempt(call):
    with botobs.span("storing"):
        return await call

async def main():
    url = os.environ["POSTGRES_URL"]
    pool = await asyncpg.create_pool(url, min_size=1, max_size=1)
    engine = sqlalchemy.ext.asyncio.create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"))
    async with pool.acquire() as connection, engine.connect() as session:
        await connection.execute("CREATE TEMPORARY TABLE keys (name TEXT UNIQUE, secret TEXT)")
        await connection.execute(f"INSERT INTO keys VALUES ('{SHORT}', $$ {KEY} $$) /* {KEY} */")
        await connection.executemany("INSERT INTO keys VALUES ($1, $2)", [(KEY, SHORT)])
        await session.execute(sqlalchemy.text("SELECT :secret AS secret"), {"secret": KEY})
        for call in (
            connection.execute(f"INSERT INTO keys VALUES ('{SHORT}', NULL)"),
            connection.fetch("INSERT INTO keys VALUES ($1, NULL)", KEY),
            connection.execute(f"SELECT '{KEY}' FROM missing"),
            session.execute(sqlalchemy.text(f"SELECT * FROM missing WHERE secret = '{SHORT}'")),
        ):
            try:
                await attempt(call)
            except (asyncpg.PostgresError, sqlalchemy.exc.SQLAlchemyError):
                logging.exception("password=%s", SHORT)
    await engine.dispose()
    await pool.close()
    try:
        await attempt(asyncpg.connect(f"postgresql://trader:{SHORT}@127.0.0.1:1/db?passfile={SHORT}"))
    except OSError:
        pass

asyncio.run(main())
"""

LOGS = """
import structlog
from loguru import logger

structlog.configure(logger_factory=structlog.PrintLoggerFactory(open("structlog", "w")))
logger.remove()
logger.add("loguru", diagnose=True)

def fail(secret):
    raise ValueError(f"signature={secret} of https://trader:{secret}@host/?token={secret}")

for name in ("storing", "handling", "trading", "closing"):
    with botobs.span(name):
        logging.warning("apiKey=%s", SHORT, extra={"secret": SHORT, "nested": {"headers": {"token": SHORT}}})
        logging.warning("the key is %s", KEY, stack_info=True)
        structlog.get_logger().bind(api_key=SHORT).warning("signed", signature=SHORT, payload={"token": SHORT})
        logger.bind(passphrase=SHORT).warning("password={}", SHORT)
        try:
            fail(SHORT)
        except ValueError:
            logging.exception("token=%s", SHORT)
            logger.exception("token={}", SHORT)
            structlog.get_logger().error("failed", token=SHORT, exc_info=True)
"""

EXCHANGES = """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
import aiohttp, binance, ccxt.pro, websockets
from binance.exceptions import BinanceAPIException
from tests.support.fake_binance import FakeBinance

logging.getLogger("websockets").setLevel(logging.INFO)

async def main():
    fake = FakeBinance()
    await fake.start()
    binance.base_client.BaseClient.API_URL = f"{fake.url}/api"
    binance.BinanceSocketManager.STREAM_URL = f"ws://127.0.0.1:{fake.port}/"
    by_ccxt = ccxt.pro.binance(fake.ccxt_config(apiKey=KEY, secret=SHORT, password=SHORT))
    by_binance = await binance.AsyncClient.create(KEY, SHORT)
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "quantity": 1, "price": "100"}
    await by_binance.create_order(**order)
    await by_ccxt.create_order("BTC/USDT", "limit", "buy", 1, 100)
    fake.failure = (400, '{"code":-2010,"msg":"apiKey=%s, signature=%s"}' % (KEY, SHORT))
    for call in (by_binance.get_account(), by_ccxt.fetch_balance()):
        try:
            with botobs.span("asking"):
                await call
        except (BinanceAPIException, ccxt.BaseError):
            logging.exception("failed with secret=%s", SHORT)
    fake.failure = None
    address = f"ws://127.0.0.1:{fake.port}/ws/{KEY}?listenKey={SHORT}"
    async with websockets.connect(address, additional_headers={"X-MBX-APIKEY": SHORT}) as socket:
        await socket.send('{"op": "login", "args": [{"apiKey": "%s", "sign": "%s"}]}' % (KEY, SHORT))
    async with aiohttp.ClientSession() as session, session.ws_connect(address) as socket:
        await socket.send_str('{"token": "%s"}' % SHORT)
    async with binance.BinanceSocketManager(by_binance)._get_socket(f"{KEY}?token={SHORT}"):
        pass
    await by_ccxt.close()
    await by_binance.close_connection()
    await fake.stop()

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("code", "proof"),
    [
        (AIOHTTP, b"127.0.0.1"),
        (HTTPX_AND_REQUESTS, b"127.0.0.1"),
        (SQLALCHEMY, b"INSERT INTO keys"),
        (POSTGRES, b"SELECT missing"),
        (LOGS, b"signed"),
        (EXCHANGES, b"create_order binance"),
    ],
    ids=["aiohttp", "httpx and requests", "sqlalchemy", "asyncpg", "logs", "exchanges"],
)
def test_no_secret_leaves(
    start: Start, receiver: OtlpReceiver, postgres: Postgres, code: str, proof: bytes
) -> None:
    process = start(
        HEAD + code,
        BOTOBS_DISABLED_INSTRUMENTATIONS="",
        BOTOBS_SPAN_INTERVAL="0.1",
        BOTOBS_METRIC_INTERVAL="0.2",
        OTEL_PYTHON_DISABLED_INSTRUMENTATIONS="",
        BOTOBS_LOGS="true",
        POSTGRES_URL=replace(postgres, password=SHORT).url,
    )
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    # What was planted was recorded at all.
    assert proof in receiver.raw
    assert len(receiver.spans) >= 4
    places = [span.name for span in receiver.spans if MARK.encode() in span.SerializeToString()]
    assert places == []
    assert [log.body.string_value for log in receiver.logs if MARK.encode() in log.SerializeToString()] == []
    assert MARK.encode() not in receiver.raw
