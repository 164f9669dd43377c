"""coinbase-advanced-py on a fake Coinbase; https://docs.cdp.coinbase.com/api-reference/advanced-trade-api."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from . import base


class Client(base.Client):
    """REST and market data."""

    exchange = "coinbase"
    name = "coinbase_advanced_py"
    symbol = "BTC-USD"
    template = path = "/api/v3/brokerage/orders"
    limit = "requests"

    def prepare(self) -> None:
        """It insists on TLS, below which its session is told where to go."""
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        key = ec.generate_private_key(ec.SECP256R1())
        self.pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
        self.client = self._at(self.remote.url)
        success = {"order_id": base.ORDER_ID, "client_order_id": base.CLIENT_ID, "product_id": "BTC-USD"}
        self.took = {"body": {"success": True, "success_response": success}}
        self.refused = self._refusal("INSUFFICIENT_FUND")
        self.not_known = self._refusal("UNKNOWN_FAILURE_REASON")
        self.categories = {
            "funds": self._refusal("INSUFFICIENT_FUND"),
            "rate_limit": {"status": 429, "body": {"error": "rate_limit_exceeded", "message": "Too many"}},
            "auth": {"status": 401, "body": "Unauthorized"},
            "unavailable": {"status": 503, "body": "unavailable"},
        }

    def _at(self, address: str) -> Any:
        from coinbase.rest import RESTClient

        client = RESTClient(api_key=base.KEY, api_secret=self.pem, timeout=5)
        client.base_url = address.removeprefix("http://")
        plain = client.session.request
        client.session.request = lambda method, url, **rest: plain(
            method, url.replace("https://", "http://"), **rest
        )
        return client

    @staticmethod
    def _refusal(code: str) -> dict[str, Any]:
        return {"body": {"success": False, "error_response": {"error": code, "message": "refused"}}}

    def hooked(self) -> Callable[..., Any]:
        """What each call passes."""
        from coinbase.rest.rest_base import RESTBase

        return base.function(RESTBase, "prepare_and_send_request")

    def order(self, address: str = "") -> Any:
        """A limit order."""
        client = self._at(address) if address else self.client
        return client.limit_order_gtc_buy(base.CLIENT_ID, "BTC-USD", "1", "1")

    def looking(self) -> dict[str, dict[str, Any]]:
        """Limits are in headers."""
        moment = time.time() + self.ahead
        headers = {"x-ratelimit-limit": "100", "x-ratelimit-remaining": "40", "x-ratelimit-reset": "1"}
        body = {"iso": "", "epochSeconds": str(int(moment)), "epochMillis": str(int(moment * 1000))}
        return {"GET /api/v3/brokerage/time": {"headers": headers, "body": body}}

    def look(self) -> Any:
        """The time."""
        return self.client.get_unix_time()

    def open_stream(self) -> Callable[[], Any]:
        """A ticker."""
        from coinbase.websocket import WSClient

        client = WSClient(on_message=lambda _: None)
        client.base_url = f"ws://{self.remote.address}"
        client.open()
        client.ticker(["BTC-USD"])
        return lambda: client.close()

    def tick(self, number: int) -> str:
        """A price."""
        ticker = {"type": "ticker", "product_id": "BTC-USD", "price": "100"}
        event = {"type": "update", "tickers": [ticker]}
        return json.dumps({"channel": "ticker", "timestamp": "", "sequence_num": number, "events": [event]})
