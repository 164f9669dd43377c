"""python-okx on a fake OKX; answers as in https://www.okx.com/docs-v5/en/."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable
from typing import Any

from . import base


class Client(base.Client):
    """Trading, and public streams."""

    exchange = "okx"
    name = "python_okx"
    symbol = "BTC-USDT"
    template = path = "/api/v5/trade/order"

    def prepare(self) -> None:
        """Its address is an argument."""
        self.client = self._at(self.remote.url)
        order = {"ordId": base.ORDER_ID, "clOrdId": base.CLIENT_ID, "sCode": "0", "sMsg": ""}
        self.took = {"body": {"code": "0", "data": [order], "msg": ""}}
        self.refused = self._refusal("51008")
        self.not_known = {"body": {"code": "50004", "data": [], "msg": "timed out"}}
        self.categories = {
            "funds": self._refusal("51008"),
            "rate_limit": {"status": 429, "body": {"code": "50011", "data": [], "msg": "Too many requests"}},
            "auth": {"status": 401, "body": {"code": "50111", "data": [], "msg": "Invalid OK-ACCESS-KEY"}},
            "clock": {"status": 401, "body": {"code": "50102", "data": [], "msg": "Timestamp expired"}},
        }

    def _at(self, address: str) -> Any:
        from okx.Trade import TradeAPI

        return TradeAPI(base.KEY, base.SECRET, "canary-passphrase", flag="0", domain=address)

    @staticmethod
    def _refusal(code: str) -> dict[str, Any]:
        return {"body": {"code": "1", "data": [{"ordId": "", "sCode": code, "sMsg": "refused"}], "msg": ""}}

    def hooked(self) -> Callable[..., Any]:
        """What each call passes."""
        from okx.okxclient import OkxClient

        return base.function(OkxClient, "_request")

    def order(self, address: str = "") -> Any:
        """A limit order."""
        client = self._at(address) if address else self.client
        return client.place_order(
            instId="BTC-USDT",
            tdMode="cash",
            side="buy",
            ordType="limit",
            sz="1",
            px="1",
            clOrdId=base.CLIENT_ID,
        )

    def batch(self) -> Any:
        """One is taken, one refused."""
        orders = [
            {"ordId": "1", "clOrdId": "a", "sCode": "0"},
            {"ordId": "", "clOrdId": "b", "sCode": "51008"},
        ]
        self.remote.answer({"POST /api/v5/trade/batch-orders": {"body": {"code": "2", "data": orders}}})
        order = {
            "instId": "BTC-USDT",
            "tdMode": "cash",
            "side": "buy",
            "ordType": "limit",
            "sz": "1",
            "px": "1",
        }
        return self.client.place_multiple_orders([order, order])

    def looking(self) -> dict[str, dict[str, Any]]:
        """The time."""
        moment = str(int((time.time() + self.ahead) * 1000))
        return {"GET /api/v5/public/time": {"body": {"code": "0", "data": [{"ts": moment}], "msg": ""}}}

    def look(self) -> Any:
        """The time."""
        from okx.PublicData import PublicAPI

        return PublicAPI(flag="0", domain=self.remote.url).get_system_time()

    def open_stream(self) -> Callable[[], Any]:
        """An order book. The library insists on TLS, with certifi's authorities."""
        import certifi
        from okx.websocket.WsPublicAsync import WsPublicAsync

        certifi.where = lambda: self.remote.authority
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()

        def run(coroutine: Any) -> Any:
            return asyncio.run_coroutine_threadsafe(coroutine, loop).result()

        async def start() -> tuple[Any, Any]:
            client = WsPublicAsync(f"wss{self.remote.tls_url.removeprefix('https')}/ws/v5/public")
            task = await client.start()
            await client.subscribe([{"channel": "books", "instId": "BTC-USDT"}], lambda _: None)
            return client, task

        client, task = run(start())

        async def stop() -> None:
            await client.stop()
            await asyncio.wait([task])

        def close() -> None:
            run(stop())
            loop.call_soon_threadsafe(loop.stop)
            thread.join()

        return close

    def tick(self, number: int) -> str:
        """A change."""
        data = {
            "asks": [],
            "bids": [],
            "ts": str(int(time.time() * 1000)),
            "seqId": number,
            "prevSeqId": number - 1,
        }
        argument = {"channel": "books", "instId": "BTC-USDT"}
        return json.dumps({"arg": argument, "action": "update", "data": [data]})
