"""alpaca-py on a fake Alpaca; answers as in https://docs.alpaca.markets/reference."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from . import base

ORDER = {
    "id": "61e69015-8549-4bfd-b9c3-01e75843f47d",
    "client_order_id": base.CLIENT_ID,
    "created_at": "2026-01-05T14:30:00Z",
    "updated_at": "2026-01-05T14:30:00Z",
    "submitted_at": "2026-01-05T14:30:00Z",
    "asset_id": "904837e3-3b76-47ec-b432-046db621571b",
    "symbol": "AAPL",
    "asset_class": "us_equity",
    "qty": "1",
    "filled_qty": "0",
    "order_class": "simple",
    "order_type": "market",
    "type": "market",
    "side": "buy",
    "time_in_force": "day",
    "status": "accepted",
    "extended_hours": False,
}


class Client(base.Client):
    """Trading, and its stream."""

    exchange = "alpaca"
    name = "alpaca_py"
    symbol = "AAPL"
    template = "/orders"
    path = "/v2/orders"
    order_id = str(ORDER["id"])
    limit = "requests"

    def prepare(self) -> None:
        """Its address is an argument."""
        self.client = self._at(self.remote.url)
        self.took = {"body": ORDER}
        self.refused = self._error(403, 40310000)
        self.not_known = self._error(500, 50010000)
        self.categories = {
            "funds": self._error(403, 40310000),
            "auth": self._error(401, 40110000),
            "request": self._error(422, 42210000),
            "unavailable": self._error(500, 50010000),
        }

    @staticmethod
    def _at(address: str) -> Any:
        from alpaca.trading.client import TradingClient

        return TradingClient(base.KEY, base.SECRET, url_override=address)

    @staticmethod
    def _error(status: int, code: int) -> dict[str, Any]:
        return {"status": status, "body": {"code": code, "message": "refused"}}

    def hooked(self) -> Callable[..., Any]:
        """What each call passes."""
        from alpaca.common.rest import RESTClient

        return base.function(RESTClient, "_request")

    def order(self, address: str = "") -> Any:
        """A market order."""
        from alpaca.trading.requests import MarketOrderRequest

        client = self._at(address) if address else self.client
        return client.submit_order(
            MarketOrderRequest(
                symbol="AAPL", qty=1, side="buy", time_in_force="day", client_order_id=base.CLIENT_ID
            )
        )

    def looking(self) -> dict[str, dict[str, Any]]:
        """Limits are in headers."""
        moment = datetime.now(UTC) + timedelta(seconds=self.ahead)
        headers = {
            "X-RateLimit-Limit": "100",
            "X-RateLimit-Remaining": "40",
            "X-RateLimit-Reset": str(int(moment.timestamp()) + 30),
        }
        later = "2030-01-07T14:30:00-05:00"
        body = {"timestamp": moment.isoformat(), "is_open": True, "next_open": later, "next_close": later}
        return {"GET /v2/clock": {"headers": headers, "body": body}}

    def look(self) -> Any:
        """The market's clock."""
        return self.client.get_clock()

    def open_stream(self) -> Callable[[], Any]:
        """Bars."""
        from alpaca.data.live import StockDataStream

        self.remote.drive(
            replies={
                "": _packed({"T": "success", "msg": "connected"}),
                "auth": _packed({"T": "success", "msg": "authenticated"}),
            }
        )
        stream = StockDataStream(
            base.KEY, base.SECRET, raw_data=True, url_override=f"ws://{self.remote.address}"
        )

        async def handle(_: Any) -> None:
            pass

        stream.subscribe_quotes(handle, "AAPL")
        thread = threading.Thread(target=stream.run, daemon=True)
        thread.start()

        def close() -> None:
            stream.stop()
            thread.join()

        return close

    def tick(self, number: int) -> str:
        """A quote."""
        import msgpack

        moment = msgpack.Timestamp.from_datetime(datetime.now(UTC))
        return _packed({"T": "q", "S": "AAPL", "bp": 100.0, "ap": 101.0, "bs": number, "as": 1, "t": moment})


def _packed(message: Mapping[str, Any]) -> str:
    """A message as Alpaca sends it: a list, as MessagePack."""
    import msgpack

    packed: bytes = msgpack.packb([message])
    return "hex:" + packed.hex()
