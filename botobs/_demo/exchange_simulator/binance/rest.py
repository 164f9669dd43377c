"""Binance's REST API."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from aiohttp import web

from ..candles import span
from ..exchange import Exchange
from ..faults import Fault
from ..market import Market, Trade
from ..orders import Order, Request
from ..rejection import Reason, Rejection
from ..rest import EXCHANGE, amount_of, number_of
from . import payloads
from .signing import check_key, parameters, signed_parameters

routes = web.RouteTableDef()

#: The listen key of the user data stream.
LISTEN_KEY = "demo-listen-key"


@routes.get("/api/v3/ping", name="ping")
async def ping(_: web.Request) -> web.Response:
    """Respond with an empty object."""
    return web.json_response({})


@routes.get("/api/v3/time", name="fetch_time")
async def fetch_time(request: web.Request) -> web.Response:
    """Respond with the exchange's clock, in milliseconds since the epoch."""
    return web.json_response({"serverTime": request.app[EXCHANGE].milliseconds()})


@routes.get("/sapi/v1/system/status", name="fetch_status")
async def fetch_status(request: web.Request) -> web.Response:
    """Whether the exchange is in maintenance."""
    closed = request.app[EXCHANGE].faults.active(Fault.MAINTENANCE)
    return web.json_response({"status": int(closed), "msg": "system_maintenance" if closed else "normal"})


@routes.get("/api/v3/exchangeInfo", name="fetch_markets")
async def fetch_markets(request: web.Request) -> web.Response:
    """The markets and the rate limits."""
    exchange = request.app[EXCHANGE]
    return web.json_response(
        {
            "timezone": "UTC",
            "serverTime": exchange.milliseconds(),
            "rateLimits": payloads.rate_limits(),
            "exchangeFilters": [],
            "symbols": [
                payloads.market_info(market.instrument, exchange.faults.active(Fault.MARKETS_SUSPENDED))
                for market in exchange.markets.values()
            ],
        }
    )


@routes.get("/api/v3/depth", name="fetch_order_book")
async def fetch_order_book(request: web.Request) -> web.Response:
    """An order book."""
    values = await parameters(request)
    market = _market(request, values)
    book = request.app[EXCHANGE].book(market)
    return web.json_response(payloads.depth(market.instrument, book, _limit(values, 100, 5_000)))


@routes.get("/api/v3/aggTrades", name="fetch_trades")
async def fetch_trades(request: web.Request) -> web.Response:
    """The last public trades as aggregate trades, which ccxt requests."""
    return web.json_response([payloads.aggregate_trade(trade) for trade in await _trades(request)])


@routes.get("/api/v3/trades", name="fetch_recent_trades")
async def fetch_recent_trades(request: web.Request) -> web.Response:
    """The last public trades, one by one."""
    return web.json_response([payloads.trade(trade) for trade in await _trades(request)])


@routes.get("/api/v3/klines", name="fetch_ohlcv")
async def fetch_ohlcv(request: web.Request) -> web.Response:
    """Candles from `startTime` on, or the last ones without it."""
    values = await parameters(request)
    market, limit = _market(request, values), _limit(values, 500, 1_000)
    try:
        length = span(values.get("interval", ""))
        since, until = int(values.get("startTime", 0)), int(values.get("endTime", 2**53))
    except ValueError:
        raise Rejection(Reason.PARAMETER, "interval") from None
    candles = market.candles.spans(length, since, until + 1)
    chosen = candles[:limit] if since else candles[-limit:]
    return web.json_response([payloads.kline(candle, length) for candle in chosen])


@routes.get("/api/v3/ticker/24hr", name="fetch_ticker")
async def fetch_ticker(request: web.Request) -> web.Response:
    """The last 24 hours of one market, or of all."""
    values, exchange = await parameters(request), request.app[EXCHANGE]
    now = exchange.milliseconds()
    if "symbol" in values:
        return web.json_response(payloads.ticker(_market(request, values), now))
    return web.json_response([payloads.ticker(market, now) for market in exchange.markets.values()])


@routes.post("/api/v3/order", name="create_order")
async def create_order(request: web.Request) -> web.Response:
    """Place an order."""
    values = await signed_parameters(request)
    order = request.app[EXCHANGE].place(_order_request(_market(request, values), values))
    return web.json_response(payloads.placed(order))


@routes.delete("/api/v3/order", name="cancel_order")
async def cancel_order(request: web.Request) -> web.Response:
    """Cancel an order."""
    exchange = request.app[EXCHANGE]
    order = _find(exchange, await signed_parameters(request))
    exchange.cancel(order)
    return web.json_response(payloads.cancelled(order))


