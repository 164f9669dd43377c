"""binance-connector on a fake Binance; https://developers.binance.com/docs/binance-spot-api-docs/rest-api."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from . import base


class Client(base.Client):
    """Spot."""

    exchange = "binance"
    name = "binance_connector"
    template = path = "/api/v3/order"
    limit = "weight_1m"

    def prepare(self) -> None:
        """Its address is an argument."""
        self.client = self._at(self.remote.url)
        self.took = {
            "body": {
                "orderId": int(base.ORDER_ID),
                "clientOrderId": base.CLIENT_ID,
                "symbol": "BTCUSDT",
                "status": "NEW",
                "executedQty": "0",
            }
        }
        self.refused = self._error(400, -2010)
        self.not_known = self._error(400, -1007)
        self.categories = {
            "funds": self._error(400, -2010, "Account has insufficient balance for requested action."),
            "rate_limit": self._error(429, -1003),
            "auth": self._error(401, -2014),
            "clock": self._error(400, -1021),
            "unavailable": {"status": 502, "body": "<html>"},
        }

    def _at(self, address: str) -> Any:
        from binance.spot import Spot

        return Spot(api_key=base.KEY, api_secret=base.SECRET, base_url=address, timeout=5)

    @staticmethod
    def _error(status: int, code: int, message: str = "refused") -> dict[str, Any]:
        return {"status": status, "body": {"code": code, "msg": message}}

    def hooked(self) -> Callable[..., Any]:
        """What each call passes."""
        from binance.api import API

        return base.function(API, "send_request")

    def order(self, address: str = "") -> Any:
        """A limit order."""
        client = self._at(address) if address else self.client
        return client.new_order(
            symbol="BTCUSDT",
            side="BUY",
            type="LIMIT",
            timeInForce="GTC",
            quantity=1,
            price=1,
            newClientOrderId=base.CLIENT_ID,
        )

    def looking(self) -> dict[str, dict[str, Any]]:
        """What is used is in headers, the limit in `exchangeInfo`."""
        limits = [{"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 100}]
        moment = int((time.time() + self.ahead) * 1000)
        return {
            "GET /api/v3/exchangeInfo": {"body": {"serverTime": moment, "rateLimits": limits, "symbols": []}},
            "GET /api/v3/time": {"headers": {"X-MBX-USED-WEIGHT-1M": "60"}, "body": {"serverTime": moment}},
        }

    def look(self) -> Any:
        """Both."""
        return self.client.exchange_info(), self.client.time()

    socket_order = '"order.place"'

    def open_orders(self) -> tuple[Callable[[], Any], Callable[[], Any]]:
        """https://developers.binance.com/docs/binance-spot-api-docs/websocket-api/trading-requests"""
        from binance.websocket.spot.websocket_api import SpotWebsocketAPIClient

        socket = SpotWebsocketAPIClient(
            f"ws://{self.remote.address}", base.KEY, base.SECRET, on_error=lambda *_: None
        )

        def send() -> None:
            socket.new_order(
                symbol="BTCUSDT",
                side="BUY",
                type="LIMIT",
                timeInForce="GTC",
                quantity=1,
                price=1,
                newClientOrderId=base.CLIENT_ID,
            )

        return send, socket.stop

    def socket_answers(self) -> dict[str, str]:
        """With a status as HTTP has them."""

        def answer(status: int, **reported: Any) -> str:
            return json.dumps({"id": "$id", "status": status, **reported})

        return {
            "accepted": answer(200, result=self.took["body"]),
            "rejected": answer(
                400, error={"code": -2010, "msg": "Account has insufficient balance for requested action."}
            ),
            "unknown": answer(400, error={"code": -1007, "msg": "Timeout waiting for response"}),
        }

    def open_stream(self) -> Callable[[], Any]:
        """Changes of an order book."""
        from binance.websocket.spot.websocket_stream import SpotWebsocketStreamClient

        client = SpotWebsocketStreamClient(
            stream_url=f"ws://{self.remote.address}", on_message=lambda *_: None, on_error=lambda *_: None
        )
        client.diff_book_depth(symbol="btcusdt")
        return lambda: client.stop()

    def tick(self, number: int) -> str:
        """One change."""
        event = {"e": "depthUpdate", "E": int(time.time() * 1000), "s": "BTCUSDT", "U": number, "u": number}
        return json.dumps({**event, "b": [], "a": []})
