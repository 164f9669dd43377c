"""OKX's WebSockets: public and business channels, and private ones after a login."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
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
from .errors import login_code_and_message
from .rest import market_of
from .signing import check_login

routes = web.RouteTableDef()

_BOOKS = "books"
_ORDERS = "orders"
_PUBLIC = (_BOOKS, "trades", "tickers")
_CANDLES = "candle"


@routes.get("/ws/v5/public")
@routes.get("/ws/v5/private")
@routes.get("/ws/v5/business")
async def channels(request: web.Request) -> web.StreamResponse:
    """All three endpoints serve all channels here."""
    exchange = request.app[EXCHANGE]
    return await exchange.connections.serve(request, partial(_receive, exchange))


def _receive(exchange: Exchange, session: Session, text: str) -> None:
    if text == "ping":
        session.send("pong")
        return
    try:
        message = json.loads(text)
        operation, arguments = message["op"], message["args"]
    except (ValueError, KeyError, TypeError):
        _send_error(session, "60012", f"Illegal request: {text}")
        return
    if operation == "login":
        _log_in(exchange, session, arguments[0])
    elif operation == "subscribe":
        for argument in arguments:
            _subscribe(exchange, session, argument)
    elif operation == "unsubscribe":
        for argument in arguments:
            session.channels.pop(_channel(argument), None)
            _send(session, {"event": "unsubscribe", "arg": argument, "connId": _connection(session)})
    else:
        _send_error(session, "60012", f"Illegal request: {text}")


def _log_in(exchange: Exchange, session: Session, values: Mapping[str, Any]) -> None:
    exchange.counts.calls["login"] += 1
    try:
        check_login(exchange, values)
    except Rejection as rejection:
        exchange.counts.rejections[rejection.reason] += 1
        _send_error(session, *login_code_and_message(rejection))
        return
    session.logged_in = True
    _send(session, {"event": "login", "code": "0", "msg": "", "connId": _connection(session)})


def _subscribe(exchange: Exchange, session: Session, argument: dict[str, Any]) -> None:
    name = str(argument.get("channel"))
    if name == _ORDERS and not session.logged_in:
        _send_error(session, "60011", "Please log in.")
        return
    try:
        if name != _ORDERS:
            market_of(exchange, argument.get("instId"))
        if name.startswith(_CANDLES):
            span(name.removeprefix(_CANDLES))
        elif name not in (*_PUBLIC, _ORDERS):
            raise ValueError(f"no channel {name!r}")
    except (Rejection, ValueError):
        _send_error(
            session, "60018", f"Wrong URL or channel:{name},instId:{argument.get('instId')} doesn't exist."
        )
        return
    _send(session, {"event": "subscribe", "arg": argument, "connId": _connection(session)})
    session.channels[_channel(argument)] = argument
    if name == _BOOKS:
        session.without_snapshot.add(_channel(argument))


def _send_error(session: Session, code: str, message: str) -> None:
    _send(session, {"event": "error", "code": code, "msg": message, "connId": _connection(session)})


def _send(session: Session, message: dict[str, Any]) -> None:
    session.send(json.dumps(message))


def _connection(session: Session) -> str:
    return f"{id(session) & 0xFFFFFFFF:08x}"


def _channel(argument: Mapping[str, Any]) -> str:
    name = str(argument.get("channel"))
    return name if name == _ORDERS else f"{name}:{argument.get('instId')}"


class OkxStreams:
    """Sends OKX's messages to the subscribers."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def book(self, market: Market, change: BookChange) -> None:
        """Send an update of an order book; a new subscriber gets the snapshot instead."""
        now, instrument = self._exchange.milliseconds(), market.instrument
        argument = {"channel": _BOOKS, "instId": payloads.market_id(instrument)}
        channel = _channel(argument)
        sessions = list(self._exchange.connections.subscribers(channel))
        update = payloads.update(instrument, change, market.published, now) if sessions else {}
        text = json.dumps({"arg": argument, "action": "update", "data": [update]})
        for session in sessions:
            if channel in session.without_snapshot:
                session.without_snapshot.remove(channel)
                snapshot = payloads.snapshot(instrument, market.published, now)
                _send(session, {"arg": argument, "action": "snapshot", "data": [snapshot]})
            else:
                session.send(text)

    def trade(self, market: Market, trade: Trade) -> None:
        """Send a public trade."""
        self._publish("trades", market, lambda: payloads.trade(market.instrument, trade))

    def summary(self, market: Market) -> None:
        """Send ticker and current candles."""
        now = self._exchange.milliseconds()
        self._publish("tickers", market, lambda: payloads.ticker(market, now))
        for bar in ("1m", "5m", "15m", "1H"):
            self._publish(_CANDLES + bar, market, partial(_running_candle, market, bar))

    def order(self, order: Order) -> None:
        """Send an order to the subscribers of its market, and of all markets."""
        data = payloads.order(order)
        for session in self._exchange.connections.subscribers(_ORDERS):
            argument = session.channels[_ORDERS]
            if argument.get("instId") in (None, data["instId"]):
                _send(session, {"arg": argument, "data": [data]})

    def _publish(self, name: str, market: Market, data: Callable[[], Any]) -> None:
        argument = {"channel": name, "instId": payloads.market_id(market.instrument)}
        sessions = list(self._exchange.connections.subscribers(_channel(argument)))
        text = json.dumps({"arg": argument, "data": [data()]}) if sessions else ""
        for session in sessions:
            session.send(text)


def _running_candle(market: Market, bar: str) -> list[str]:
    return payloads.candle(market.candles.spans(span(bar))[-1], finished=False)