@routes.get("/api/v3/order", name="fetch_order")
async def fetch_order(request: web.Request) -> web.Response:
    """An order."""
    return web.json_response(payloads.order(_find(request.app[EXCHANGE], await signed_parameters(request))))


@routes.get("/api/v3/openOrders", name="fetch_open_orders")
async def fetch_open_orders(request: web.Request) -> web.Response:
    """The open orders, of one market or of all."""
    return await _orders(request, open_only=True)


@routes.get("/api/v3/allOrders", name="fetch_orders")
async def fetch_orders(request: web.Request) -> web.Response:
    """The orders of a market."""
    return await _orders(request, open_only=False)


@routes.get("/api/v3/myTrades", name="fetch_my_trades")
async def fetch_my_trades(request: web.Request) -> web.Response:
    """The fills of the account's orders in a market, from `startTime` on."""
    values = await signed_parameters(request)
    symbol, since = _market(request, values).instrument.symbol, values.get("startTime", "0")
    if not since.isdecimal():
        raise Rejection(Reason.PARAMETER, "startTime")
    fills = [
        payloads.my_trade(order, fill)
        for order in request.app[EXCHANGE].orders.all(symbol)
        for fill in order.fills
        if fill.timestamp >= int(since)
    ]
    return web.json_response(fills[-_limit(values, 500, 1_000) :])


@routes.get("/api/v3/account", name="fetch_balance")
async def fetch_balance(request: web.Request) -> web.Response:
    """The balances of the account."""
    await signed_parameters(request)
    exchange = request.app[EXCHANGE]
    return web.json_response(
        {
            "makerCommission": 0,
            "takerCommission": 0,
            "canTrade": True,
            "canWithdraw": False,
            "canDeposit": False,
            "updateTime": exchange.milliseconds(),
            "accountType": "SPOT",
            "balances": [payloads.balance(*each) for each in exchange.account.balances()],
            "permissions": ["SPOT"],
        }
    )


@routes.post("/api/v3/userDataStream", name="listen_key")
async def create_listen_key(request: web.Request) -> web.Response:
    """The listen key of the user data stream."""
    check_key(request)
    return web.json_response({"listenKey": LISTEN_KEY})


@routes.put("/api/v3/userDataStream", name="listen_key")
@routes.delete("/api/v3/userDataStream", name="listen_key")
async def keep_listen_key(request: web.Request) -> web.Response:
    """Extend or close the listen key; it does not expire."""
    check_key(request)
    return web.json_response({})


async def _trades(request: web.Request) -> list[Trade]:
    values = await parameters(request)
    return list(_market(request, values).trades)[-_limit(values, 500, 1_000) :]


async def _orders(request: web.Request, open_only: bool) -> web.Response:
    values = await signed_parameters(request)
    symbol = _market(request, values).instrument.symbol if "symbol" in values else None
    orders = request.app[EXCHANGE].orders.all(symbol, open_only)[-_limit(values, 500, 1_000) :]
    return web.json_response([payloads.order(order) for order in orders])


def _market(request: web.Request, values: Mapping[str, str]) -> Market:
    wanted = values.get("symbol")
    for market in request.app[EXCHANGE].markets.values():
        if payloads.market_id(market.instrument) == wanted:
            return market
    raise Rejection(Reason.SYMBOL)


def _order_request(market: Market, values: Mapping[str, str]) -> Request:
    instrument = market.instrument
    side, kind = values.get("side", "").lower(), values.get("type", "").lower()
    if side not in ("buy", "sell"):
        raise Rejection(Reason.PARAMETER, "side")
    if kind not in ("limit", "market"):
        raise Rejection(Reason.PARAMETER, "type")
    return Request(
        client_id=values.get("newClientOrderId") or uuid.uuid4().hex[:22],
        instrument=instrument,
        side="buy" if side == "buy" else "sell",
        type="limit" if kind == "limit" else "market",
        amount=amount_of(values.get("quantity", ""), instrument, "quantity"),
        price=number_of(values.get("price", ""), "price") if kind == "limit" else None,
    )


def _find(exchange: Exchange, values: Mapping[str, str]) -> Order:
    return exchange.orders.find(values.get("orderId"), values.get("origClientOrderId"))


def _limit(values: Mapping[str, str], default: int, most: int) -> int:
    text = values.get("limit", str(default))
    if not text.isdecimal() or not int(text):
        raise Rejection(Reason.PARAMETER, "limit")
    return min(int(text), most)
