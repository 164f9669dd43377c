"""python-okx on a fake OKX; answers as in https://www.okx.com/docs-v5/en/."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
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

    socket_order = '"op": "order"'

    def open_orders(self) -> tuple[Callable[[], Any], Callable[[], Any]]:
        """https://www.okx.com/docs-v5/en/#order-book-trading-trade-ws-place-order"""
        import certifi
        from okx.websocket.WsPrivateAsync import WsPrivateAsync

        certifi.where = lambda: self.remote.authority
        loop = base.Loop()

        async def start() -> tuple[Any, Any]:
            address = f"wss{self.remote.tls_url.removeprefix('https')}/ws/v5/private"
            client = WsPrivateAsync(base.KEY, "canary-passphrase", base.SECRET, address)
            task = await client.start()
            await client.login()
            return client, task

        client, task = loop.run(start())
        order = {
            "instId": "BTC-USDT",
            "tdMode": "cash",
            "side": "buy",
            "ordType": "limit",
            "sz": "1",
            "px": "1",
            "clOrdId": base.CLIENT_ID,
        }

        def send() -> None:
            loop.run(client.place_order([order], lambda _: None, "1512"))

        async def stop() -> None:
            await client.stop()
            await asyncio.wait([task])
            task.exception()

        def close() -> None:
            loop.run(stop())
            loop.stop()

        return send, close

    def socket_answers(self) -> dict[str, str]:
        """As over HTTP, with the id of the request."""

        def answer(code: str, *data: Mapping[str, Any]) -> str:
            return json.dumps({"id": "$id", "op": "order", "code": code, "msg": "", "data": data})

        order = {"ordId": base.ORDER_ID, "clOrdId": base.CLIENT_ID, "sCode": "0", "sMsg": ""}
        refused = {"ordId": "", "clOrdId": base.CLIENT_ID, "sCode": "51008", "sMsg": "refused"}
        return {"accepted": answer("0", order), "rejected": answer("1", refused), "unknown": answer("50004")}

    def open_stream(self) -> Callable[[], Any]:
        """An order book. The library insists on TLS, with certifi's authorities."""
        import certifi
        from okx.websocket.WsPublicAsync import WsPublicAsync

        certifi.where = lambda: self.remote.authority
        loop = base.Loop()

        async def start() -> tuple[Any, Any]:
            client = WsPublicAsync(f"wss{self.remote.tls_url.removeprefix('https')}/ws/v5/public")
            task = await client.start()
            await client.subscribe([{"channel": "books", "instId": "BTC-USDT"}], lambda _: None)
            return client, task

        client, task = loop.run(start())

        async def stop() -> None:
            await client.stop()
            await asyncio.wait([task])

        def close() -> None:
            loop.run(stop())
            loop.stop()

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
