"""Binance's modular connectors, such as binance-sdk-spot: https://github.com/binance/binance-connector-python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ...names import BATCHES, CANCELS, EDITS, ORDER_QUERIES, SUBMITS
from ..binance import payloads
from ..plain import plain
from ..protocol import Call, ExchangeClient

#: Calls of which the answer is looked at: the library makes its objects anew each time that they are asked for.
_LOOKED_AT = SUBMITS | EDITS | BATCHES | CANCELS | ORDER_QUERIES | {"fetch_time"}


class BinanceSdk(ExchangeClient):
    """All of them call through binance-common 1 and later."""

    name = "binance_sdk"
    library = "binance_common"
    exchange = "binance"
    calls = ("binance_common.utils:send_request",)
    sockets = ("binance_common.websocket:WebSocketCommon.init_connection",)
    credentials = ("configuration.api_key", "configuration.api_secret", "configuration.private_key")
    impossible: ClassVar[Mapping[str, str]] = {
        "reconnects": "the library gives a lost connection up; that it is lost is told",
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

    def result(self, call: Call, result: Any) -> Any:
        """`ApiResponse.data()`."""
        if call.operation not in _LOOKED_AT:
            return None
        data = result.data()
        if isinstance(data, list):
            return payloads.unified(call.operation, [plain(each) for each in data])
        return payloads.unified(call.operation, plain(data))

    def time(self, call: Call, result: Any) -> float | None:
        """`/api/v3/time` tells it."""
        if call.operation != "fetch_time":
            return None
        moment = plain(result.data()).get("serverTime")
        return moment / 1000 if isinstance(moment, int) else None
