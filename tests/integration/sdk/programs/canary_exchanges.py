"""Secrets in requests, streams and errors of ccxt, python-binance, websockets and aiohttp."""

from __future__ import annotations

import asyncio
import logging
import warnings

import aiohttp

import botobs
from tests.integration.sdk.programs.canary import KEY, SHORT, begin
from tests.support.fake_binance import FakeBinance

# Their modules warn while they are imported.
warnings.simplefilter("ignore", DeprecationWarning)

import binance  # noqa: E402
import ccxt.pro  # noqa: E402
import websockets  # noqa: E402
from binance.exceptions import BinanceAPIException  # noqa: E402


async def main() -> None:
    fake = FakeBinance()
    await fake.start()
    binance.base_client.BaseClient.API_URL = f"{fake.url}/api"
    binance.BinanceSocketManager.STREAM_URL = f"ws://127.0.0.1:{fake.port}/"
    by_ccxt = ccxt.pro.binance(fake.ccxt_config(apiKey=KEY, secret=SHORT, password=SHORT))
    by_binance = await binance.AsyncClient.create(KEY, SHORT)
    await by_binance.create_order(symbol="BTCUSDT", side="BUY", type="LIMIT", quantity=1, price="100")
    await by_ccxt.create_order("BTC/USDT", "limit", "buy", 1, 100)
    fake.failure = (400, f'{{"code":-2010,"msg":"apiKey={KEY}, signature={SHORT}"}}')
    for call in (by_binance.get_account(), by_ccxt.fetch_balance()):
        try:
            with botobs.span("asking"):
                await call
        except (BinanceAPIException, ccxt.BaseError):
            logging.exception("failed with secret=%s", SHORT)
    fake.failure = None
    address = f"ws://127.0.0.1:{fake.port}/ws/{KEY}?listenKey={SHORT}"
    async with websockets.connect(address, additional_headers={"X-MBX-APIKEY": SHORT}) as socket:
        await socket.send(f'{{"op": "login", "args": [{{"apiKey": "{KEY}", "sign": "{SHORT}"}}]}}')
    async with aiohttp.ClientSession() as session, session.ws_connect(address) as raw:
        await raw.send_str(f'{{"token": "{SHORT}"}}')
    async with binance.BinanceSocketManager(by_binance)._get_socket(f"{KEY}?token={SHORT}"):
        pass
    await by_ccxt.close()
    await by_binance.close_connection()
    await fake.stop()


begin()
logging.getLogger("websockets").setLevel(logging.INFO)
asyncio.run(main())
