"""Binance's WebSockets: market streams, and the user data stream by listen key or by signature."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from ..candles import span
from ..exchange import Exchange
from ..market import BookChange, Market, Trade
from ..orders import Order
from ..rejection import Rejection
from ..rest import EXCHANGE
from ..sessions import Session
from . import payloads
from .errors import code_and_message
from .rest import LISTEN_KEY
from .signing import check_socket_parameters

routes = web.RouteTableDef()

#: The channel of the user data stream, and the argument of a subscription by signature.
_ACCOUNT = LISTEN_KEY
_BY_SIGNATURE = "signature"


@routes.get("/stream/ws/{names:.*}")
@routes.get("/stream/ws")
@routes.get("/stream")
async def market_streams(request: web.Request) -> web.StreamResponse:
    """Streams named in the URL (`/ws/btcusdt@trade`, `?streams=a/b`) or subscribed to later."""
    exchange = request.app[EXCHANGE]
    named = request.query.get("streams", request.match_info.get("names", "")).split("/")

    def welcome(session: Session) -> None:
        session.combined = "streams" in request.query
        # ccxt's URLs end with a number that distinguishes its connections and names no stream.
        session.channels.update({name: None for name in named if "@" in name or name == LISTEN_KEY})

    return await exchange.connections.serve(request, _serve_market_streams, welcome)


@routes.get("/ws-api/v3")
async def requests(request: web.Request) -> web.StreamResponse:
    """The WebSocket API; only the subscription to the user data stream is supported."""
    exchange = request.app[EXCHANGE]

    def receive(session: Session, text: str) -> None:
        session.send(json.dumps(_answer(exchange, session, text)))

    return await exchange.connections.serve(request, receive)


def _serve_market_streams(session: Session, text: str) -> None:
    try:
        message = json.loads(text)
        method, names, number = message["method"], message.get("params", []), message["id"]
    except (ValueError, KeyError, TypeError):
        session.send(json.dumps({"error": {"code": 2, "msg": "Invalid request: invalid JSON"}, "id": None}))
        return
    if method == "SUBSCRIBE":
        session.channels.update(dict.fromkeys(names))
    elif method == "UNSUBSCRIBE":
        for name in names:
            session.channels.pop(name, None)
    result = list(session.channels) if method == "LIST_SUBSCRIPTIONS" else None
    session.send(json.dumps({"result": result, "id": number}))


def _answer(exchange: Exchange, session: Session, text: str) -> dict[str, Any]:
    try:
        message = json.loads(text)
        number, method, values = message["id"], message["method"], message.get("params", {})
    except (ValueError, KeyError, TypeError):
        return _refused(None, 400, -1100, "Illegal characters found in a parameter.")
    if method == "userDataStream.subscribe.signature":
        exchange.counts.calls[method] += 1
        try:
            check_socket_parameters(exchange, values)
        except Rejection as rejection:
            exchange.counts.rejections[rejection.reason] += 1
            return _refused(number, *code_and_message(rejection))
        session.channels[_ACCOUNT] = _BY_SIGNATURE
        return {"id": number, "status": 200, "result": {"subscriptionId": 0}, "rateLimits": []}
    if method == "userDataStream.unsubscribe":
        session.channels.pop(_ACCOUNT, None)
        return {"id": number, "status": 200, "result": {}, "rateLimits": []}
    return _refused(number, 400, -1102, f"The method '{method}' is not known.")


def _refused(number: Any, status: int, code: int, message: str) -> dict[str, Any]:
    return {"id": number, "status": status, "error": {"code": code, "msg": message}, "rateLimits": []}


class BinanceStreams:
    """Sends Binance's messages to the subscribers."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def book(self, market: Market, change: BookChange) -> None:
        """Send an update of an order book; both update speeds are the same here."""
        event = payloads.depth_update(market.instrument, change, self._exchange.milliseconds())
        for speed in ("depth@100ms", "depth"):
            self._send(_channel(market, speed), event)
        self._send(
            _channel(market, "bookTicker"), payloads.book_ticker_event(market.instrument, market.published)
        )

    def trade(self, market: Market, trade: Trade) -> None:
        """Send a public trade."""
        now = self._exchange.milliseconds()
        self._send(_channel(market, "trade"), payloads.trade_event(market.instrument, trade, now))
        self._send(
            _channel(market, "aggTrade"), payloads.aggregate_trade_event(market.instrument, trade, now)
        )

    def summary(self, market: Market) -> None:
        """Send tickers and current candles."""
        now = self._exchange.milliseconds()
        self._send(_channel(market, "ticker"), payloads.ticker_event(market, now))
        self._send(_channel(market, "miniTicker"), payloads.mini_ticker_event(market, now))
        for interval in ("1m", "5m", "15m", "1h"):
            channel = _channel(market, f"kline_{interval}")
            if not any(self._exchange.connections.subscribers(channel)):
                continue
            length = span(interval)
            candle = market.candles.spans(length)[-1]
            self._send(channel, payloads.kline_event(market.instrument, interval, length, candle, now))

    def order(self, order: Order) -> None:
        """Send an execution report."""
        report = payloads.execution_report(order)
        for session in self._exchange.connections.subscribers(_ACCOUNT):
            by_signature = session.channels[_ACCOUNT] == _BY_SIGNATURE
            session.send(json.dumps({"subscriptionId": 0, "event": report} if by_signature else report))

    def _send(self, channel: str, event: dict[str, Any]) -> None:
        sessions = list(self._exchange.connections.subscribers(channel))
        text = json.dumps(event) if sessions else ""
        for session in sessions:
            session.send(f'{{"stream":"{channel}","data":{text}}}' if session.combined else text)


def _channel(market: Market, name: str) -> str:
    return f"{payloads.market_id(market.instrument).lower()}@{name}"
