"""pybit on a fake Bybit; answers as in https://bybit-exchange.github.io/docs/v5/intro."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from . import base


class Client(base.Client):
    """pybit's unified trading."""

    exchange = "bybit"
    name = "pybit"
    template = path = "/v5/order/create"
    limit = "/v5/market/time"

    def prepare(self) -> None:
        """Its address is an attribute."""
        from pybit.unified_trading import HTTP

        self.session = HTTP(api_key=base.KEY, api_secret=base.SECRET, max_retries=1, retry_delay=0)
        self.session.endpoint = self.remote.url
        result = {"orderId": base.ORDER_ID, "orderLinkId": base.CLIENT_ID}
        self.took = {"body": {"retCode": 0, "retMsg": "OK", "result": result}}
        self.refused = self._refusal(110007)
        self.not_known = self._refusal(10000)
        self.categories = {
            "funds": self._refusal(110007),
            "rate_limit": self._refusal(10006),
            "auth": self._refusal(10003),
            "clock": self._refusal(10002),
        }

    def _refusal(self, code: int) -> dict[str, Any]:
        return {"body": {"retCode": code, "retMsg": "refused", "result": {}}}

    def hooked(self) -> Callable[..., Any]:
        """What each call passes."""
        from pybit._http_manager import _V5HTTPManager

        return base.function(_V5HTTPManager, "_submit_request")

    def order(self, address: str = "") -> Any:
        """A limit order."""
        self.session.endpoint = address or self.remote.url
        return self.session.place_order(
            category="linear",
            symbol="BTCUSDT",
            side="Buy",
            orderType="Limit",
            qty="1",
            price="1",
            orderLinkId=base.CLIENT_ID,
        )

    def batch(self) -> Any:
        """Codes of single orders are beside the orders."""
        body = {
            "retCode": 0,
            "result": {"list": [{"orderId": "1", "orderLinkId": "a"}, {"orderId": "", "orderLinkId": "b"}]},
            "retExtInfo": {"list": [{"code": 0, "msg": "OK"}, {"code": 110007, "msg": "no balance"}]},
        }
        self.remote.answer({"POST /v5/order/create-batch": {"body": body}})
        order = {"symbol": "BTCUSDT", "side": "Buy", "orderType": "Limit", "qty": "1", "price": "1"}
        return self.session.place_batch_order(category="linear", request=[order, order])

    def looking(self) -> dict[str, dict[str, Any]]:
        """Limits are in headers, the time in the body."""
        now = time.time() + self.ahead
        return {
            "GET /v5/market/time": {
                "headers": {
                    "X-Bapi-Limit": "100",
                    "X-Bapi-Limit-Status": "40",
                    "X-Bapi-Limit-Reset-Timestamp": str(int(now * 1000) + 1000),
                },
                "body": {"retCode": 0, "result": {"timeSecond": str(int(now))}, "time": int(now * 1000)},
            }
        }

    def look(self) -> Any:
        """The time."""
        return self.session.get_server_time()

    socket_order = '"order.create"'
    greetings: ClassVar[Mapping[str, str]] = {
        '"auth"': '{"retCode":0,"retMsg":"OK","op":"auth","connId":"1"}',
    }

    def open_orders(self) -> tuple[Callable[[], Any], Callable[[], Any]]:
        """https://bybit-exchange.github.io/docs/v5/websocket/trade/guideline"""
        from pybit import _websocket_trading, unified_trading

        _websocket_trading.TRADE_WSS = f"ws://{self.remote.address}/v5/trade"
        socket = unified_trading.WebSocketTrading(testnet=False, api_key=base.KEY, api_secret=base.SECRET)

        def send() -> None:
            socket.place_order(
                lambda _: None,
                category="linear",
                symbol="BTCUSDT",
                side="Buy",
                orderType="Limit",
                qty="1",
                price="1",
                orderLinkId=base.CLIENT_ID,
            )

        return send, socket.exit

    def socket_answers(self) -> dict[str, str]:
        """The answer names the order; its header has what HTTP has in its own."""
        order = {"orderId": base.ORDER_ID, "orderLinkId": base.CLIENT_ID}

        def answer(code: int, data: Mapping[str, Any]) -> str:
            header = {"X-Bapi-Limit": "10", "X-Bapi-Limit-Status": "9", "X-Bapi-Limit-Reset-Timestamp": "1"}
            reported = {"reqId": "$reqId", "retCode": code, "retMsg": "", "op": "order.create", "data": data}
            return json.dumps({**reported, "retExtInfo": {}, "header": header, "connId": "1"})

        return {"accepted": answer(0, order), "rejected": answer(110007, {}), "unknown": answer(10000, {})}

    def open_stream(self) -> Callable[[], Any]:
        """An order book."""
        from pybit import unified_trading

        # A subscription is not answered: pybit writes down what it has subscribed only after it has sent that. Where
        # the answer comes before, it raises a KeyError, closes its connection and does not open another.
        self.remote.drive(replies={})
        unified_trading.PUBLIC_WSS = f"ws://{self.remote.address}/v5/public/{{CHANNEL_TYPE}}"
        socket = unified_trading.WebSocket(channel_type="linear", testnet=False)
        socket.orderbook_stream(50, "BTCUSDT", lambda _: None)

        def close() -> None:
            # pybit connects once more where it is closed before it has noticed that it is connected again.
            base.until(lambda: not socket.attempting_connection, "still connecting")
            socket.exit()

        return close

    def tick(self, number: int) -> str:
        """A snapshot, and then changes."""
        kind = "snapshot" if number == 1 else "delta"
        data = {
            "s": "BTCUSDT",
            "b": [[str(100 - number / 100), "1"]],
            "a": [["101", "1"]],
            "u": number,
            "seq": number,
        }
        return json.dumps(
            {"topic": "orderbook.50.BTCUSDT", "type": kind, "ts": int(time.time() * 1000), "data": data}
        )
