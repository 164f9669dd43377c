"""OKX's REST API."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from ..candles import span
from ..exchange import Exchange
from ..faults import Fault
from ..market import Market
from ..orders import Order, Request
from ..rejection import Reason, Rejection
from ..rest import EXCHANGE, amount_of, number_of
from . import payloads
from .errors import code_and_message
from .signing import check_request

routes = web.RouteTableDef()


@routes.get("/api/v5/public/time", name="fetch_time")
async def fetch_time(request: web.Request) -> web.Response:
    """Respond with the exchange's clock, in milliseconds since the epoch."""
    return _data([{"ts": str(request.app[EXCHANGE].milliseconds())}])


@routes.get("/api/v5/public/instruments", name="fetch_markets")
async def fetch_markets(request: web.Request) -> web.Response:
    """The markets; only spot markets exist."""
    exchange = request.app[EXCHANGE]
    markets = exchange.markets.values() if request.query.get("instType") == "SPOT" else ()
    suspended = exchange.faults.active(Fault.MARKETS_SUSPENDED)
    return _data([payloads.market_info(market.instrument, suspended) for market in markets])


@routes.get("/api/v5/system/status", name="fetch_status")
async def fetch_status(request: web.Request) -> web.Response:
    """The maintenances that are planned or under way."""
    exchange = request.app[EXCHANGE]
    if not exchange.faults.active(Fault.MAINTENANCE):
        return _data([])
    now = exchange.milliseconds()
    status = {
        "title": "Upgrade",
        "state": "ongoing",
        "begin": str(now),
        "end": str(now + 60_000),
        "system": "unified",
    }
    return _data([status])


@routes.get("/api/v5/market/books", name="fetch_order_book")
async def fetch_order_book(request: web.Request) -> web.Response:
    """An order book."""
    exchange, market = request.app[EXCHANGE], _market(request, request.query)
    limit = _limit(request.query, "sz", 1, 400)
    return _data([payloads.books(market.instrument, exchange.book(market), exchange.milliseconds(), limit)])


@routes.get("/api/v5/market/trades", name="fetch_trades")
async def fetch_trades(request: web.Request) -> web.Response:
    """The last public trades, newest first."""
    market = _market(request, request.query)
    trades = list(market.trades)[: -_limit(request.query, "limit", 100, 500) - 1 : -1]
    return _data([payloads.trade(market.instrument, trade) for trade in trades])


@routes.get("/api/v5/market/candles", name="fetch_ohlcv")
async def fetch_ohlcv(request: web.Request) -> web.Response:
    """Candles, newest first: later than `before` and earlier than `after`."""
    return _candles(request, most=300)


@routes.get("/api/v5/market/history-candles", name="fetch_ohlcv_history")
async def fetch_ohlcv_history(request: web.Request) -> web.Response:
    """Older candles, with the same parameters."""
    return _candles(request, most=100)


@routes.get("/api/v5/market/ticker", name="fetch_ticker")
async def fetch_ticker(request: web.Request) -> web.Response:
    """The last 24 hours of one market."""
    exchange = request.app[EXCHANGE]
    return _data([payloads.ticker(_market(request, request.query), exchange.milliseconds())])


@routes.get("/api/v5/market/tickers", name="fetch_tickers")
async def fetch_tickers(request: web.Request) -> web.Response:
    """The last 24 hours of all markets."""
    exchange = request.app[EXCHANGE]
    return _data([payloads.ticker(market, exchange.milliseconds()) for market in exchange.markets.values()])


@routes.post("/api/v5/trade/{form:order|batch-orders}", name="create_order")
async def create_order(request: web.Request) -> web.Response:
    """Place one order, or a list of orders; each has its own result."""
    await check_request(request)
    exchange, body = request.app[EXCHANGE], await _body(request)
    outcomes = [_place(exchange, each) for each in (body if isinstance(body, list) else [body])]
    return _outcomes(outcomes)


@routes.post("/api/v5/trade/cancel-order", name="cancel_order")
async def cancel_order(request: web.Request) -> web.Response:
    """Cancel an order."""
    await check_request(request)
    exchange, values = request.app[EXCHANGE], await _body(request)
    try:
        order = _find(exchange, values)
        exchange.cancel(order)
    except Rejection as rejection:
        exchange.counts.rejections[rejection.reason] += 1
        message = "Order cancellation failed as the order has been filled, canceled or does not exist."
        return _outcomes([_outcome(exchange, values, code="51400", message=message)])
    return _outcomes([_outcome(exchange, values, order=order)])


@routes.get("/api/v5/trade/order", name="fetch_order")
async def fetch_order(request: web.Request) -> web.Response:
    """An order."""
    await check_request(request)
    return _data([payloads.order(_find(request.app[EXCHANGE], request.query))])


@routes.get("/api/v5/trade/orders-pending", name="fetch_open_orders")
async def fetch_open_orders(request: web.Request) -> web.Response:
    """The open orders, newest first, of one market or of all."""
    await check_request(request)
    symbol = _market(request, request.query).instrument.symbol if "instId" in request.query else None
    orders = request.app[EXCHANGE].orders.all(symbol, open_only=True)
    return _data(
        [payloads.order(order) for order in orders[: -_limit(request.query, "limit", 100, 100) - 1 : -1]]
    )


