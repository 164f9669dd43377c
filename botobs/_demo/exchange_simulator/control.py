"""The control API: turns faults on and off, and returns the counters. No real exchange has it."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from aiohttp import web

from .exchange import Exchange
from .faults import Fault
from .orders import Order, Request
from .rejection import Rejection

EXCHANGES = web.AppKey("exchanges", dict[str, Exchange])

routes = web.RouteTableDef()


@routes.get("/healthz")
async def health(_: web.Request) -> web.Response:
    """Returns 200."""
    return web.json_response({"status": "ok"})


@routes.get("/control/counts")
async def counts(request: web.Request) -> web.Response:
    """The counters and the active faults of each exchange."""
    return web.json_response(
        {
            name: exchange.counts.describe() | {"faults": exchange.faults.describe()}
            for name, exchange in request.app[EXCHANGES].items()
        }
    )


@routes.get("/control/faults")
async def faults(request: web.Request) -> web.Response:
    """The active faults of each exchange."""
    return _faults(request)


@routes.post("/control/faults")
async def set_fault(request: web.Request) -> web.Response:
    """Turn a fault on: `{"exchange", "fault", "seconds", "share", "value"}`, all but `fault` optional.

    Without `exchange` it applies to all exchanges, without `seconds` it stays until it is turned off.
    """
    body = await _body(request)
    unknown = body.keys() - {"exchange", "fault", "seconds", "share", "value"}
    if unknown:
        raise web.HTTPBadRequest(text=f"unknown keys: {', '.join(sorted(unknown))}")
    fault = _fault(body.get("fault"))
    seconds, value = _number(body, "seconds"), _number(body, "value")
    share = _number(body, "share", most=1)
    for exchange in _exchanges(request, body.get("exchange")):
        exchange.faults.set(fault, seconds, share, value)
        if fault is Fault.DROP:
            exchange.connections.abort_all()
    return _faults(request)


@routes.delete("/control/faults")
async def clear_faults(request: web.Request) -> web.Response:
    """Turn off the fault `?fault=` of the exchange `?exchange=`; without one of them, all faults or all exchanges."""
    fault = _fault(request.query["fault"]) if "fault" in request.query else None
    for exchange in _exchanges(request, request.query.get("exchange")):
        exchange.faults.clear(fault)
    return _faults(request)


@routes.post("/control/orders")
async def touch_order(request: web.Request) -> web.Response:
    """Change an order behind the client's back; streams report it unless `order_silence` is on.

    `{"exchange", "do": "place", "symbol", "side", "amount", "price"}` places another account's order, a market
    order without `price`; `"client_id"` names it. `{"exchange", "do": "fill" | "cancel", "client_id"}` ends one.
    """
    body = await _body(request)
    [exchange] = _exchanges(request, str(body.get("exchange")))
    try:
        order = _touch(exchange, body)
    except Rejection as rejection:
        raise web.HTTPBadRequest(text=f"the exchange refuses: {rejection.reason}") from None
    return web.json_response(
        {"id": str(order.id), "client_id": order.request.client_id, "status": order.status}
    )


def _touch(exchange: Exchange, body: Mapping[str, Any]) -> Order:
    if body.get("do") == "place":
        return exchange.place(_foreign_order(exchange, body))
    order = exchange.orders.find(None, str(body.get("client_id")))
    if body.get("do") == "fill":
        exchange.fill(order)
    elif body.get("do") == "cancel":
        exchange.cancel(order)
    else:
        raise web.HTTPBadRequest(text=f"do={body.get('do')!r} is unknown; known are place, fill, cancel")
    return order


def _foreign_order(exchange: Exchange, body: Mapping[str, Any]) -> Request:
    amount, price = _number(body, "amount"), _number(body, "price")
    if not amount:
        raise web.HTTPBadRequest(text="an order has an amount")
    return Request(
        client_id=str(body.get("client_id") or f"web_{uuid.uuid4().hex[:16]}"),
        instrument=exchange.market(str(body.get("symbol"))).instrument,
        side="sell" if body.get("side") == "sell" else "buy",
        type="market" if price is None else "limit",
        amount=Decimal(str(amount)),
        price=None if price is None else Decimal(str(price)),
    )


def _faults(request: web.Request) -> web.Response:
    exchanges = request.app[EXCHANGES].items()
    return web.json_response({name: exchange.faults.describe() for name, exchange in exchanges})


async def _body(request: web.Request) -> Mapping[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text="the body is not a JSON object")
    return body


def _fault(name: Any) -> Fault:
    try:
        return Fault(name)
    except ValueError:
        raise web.HTTPBadRequest(
            text=f"the fault {name!r} is unknown; known are {', '.join(Fault)}"
        ) from None


def _number(body: Mapping[str, Any], name: str, most: float = math.inf) -> float | None:
    number = body.get(name)
    if number is None:
        return None
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= most:
        limit = "" if most == math.inf else f" and at most {most:g}"
        raise web.HTTPBadRequest(
            text=f"{name}={number!r} is invalid: it must be a number, at least zero{limit}"
        )
    return float(number)


def _exchanges(request: web.Request, name: Any) -> Iterable[Exchange]:
    exchanges = request.app[EXCHANGES]
    if name is None:
        return exchanges.values()
    if name not in exchanges:
        raise web.HTTPBadRequest(text=f"the exchange {name!r} is unknown; known are {', '.join(exchanges)}")
    return (exchanges[name],)
