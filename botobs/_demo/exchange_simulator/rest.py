"""What every request goes through: it is counted, faults are applied, and a rejection becomes an error response."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal, InvalidOperation

from aiohttp import web
from aiohttp.typedefs import Middleware

from .exchange import Exchange
from .faults import Fault
from .instruments import Instrument
from .rejection import Reason, Rejection

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
ErrorResponse = Callable[[Rejection], web.Response]

EXCHANGE = web.AppKey("exchange", Exchange)


def error_middleware(error_response: ErrorResponse) -> Middleware:
    """The middleware that counts requests, applies faults, and turns a `Rejection` into a response."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        operation = operation_of(request)
        if operation is None:
            return await handler(request)
        exchange = request.app[EXCHANGE]
        exchange.counts.calls[operation] += 1
        try:
            await _apply_faults(exchange, operation)
            response = await handler(request)
        except Rejection as rejection:
            exchange.counts.rejections[rejection.reason] += 1
            if operation == "create_order":
                exchange.counts.orders_rejected += 1
            return error_response(rejection)
        if operation == "create_order" and exchange.faults.strikes(Fault.DROP_ACKS):
            _cut(request)
        return response

    return middleware


def operation_of(request: web.Request) -> str | None:
    """The request's operation as ccxt names it, which is the route's name; None for WebSockets."""
    return request.match_info.route.name


def _cut(request: web.Request) -> None:
    """Abort the connection, so that no response arrives."""
    if request.transport is not None:
        request.transport.abort()


async def _apply_faults(exchange: Exchange, operation: str) -> None:
    if (slow := exchange.faults.strikes(Fault.LATENCY)) is not None:
        await asyncio.sleep(slow.value)
    if (limited := exchange.faults.strikes(Fault.RATE_LIMIT)) is not None:
        raise Rejection(Reason.RATE_LIMIT, f"{limited.value:.0f}")
    if (banned := exchange.faults.strikes(Fault.BAN)) is not None:
        raise Rejection(Reason.BANNED, f"{banned.value:.0f}")
    if operation != "fetch_status" and exchange.faults.strikes(Fault.MAINTENANCE):
        raise Rejection(Reason.MAINTENANCE)
    if (failing := exchange.faults.strikes(Fault.SERVER_ERROR)) is not None:
        raise Rejection(Reason.UNAVAILABLE, f"{failing.value:.0f}")


def unavailable_response(rejection: Rejection) -> web.Response:
    """The response of a load balancer without a working backend."""
    return web.Response(
        status=int(rejection.detail), text="<html>Service unavailable</html>", content_type="text/html"
    )


def amount_of(text: str, instrument: Instrument, name: str) -> Decimal:
    """An amount that a client sent.

    Raises:
        Rejection: It is not a number, or not a multiple of the lot size.
    """
    amount = number_of(text, name)
    if amount < instrument.lot or amount % instrument.lot:
        raise Rejection(Reason.PARAMETER, name)
    return amount


def number_of(text: str, name: str) -> Decimal:
    """A number above zero that a client sent.

    Raises:
        Rejection: It is not such a number.
    """
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise Rejection(Reason.PARAMETER, name) from None
    if not number.is_finite() or number <= 0:
        raise Rejection(Reason.PARAMETER, name)
    return number