@routes.get("/api/v5/trade/fills-history", name="fetch_my_trades")
async def fetch_my_trades(request: web.Request) -> web.Response:
    """The fills of the account's orders, newest first, from `begin` on, of one market or of all."""
    await check_request(request)
    symbol = _market(request, request.query).instrument.symbol if "instId" in request.query else None
    since = request.query.get("begin", "0")
    if not since.isdecimal():
        raise Rejection(Reason.PARAMETER, "begin")
    fills = [
        payloads.my_trade(order, fill)
        for order in request.app[EXCHANGE].orders.all(symbol)
        for fill in order.fills
        if fill.timestamp >= int(since)
    ]
    return _data(fills[: -_limit(request.query, "limit", 100, 100) - 1 : -1])


@routes.get("/api/v5/account/balance", name="fetch_balance")
async def fetch_balance(request: web.Request) -> web.Response:
    """The balances of the account."""
    await check_request(request)
    exchange = request.app[EXCHANGE]
    now = exchange.milliseconds()
    details = [payloads.balance(currency, balance, now) for currency, balance in exchange.account.balances()]
    return _data([{"uTime": str(now), "totalEq": "", "details": details}])


def _candles(request: web.Request, most: int) -> web.Response:
    market = _market(request, request.query)
    try:
        length = span(request.query.get("bar", "1m"))
        since, until = int(request.query.get("before", -1)) + 1, int(request.query.get("after", 2**53))
    except ValueError:
        raise Rejection(Reason.PARAMETER, "bar") from None
    candles = market.candles.spans(length, since, until)[
        : -_limit(request.query, "limit", 100, most) - 1 : -1
    ]
    now = request.app[EXCHANGE].milliseconds()
    return _data([payloads.candle(candle, candle.timestamp + length <= now) for candle in candles])


def _data(data: list[Any], code: str = "0", message: str = "") -> web.Response:
    return web.json_response({"code": code, "data": data, "msg": message})


def _outcomes(outcomes: list[dict[str, str]]) -> web.Response:
    failed = sum(outcome["sCode"] != "0" for outcome in outcomes)
    if not failed:
        return _data(outcomes)
    code = "1" if failed == len(outcomes) else "2"
    return _data(
        outcomes, code, "All operations failed" if code == "1" else "Bulk operation partially succeeded."
    )


def _outcome(
    exchange: Exchange,
    values: Mapping[str, str],
    order: Order | None = None,
    code: str = "0",
    message: str = "",
) -> dict[str, str]:
    client_id = order.request.client_id if order else values.get("clOrdId", "")
    order_id = str(order.id) if order else values.get("ordId", "")
    ids = {"ordId": order_id, "clOrdId": client_id, "tag": values.get("tag", "")}
    return ids | {"ts": str(exchange.milliseconds()), "sCode": code, "sMsg": message}


def _place(exchange: Exchange, values: Mapping[str, str]) -> dict[str, str]:
    try:
        return _outcome(exchange, values, order=exchange.place(_order_request(exchange, values)))
    except Rejection as rejection:
        exchange.counts.orders_rejected += 1
        exchange.counts.rejections[rejection.reason] += 1
        code, message = code_and_message(rejection)
        return _outcome(exchange, values, code=code, message=message)


def _order_request(exchange: Exchange, values: Mapping[str, str]) -> Request:
    instrument = market_of(exchange, values.get("instId")).instrument
    side, kind = values.get("side", ""), values.get("ordType", "")
    if side not in ("buy", "sell"):
        raise Rejection(Reason.PARAMETER, "side")
    if kind not in ("limit", "market"):
        raise Rejection(Reason.PARAMETER, "ordType")
    return Request(
        client_id=values.get("clOrdId") or uuid.uuid4().hex,
        instrument=instrument,
        side="buy" if side == "buy" else "sell",
        type="limit" if kind == "limit" else "market",
        amount=amount_of(values.get("sz", ""), instrument, "sz"),
        price=number_of(values.get("px", ""), "px") if kind == "limit" else None,
    )


def market_of(exchange: Exchange, wanted: str | None) -> Market:
    """The market of an `instId`.

    Raises:
        Rejection: There is no such market.
    """
    for market in exchange.markets.values():
        if payloads.market_id(market.instrument) == wanted:
            return market
    raise Rejection(Reason.SYMBOL)


def _market(request: web.Request, values: Mapping[str, str]) -> Market:
    return market_of(request.app[EXCHANGE], values.get("instId"))


def _find(exchange: Exchange, values: Mapping[str, str]) -> Order:
    return exchange.orders.find(values.get("ordId"), values.get("clOrdId"))


async def _body(request: web.Request) -> Any:
    try:
        return json.loads(await request.text())
    except ValueError:
        raise Rejection(Reason.PARAMETER, "body") from None


def _limit(values: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = values.get(name, str(default))
    if not text.isdecimal() or not int(text):
        raise Rejection(Reason.PARAMETER, name)
    return min(int(text), most)
