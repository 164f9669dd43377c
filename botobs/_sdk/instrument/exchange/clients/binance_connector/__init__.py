"""binance-connector, Binance's client of the first generation: https://github.com/binance/binance-connector-python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

from ..binance import payloads
from ..plain import UNDECODED
from ..protocol import Call, ExchangeClient


class BinanceConnector(ExchangeClient):
    """binance-connector 3 and binance-futures-connector 4: HTTP and streams."""

    name = "binance_connector"
    library = "binance.api"
    exchange = "binance"
    session = "session"
    calls = ("binance.api:API.send_request",)
    requests = ("binance.websocket.websocket_client:BinanceWebsocketClient.send",)
    sockets = ("binance.websocket.binance_socket_manager:BinanceSocketManager.create_ws_connection",)
    credentials = ("api_key", "api_secret", "private_key", "private_key_pass")
    impossible: ClassVar[Mapping[str, str]] = {
        "reconnects": "the library does not reconnect by itself; a lost connection is reported",
        "sequence": UNDECODED,
    }

    def address(self, client: Any) -> str:
        """`base_url`; of a WebSocket that of its manager."""
        manager = getattr(client, "socket_manager", None)
        return str(client.base_url if manager is None else manager.stream_url)

    def call(self, client: Any, arguments: Mapping[str, Any]) -> Call | None:  # noqa: ARG002 - the protocol's
        """`send_request(http_method, url_path, payload)`."""
        method, path = str(arguments["http_method"]), urlsplit(str(arguments["url_path"])).path
        data = arguments.get("payload") or {}
        return Call(
            method,
            path,
            payloads.operation(method, path),
            payloads.order_of(data),
            payloads.submitted(path, data),
            data,
        )

    def request(self, client: Any, arguments: Mapping[str, Any]) -> Call | None:  # noqa: ARG002 - the protocol's
        """`send(message)`, of the WebSocket API and of streams."""
        return payloads.ws_call(arguments["message"])

    def request_id(self, message: Mapping[str, Any]) -> str:
        """Return `id` of the message."""
        return str(message.get("id") or "")

    def socket(self, client: Any) -> Any:
        """Return the socket of the client's manager."""
        return getattr(getattr(client, "socket_manager", None), "ws", None)

    def error(self, call: Call, result: Any) -> str:
        """The error in a WebSocket's response; HTTP calls raise."""
        return "" if call.method else payloads.ws_error(result)

    def result(self, call: Call, result: Any) -> Any:
        """With `show_limit_usage` and `show_header` there is more beside the data; `result` is a WebSocket's."""
        return payloads.unified(call.operation, _data(result) if call.method else result.get("result"))

    def time(self, call: Call, result: Any) -> float | None:
        """The time in responses of `/api/v3/time` and `/api/v3/exchangeInfo`, in seconds since the epoch."""
        data = _data(result) if call.method else result.get("result")
        moment = data.get("serverTime") if isinstance(data, Mapping) else None
        return moment / 1000 if isinstance(moment, int) else None


def _data(result: Any) -> Any:
    beside = isinstance(result, Mapping) and {"limit_usage", "header"} & result.keys()
    return result.get("data") if beside else result
