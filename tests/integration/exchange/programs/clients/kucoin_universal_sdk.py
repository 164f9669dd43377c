"""KuCoin's universal SDK on a fake KuCoin; answers as in https://www.kucoin.com/docs-new."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, ClassVar

from . import base

TOPIC = "/market/level2:BTC-USDT"


class Client(base.Client):
    """Spot."""

    exchange = "kucoin"
    name = "kucoin_universal_sdk"
    symbol = "BTC-USDT"
    template = path = "/api/v1/hf/orders"
    limit = "requests"

    def prepare(self) -> None:
        """Its addresses are options."""
        self.client = self._at(self.remote.url)
        self.took = {
            "body": {"code": "200000", "data": {"orderId": base.ORDER_ID, "clientOid": base.CLIENT_ID}}
        }
        self.refused = self._refusal("200004")
        self.not_known = self._refusal("500000")
        self.categories = {
            "funds": self._refusal("200004"),
            "rate_limit": {"status": 429, "body": {"code": "429000", "msg": "Too Many Requests"}},
            "auth": {"status": 401, "body": {"code": "400003", "msg": "KC-API-KEY not exists"}},
            "clock": {"status": 401, "body": {"code": "400002", "msg": "KC-API-TIMESTAMP Invalid"}},
        }

    @staticmethod
    def _refusal(code: str) -> dict[str, Any]:
        return {"body": {"code": code, "msg": "refused"}}

    @staticmethod
    def _at(address: str) -> Any:
        from kucoin_universal_sdk.api import DefaultClient
        from kucoin_universal_sdk.model import (
            ClientOptionBuilder,
            TransportOptionBuilder,
            WebSocketClientOptionBuilder,
        )

        streams = WebSocketClientOptionBuilder().with_reconnect_interval(0).build()
        options = (
            ClientOptionBuilder()
            .set_key(base.KEY)
            .set_secret(base.SECRET)
            .set_passphrase("canary-passphrase")
            .set_spot_endpoint(address)
            .set_futures_endpoint(address)
            .set_broker_endpoint(address)
            .set_transport_option(TransportOptionBuilder().build())
            .set_websocket_client_option(streams)
            .build()
        )
        return DefaultClient(options)

    def hooked(self) -> Callable[..., Any]:
        """What each call passes."""
        from kucoin_universal_sdk.internal.infra.default_transport import DefaultTransport

        return base.function(DefaultTransport, "call")

    def order(self, address: str = "") -> Any:
        """A limit order."""
        from kucoin_universal_sdk.generate.spot.order import AddOrderReqBuilder

        client = self._at(address) if address else self.client
        request = (
            AddOrderReqBuilder()
            .set_client_oid(base.CLIENT_ID)
            .set_symbol("BTC-USDT")
            .set_side("buy")
            .set_type("limit")
            .set_size("1")
            .set_price("1")
            .build()
        )
        return client.rest_service().get_spot_service().get_order_api().add_order(request)

    def batch(self) -> Any:
        """One is taken, one refused."""
        from kucoin_universal_sdk.generate.spot.order import BatchAddOrdersOrderList, BatchAddOrdersReqBuilder

        data = [
            {"orderId": "1", "clientOid": "a", "success": True},
            {"success": False, "failMsg": "Balance insufficient!"},
        ]
        answer = {"body": {"code": "200000", "data": data}}
        self.remote.answer({"POST /api/v1/hf/orders/multi": answer})
        orders = [
            BatchAddOrdersOrderList(
                client_oid=oid, symbol="BTC-USDT", type="limit", side="buy", size="1", price="1"
            )
            for oid in ("a", "b")
        ]
        request = BatchAddOrdersReqBuilder().set_order_list(orders).build()
        return self.client.rest_service().get_spot_service().get_order_api().batch_add_orders(request)

    def looking(self) -> dict[str, dict[str, Any]]:
        """Limits are in headers."""
        headers = {"gw-ratelimit-limit": "100", "gw-ratelimit-remaining": "40", "gw-ratelimit-reset": "20000"}
        body = {"code": "200000", "data": int((time.time() + self.ahead) * 1000)}
        return {"GET /api/v1/timestamp": {"headers": headers, "body": body}}

    def look(self) -> Any:
        """The time."""
        return self.client.rest_service().get_spot_service().get_market_api().get_server_time()

    socket_order = '"uta.order"'
    greetings: ClassVar[Mapping[str, str]] = {"": '{"id":"1","type":"welcome"}'}

    def open_orders(self) -> tuple[Callable[[], Any], Callable[[], Any]]:
        """https://www.kucoin.com/docs-new/websocket-api/base-info/introduction-uta"""
        from kucoin_universal_sdk.internal.infra.uta_private_trade_ws_service import UtaPrivateTradeWsService

        UtaPrivateTradeWsService.ENDPOINT = f"ws://{self.remote.address}/v1/private"
        service = self.client.ws_service().new_uta_private_trade_ws()
        service.start()
        order = {"symbol": "BTC-USDT", "side": "BUY", "orderType": "LIMIT", "size": "1", "price": "1"}

        def send() -> None:
            threading.Thread(
                target=self._place, args=(service, {**order, "clientOid": base.CLIENT_ID})
            ).start()

        return send, service.stop

    @staticmethod
    def _place(service: Any, order: Mapping[str, str]) -> None:
        with suppress(Exception):
            service.place_order(order)

    def socket_answers(self) -> dict[str, str]:
        """As over HTTP, with the id of the request."""

        def answer(code: str, **data: str) -> str:
            return json.dumps({"id": "$id", "op": "uta.order", "code": code, "data": data})

        taken = answer("200000", orderId=base.ORDER_ID, clientOid=base.CLIENT_ID)
        return {"accepted": taken, "rejected": answer("200004"), "unknown": answer("500000")}

    def open_stream(self) -> Callable[[], Any]:
        """Changes of an order book."""
        server = {
            "endpoint": f"ws://{self.remote.address}/endpoint",
            "encrypt": False,
            "protocol": "websocket",
            "pingInterval": 18000,
            "pingTimeout": 10000,
        }
        body = {"code": "200000", "data": {"token": "canary-token", "instanceServers": [server]}}
        self.remote.answer({"POST /api/v1/bullet-public": {"body": body}})
        self.remote.drive(
            replies={"": '{"id":"1","type":"welcome"}', '"subscribe"': '{"id":"$id","type":"ack"}'}
        )
        service = self.client.ws_service().new_spot_public_ws()
        service.start()
        service.orderbook_increment(["BTC-USDT"], lambda *_: None)
        return lambda: service.stop()

    def tick(self, number: int) -> str:
        """A change."""
        data = {
            "changes": {"asks": [], "bids": []},
            "sequenceStart": number,
            "sequenceEnd": number,
            "symbol": "BTC-USDT",
            "time": int(time.time() * 1000),
        }
        return json.dumps({"topic": TOPIC, "type": "message", "subject": "trade.l2update", "data": data})
