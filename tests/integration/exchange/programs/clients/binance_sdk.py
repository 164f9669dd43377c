"""binance-sdk-spot on a fake Binance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import base, binance_connector


class Client(binance_connector.Client):
    """Spot, of the modular connectors."""

    name = "binance_sdk"

    def _at(self, address: str) -> Any:
        from binance_common.configuration import ConfigurationRestAPI
        from binance_sdk_spot.spot import Spot

        configuration = ConfigurationRestAPI(
            api_key=base.KEY, api_secret=base.SECRET, base_path=address, retries=0, timeout=5000
        )
        return Spot(config_rest_api=configuration).rest_api

    def hooked(self) -> Callable[..., Any]:
        """What each call passes; the modules of a connector hold it by name."""
        from binance_sdk_spot.rest_api.api import trade_api

        return base.function(trade_api, "send_request")

    def order(self, address: str = "") -> Any:
        """A limit order."""
        client = self._at(address) if address else self.client
        return client.new_order(
            symbol="BTCUSDT",
            side="BUY",
            type="LIMIT",
            time_in_force="GTC",
            quantity=1.0,
            price=1.0,
            new_client_order_id=base.CLIENT_ID,
        )

    def open_orders(self) -> tuple[Callable[[], Any], Callable[[], Any]]:
        """https://developers.binance.com/docs/binance-spot-api-docs/websocket-api/trading-requests"""
        from binance_common.configuration import ConfigurationWebSocketAPI
        from binance_sdk_spot.spot import Spot

        loop = base.Loop()
        configuration = ConfigurationWebSocketAPI(
            api_key=base.KEY, api_secret=base.SECRET, stream_url=f"ws://{self.remote.address}"
        )
        connection = loop.run(Spot(config_ws_api=configuration).websocket_api.create_connection())

        def send() -> None:
            loop.begin(
                connection.order_place(
                    symbol="BTCUSDT",
                    side="BUY",
                    type="LIMIT",
                    time_in_force="GTC",
                    quantity=1.0,
                    price=1.0,
                    new_client_order_id=base.CLIENT_ID,
                )
            )

        def close() -> None:
            loop.run(connection.close_connection(close_session=True))
            loop.stop()

        return send, close

    def open_stream(self) -> Callable[[], Any]:
        """Changes of an order book."""
        from binance_common.configuration import ConfigurationWebSocketStreams
        from binance_sdk_spot.spot import Spot

        loop = base.Loop()
        configuration = ConfigurationWebSocketStreams(stream_url=f"ws://{self.remote.address}")
        client = Spot(config_ws_streams=configuration)

        connection = loop.run(client.websocket_streams.create_connection())
        loop.run(connection.diff_book_depth(symbol="btcusdt"))

        def close() -> None:
            loop.run(connection.close_connection(close_session=True))
            loop.stop()

        return close
