"""krakenex on a fake Kraken; https://docs.kraken.com/api/docs/rest-api/add-order."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from typing import Any

from . import base


class Client(base.Client):
    """REST."""

    exchange = "kraken"
    name = "krakenex"
    symbol = "XBTUSD"
    template = path = "/0/private/AddOrder"

    def prepare(self) -> None:
        """Its errors are in a list, and come with 200."""
        self.client = self._at(self.remote.url)
        description = {"order": "buy 1.00000000 XBTUSD @ limit 1.0"}
        self.took = {"body": {"error": [], "result": {"descr": description, "txid": [base.ORDER_ID]}}}
        self.refused = self._refusal("EOrder:Insufficient funds")
        self.not_known = self._refusal("EService:Unavailable")
        self.categories = {
            "funds": self.refused,
            "rate_limit": self._refusal("EAPI:Rate limit exceeded"),
            "auth": self._refusal("EAPI:Invalid key"),
            "clock": self._refusal("EAPI:Invalid nonce"),
            "unavailable": {"status": 503, "body": "unavailable"},
        }

    def _at(self, address: str) -> Any:
        import krakenex

        client = krakenex.API(base.KEY, base64.b64encode(base.SECRET.encode()).decode())
        client.uri = address
        return client

    @staticmethod
    def _refusal(error: str) -> dict[str, Any]:
        return {"body": {"error": [error]}}

    def hooked(self) -> Callable[..., Any]:
        """What each call passes."""
        import krakenex

        return base.function(krakenex.API, "_query")

    def order(self, address: str = "") -> Any:
        """A limit order."""
        client = self._at(address) if address else self.client
        given = {"pair": self.symbol, "type": "buy", "ordertype": "limit", "volume": "1", "price": "1"}
        return client.query_private("AddOrder", {**given, "cl_ord_id": base.CLIENT_ID}, timeout=5)

    def looking(self) -> dict[str, dict[str, Any]]:
        """The time."""
        return {
            "GET /0/public/Time": {"body": {"error": [], "result": {"unixtime": time.time() + self.ahead}}}
        }

    def look(self) -> Any:
        """The time."""
        return self.client.query_public("Time")
