"""Hyperliquid's SDK on a fake Hyperliquid; https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

from . import base

META = {"universe": [{"name": "BTC", "szDecimals": 5}]}
SPOT: dict[str, list[Any]] = {"universe": [], "tokens": []}
#: As long as the library wants one; it is not the one of an order, which the library sends along.
CLOID = "0x00000000000000000000000000000001"


class Client(base.Client):
    """An exchange with a wallet that signs."""

    exchange = "hyperliquid"
    name = "hyperliquid"
    symbol = "BTC"
    template = path = "/exchange"
    client_id = CLOID
    limit = "address"

    def prepare(self) -> None:
        """Its address is an argument, and what it asks for at its beginning."""
        self.client = self._at(self.remote.url)
        self.took = self._statuses({"resting": {"oid": int(base.ORDER_ID), "cloid": CLOID}})
        self.refused = self._statuses({"error": "Insufficient margin to place order. asset=0"})
        self.not_known = {"status": 500, "body": "internal error"}
        self.categories = {
            "funds": self.refused,
            "rate_limit": {"status": 429, "body": "null"},
            "unavailable": {"status": 502, "body": "bad gateway"},
        }

    @staticmethod
    def _at(address: str) -> Any:
        import eth_account
        from hyperliquid.exchange import Exchange

        return Exchange(eth_account.Account.create(), address, meta=META, spot_meta=SPOT, timeout=5)

    @staticmethod
    def _statuses(*statuses: Any) -> dict[str, Any]:
        response = {"type": "order", "data": {"statuses": statuses}}
        return {"body": {"status": "ok", "response": response}}

    def hooked(self) -> Callable[..., Any]:
        """What each call passes."""
        from hyperliquid.api import API

        return base.function(API, "post")

    def order(self, address: str = "") -> Any:
        """A limit order."""
        from hyperliquid.utils.types import Cloid

        client = self._at(address) if address else self.client
        return client.order("BTC", True, 1.0, 1.0, {"limit": {"tif": "Gtc"}}, cloid=Cloid(CLOID))

    def batch(self) -> Any:
        """One is taken, one refused."""
        self.answering(
            self._statuses({"resting": {"oid": 1}}, {"error": "Insufficient margin to place order."})
        )
        order = {
            "coin": "BTC",
            "is_buy": True,
            "sz": 1.0,
            "limit_px": 1.0,
            "order_type": {"limit": {"tif": "Gtc"}},
            "reduce_only": False,
        }
        return self.client.bulk_orders([order, order])

    def looking(self) -> dict[str, dict[str, Any]]:
        """The limit of an address is asked for; the time is in a header alone."""
        body = {"cumVlm": "0", "nRequestsUsed": 60, "nRequestsCap": 100}
        date = formatdate(time.time() + self.ahead, usegmt=True)
        return {"POST /info": {"headers": {"Date": date}, "body": body}}

    def look(self) -> Any:
        """The limit of an address."""
        return self.client.info.user_rate_limit("0x0000000000000000000000000000000000000000")

    def open_stream(self) -> Callable[[], Any]:
        """An order book."""
        from hyperliquid.info import Info

        info = Info(self.remote.url, meta=META, spot_meta=SPOT)
        info.subscribe({"type": "l2Book", "coin": "BTC"}, lambda _: None)
        return lambda: info.disconnect_websocket()

    def tick(self, number: int) -> str:
        """A book."""
        level = {"px": str(100 - number / 100), "sz": "1", "n": 1}
        data = {"coin": "BTC", "time": int(time.time() * 1000), "levels": [[level], [{**level, "px": "101"}]]}
        return json.dumps({"channel": "l2Book", "data": data})
