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
from ..refusal import Refusal
from ..rest import EXCHANGE
from ..sessions import Session
from . import words
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
    """All three addresses are the same here."""
    exchange = request.app[EXCHANGE]
    return await exchange.hub.serve(request, partial(_receive, exchange))


def _receive(exchange: Exchange, session: Session, text: str) -> None:
    if text == "ping":
        session.send("pong")
        return
    try:
        message = json.loads(text)
        operation, arguments = message["op"], message["args"]
    except (ValueError, KeyError, TypeError):
        _refuse(session, "60012", f"Illegal request: {text}")
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
        _refuse(session, "60012", f"Illegal request: {text}")


def _log_in(exchange: Exchange, session: Session, values: Mapping[str, Any]) -> None:
    exchange.counts.calls["login"] += 1
    try:
        check_login(exchange, values)
    except Refusal as refusal:
        exchange.counts.refusals[refusal.reason] += 1
        _refuse(session, *login_code_and_message(refusal))
        return
    session.logged_in = True
    _send(session, {"event": "login", "code": "0", "msg": "", "connId": _connection(session)})


def _subscribe(exchange: Exchange, session: Session, argument: dict[str, Any]) -> None:
    name = str(argument.get("channel"))
    if name == _ORDERS and not session.logged_in:
        _refuse(session, "60011", "Please log in.")
        return
    try:
        if name != _ORDERS:
            market_of(exchange, argument.get("instId"))
        if name.startswith(_CANDLES):
            span(name.removeprefix(_CANDLES))
        elif name not in (*_PUBLIC, _ORDERS):
            raise ValueError(f"no channel {name!r}")
    except (Refusal, ValueError):
        _refuse(
            session, "60018", f"Wrong URL or channel:{name},instId:{argument.get('instId')} doesn't exist."
        )
        return
    _send(session, {"event": "subscribe", "arg": argument, "connId": _connection(session)})
    session.channels[_channel(argument)] = argument
    if name == _BOOKS:
        session.without_snapshot.add(_channel(argument))


def _refuse(session: Session, code: str, message: str) -> None:
    _send(session, {"event": "error", "code": code, "msg": message, "connId": _connection(session)})


def _send(session: Session, message: dict[str, Any]) -> None:
    session.send(json.dumps(message))


def _connection(session: Session) -> str:
    return f"{id(session) & 0xFFFFFFFF:08x}"


def _channel(argument: Mapping[str, Any]) -> str:
    name = str(argument.get("channel"))
    return name if name == _ORDERS else f"{name}:{argument.get('instId')}"


class OkxStreams:
    """Brings news to who listens."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def book(self, market: Market, change: BookChange) -> None:
        """A change of a book; who has just subscribed gets the whole book instead."""
        now, instrument = self._exchange.milliseconds(), market.instrument
        argument = {"channel": _BOOKS, "instId": words.market_id(instrument)}
        channel = _channel(argument)
        sessions = list(self._exchange.hub.listeners(channel))
        update = words.update(instrument, change, market.published, now) if sessions else {}
        text = json.dumps({"arg": argument, "action": "update", "data": [update]})
        for session in sessions:
            if channel in session.without_snapshot:
                session.without_snapshot.remove(channel)
                snapshot = words.snapshot(instrument, market.published, now)
                _send(session, {"arg": argument, "action": "snapshot", "data": [snapshot]})
            else:
                session.send(text)

    def trade(self, market: Market, trade: Trade) -> None:
        """A public trade."""
        self._publish("trades", market, lambda: words.trade(market.instrument, trade))

    def summary(self, market: Market) -> None:
        """Ticker and running candles."""
        now = self._exchange.milliseconds()
        self._publish("tickers", market, lambda: words.ticker(market, now))
        for bar in ("1m", "5m", "15m", "1H"):
            self._publish(_CANDLES + bar, market, partial(_running_candle, market, bar))

    def order(self, order: Order) -> None:
        """A client's order, to those who listen to all markets or to its own."""
        data = words.order(order)
        for session in self._exchange.hub.listeners(_ORDERS):
            argument = session.channels[_ORDERS]
            if argument.get("instId") in (None, data["instId"]):
                _send(session, {"arg": argument, "data": [data]})

    def _publish(self, name: str, market: Market, data: Callable[[], Any]) -> None:
        argument = {"channel": name, "instId": words.market_id(market.instrument)}
        sessions = list(self._exchange.hub.listeners(_channel(argument)))
        text = json.dumps({"arg": argument, "data": [data()]}) if sessions else ""
        for session in sessions:
            session.send(text)


def _running_candle(market: Market, bar: str) -> list[str]:
    return words.candle(market.candles.spans(span(bar))[-1], finished=False)
