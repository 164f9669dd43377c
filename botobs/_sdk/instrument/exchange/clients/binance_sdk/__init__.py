"""Binance's modular connectors, such as binance-sdk-spot: https://github.com/binance/binance-connector-python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ...names import BATCHES, CANCELS, EDITS, ORDER_QUERIES, SUBMITS
from ..binance import payloads
from ..plain import plain
from ..protocol import Call, ExchangeClient


def _camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


#: Calls of which the response is looked at: the library makes new objects each time that they are read.
_LOOKED_AT = SUBMITS | EDITS | BATCHES | CANCELS | ORDER_QUERIES | {"fetch_status", "fetch_time"}


class BinanceSdk(ExchangeClient):
    """All of them call through binance-common 1 and later."""

    name = "binance_sdk"
    library = "binance_common"
    exchange = "binance"
    session = "session"
    calls = ("binance_common.utils:send_request",)
    requests = (
        "binance_common.websocket:WebSocketAPIBase.send_signed_message",
        "binance_common.websocket:WebSocketAPIBase.send_message",
    )
    sockets = ("binance_common.websocket:WebSocketCommon.init_connection",)
    credentials = ("configuration.api_key", "configuration.api_secret", "configuration.private_key")
    impossible: ClassVar[Mapping[str, str]] = {
        "reconnects": "the library gives a lost connection up; its loss is reported",
        "sequence": "the library decodes messages in the middle of its loop, where nothing else sees them; "
        "`trading.feed` counts what your handler tells",
    }

    def call(self, client: Any, arguments: Mapping[str, Any]) -> Call | None:  # noqa: ARG002 - the protocol's
        """`send_request(session, configuration, method, path, payload, body)`."""
        method, path = str(arguments["method"]), str(arguments["path"])
        data = {**(arguments.get("payload") or {}), **(arguments.get("body") or {})}
        return Call(
            method,
            path,
            payloads.operation(method, path),
            payloads.order_of(data),
            payloads.submitted(path, data),
            data,
        )

    def request(self, client: Any, arguments: Mapping[str, Any]) -> Call | None:  # noqa: ARG002 - the protocol's
        """`send_signed_message(payload)`, with parameters in snake case until it sends them."""
        payload = arguments["payload"]
        given = payload.get("params") or {}
        return payloads.ws_call({**payload, "params": {_camel_case(name): given[name] for name in given}})

    def request_id(self, message: Mapping[str, Any]) -> str:
        """Return `id` of the message."""
        return str(message.get("id") or "")

    def address(self, client: Any) -> str:
        """Return the address of its WebSockets; its HTTP calls are made by a function."""
        return str(client.configuration.stream_url)

    def socket(self, client: Any) -> Any:
        """Return the first socket of a pool: all of them are watched, or none."""
        connections = client.connections
        return connections[0].websocket if connections else None

    def error(self, call: Call, result: Any) -> str:
        """The error in a WebSocket's response; HTTP calls raise."""
        return "" if call.method else payloads.ws_error(result)

    def result(self, call: Call, result: Any) -> Any:
        """Return `ApiResponse.data()`; of a WebSocket's response `result`."""
        if not call.method:
            return payloads.unified(call.operation, result.get("result"))
        if call.operation not in _LOOKED_AT:
            return None
        data = result.data()
        if isinstance(data, list):
            return payloads.unified(call.operation, [plain(each) for each in data])
        return payloads.unified(call.operation, plain(data))

    def time(self, call: Call, result: Any) -> float | None:
        """The time in a response of `/api/v3/time`, in seconds since the epoch; None for other calls."""
        if call.operation != "fetch_time" or not call.method:
            return None
        moment = plain(result.data()).get("serverTime")
        return moment / 1000 if isinstance(moment, int) else None
