"""What every request to an exchange goes through: counting, faults, refusals in the dialect's words."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal, InvalidOperation

from aiohttp import web
from aiohttp.typedefs import Middleware

from .exchange import Exchange
from .faults import Fault
from .instruments import Instrument
from .refusal import Reason, Refusal

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Refuse = Callable[[Refusal], web.Response]

EXCHANGE = web.AppKey("exchange", Exchange)


def guard(refuse: Refuse) -> Middleware:
    """The middleware that counts requests, lets faults strike, and answers a `Refusal` with `refuse`."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        operation = operation_of(request)
        if operation is None:
            return await handler(request)
        exchange = request.app[EXCHANGE]
        exchange.counts.calls[operation] += 1
        try:
            await _suffer(exchange)
            return await handler(request)
        except Refusal as refusal:
            exchange.counts.refusals[refusal.reason] += 1
            if operation == "create_order":
                exchange.counts.orders_rejected += 1
            return refuse(refusal)

    return middleware


def operation_of(request: web.Request) -> str | None:
    """The operation in ccxt's words that a request is for: its route's name. WebSockets have none."""
    return request.match_info.route.name


async def _suffer(exchange: Exchange) -> None:
    if (slow := exchange.faults.strikes(Fault.LATENCY)) is not None:
        await asyncio.sleep(slow.value)
    if (limited := exchange.faults.strikes(Fault.RATE_LIMIT)) is not None:
        raise Refusal(Reason.RATE_LIMIT, f"{limited.value:.0f}")
    if (banned := exchange.faults.strikes(Fault.BAN)) is not None:
        raise Refusal(Reason.BANNED, f"{banned.value:.0f}")
    if (broken := exchange.faults.strikes(Fault.SERVER_ERROR)) is not None:
        raise Refusal(Reason.UNAVAILABLE, f"{broken.value:.0f}")


def broken(refusal: Refusal) -> web.Response:
    """The answer of a load balancer whose exchange does not work."""
    return web.Response(
        status=int(refusal.detail), text="<html>Service unavailable</html>", content_type="text/html"
    )


def amount_of(text: str, instrument: Instrument, name: str) -> Decimal:
    """An amount that a client sent.

    Raises:
        Refusal: It is no number, too small or too fine.
    """
    amount = number_of(text, name)
    if amount < instrument.lot or amount % instrument.lot:
        raise Refusal(Reason.PARAMETER, name)
    return amount


def number_of(text: str, name: str) -> Decimal:
    """A number above zero that a client sent.

    Raises:
        Refusal: It is no such number.
    """
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise Refusal(Reason.PARAMETER, name) from None
    if not number.is_finite() or number <= 0:
        raise Refusal(Reason.PARAMETER, name)
    return number
