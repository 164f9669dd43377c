"""pybit, the client of Bybit: https://github.com/bybit-exchange/pybit."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from ..plain import number
from ..protocol import Call, ExchangeClient, LimitState, Update
from . import _words


class Pybit(ExchangeClient):
    """pybit 5.9 and later: its HTTP sessions and its streams."""

    name = "pybit"
    library = "pybit"
    exchange = "bybit"
    http = "requests"
    session = "client"
    calls = (
        "pybit._http_manager:_V5HTTPManager._submit_request",
        # Until pybit 5.10 the module was a package.
        "pybit._http_manager._http_manager:_V5HTTPManager._submit_request",
    )
    requests = ("pybit._websocket_trading:_V5TradeWebSocketManager._send_order_operation",)
    sockets = ("pybit._websocket_stream:_WebSocketManager._connect",)
    messages = (
        "pybit._websocket_stream:_V5WebSocketManager._handle_incoming_message",
        "pybit._websocket_trading:_V5TradeWebSocketManager._handle_incoming_message",
    )
    credentials = ("api_key", "api_secret")

    def address(self, client: Any) -> str:
        """Return `endpoint`."""
        return str(client.endpoint)

    def call(self, client: Any, arguments: Mapping[str, Any]) -> Call | None:  # noqa: ARG002 - the protocol's
        """`_submit_request(method, path, query, auth)`."""
        method = str(arguments.get("method") or "GET")
        path = urlsplit(str(arguments.get("path") or "")).path
        query = arguments.get("query") or {}
        given = query.get("request")
        return Call(
            method,
            path,
            _words.OPERATIONS.get(path, "implicit"),
            _words.order(query),
            [_words.order(each) for each in given] if isinstance(given, list) else None,
            query,
        )

    def request(self, client: Any, arguments: Mapping[str, Any]) -> Call | None:  # noqa: ARG002 - the protocol's
        """`_send_order_operation(operation, callback, request)`; a batch is in `request` within the request."""
        name = str(arguments["operation"])
        sent = arguments["request"]
        given = sent.get("request")
        return Call(
            "",
            name,
            _words.SOCKET_OPERATIONS.get(name, "implicit"),
            _words.order(sent),
            [_words.order(each) for each in given] if isinstance(given, list) else None,
        )

    def request_id(self, message: Mapping[str, Any]) -> str:
        """Return `reqId`, which pybit makes."""
        return str(message.get("reqId") or "")

    def result(self, call: Call, result: Any) -> Any:
        """Return orders with their ids alone; those of a batch have their codes."""
        answer = _answer(result)
        inner = answer.get("result", answer.get("data"))
        if not isinstance(inner, Mapping):
            return None
        if call.operation == "fetch_status":
            return _words.status(inner.get("list") or ())
        if call.orders is None:
            listed = inner.get("list")
            return _words.unified(inner) if listed is None else [_words.unified(each) for each in listed]
        extra = answer.get("retExtInfo") or {}
        return _words.batch(inner.get("list") or [], extra.get("list") or [])

    def error(self, call: Call, result: Any) -> str:  # noqa: ARG002 - the protocol's
        """What `ignore_codes` lets pass is returned."""
        code = _answer(result).get("retCode")
        return str(code) if code else ""

    def time(self, call: Call, result: Any) -> float | None:  # noqa: ARG002 - the protocol's
        """Each response has the exchange's time in milliseconds, over WebSockets in its header."""
        answer = _answer(result)
        moment = number(answer.get("time") or _header(answer).get("Timenow"))
        return moment / 1000 if moment else None

    def limits(self, call: Call, result: Any) -> Iterable[LimitState]:
        """Over WebSockets what HTTP has in its headers is part of the response."""
        header = _header(_answer(result))
        if "X-Bapi-Limit-Status" in header:
            left, limit, reset = (number(header.get(f"X-Bapi-Limit{end}")) for end in _LIMIT_HEADERS)
            yield LimitState(call.path, limit=limit, remaining=left, reset_at=reset / 1000, per="endpoint")

    def socket(self, client: Any) -> Any:
        """Return `WebSocketApp.sock`."""
        return getattr(getattr(client, "ws", None), "sock", None)

    def message(self, client: Any, arguments: Mapping[str, Any]) -> Iterable[Update]:
        """`_handle_incoming_message(message)`, without pongs."""
        message = arguments["message"]
        topic = message.get("topic")
        if topic is not None:
            return (_words.update(topic, message),)
        if message.get("op") == "unsubscribe" and message.get("success"):
            subscription = client.subscriptions.get(message.get("req_id"))
            topics = json.loads(subscription)["args"] if subscription else ()
            return [Update(each, "other", ended=True) for each in topics]
        return ()


#: What is left, the limit, and when it starts over in milliseconds.
_LIMIT_HEADERS = ("-Status", "", "-Reset-Timestamp")


def _header(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    found = answer.get("header")
    return found if isinstance(found, Mapping) else {}


def _answer(result: Any) -> Mapping[str, Any]:
    """The response itself; with `record_request_time` and `return_response_headers` there is more beside it."""
    first = result[0] if isinstance(result, tuple) and result else result
    return first if isinstance(first, Mapping) else {}
