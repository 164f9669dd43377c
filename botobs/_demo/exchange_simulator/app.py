"""The exchange simulator's HTTP server: one sub-application for each exchange's API, and the control API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from email.utils import formatdate

from aiohttp import web

from . import control
from .binance.errors import error_response as binance_error
from .binance.limits import RATE_LIMITS, RateLimits, rate_limit_middleware
from .binance.rest import routes as binance_routes
from .binance.streams import BinanceStreams
from .binance.streams import routes as binance_stream_routes
from .exchange import Behaviour, Exchange
from .feed import Feed
from .okx.errors import error_response as okx_error
from .okx.rest import routes as okx_routes
from .okx.streams import OkxStreams
from .okx.streams import routes as okx_stream_routes
from .rest import EXCHANGE, error_middleware


def create_app(behaviour: Behaviour) -> web.Application:
    """The aiohttp application; its markets move while it runs."""
    app = web.Application()
    binance, okx = Exchange("binance", behaviour), Exchange("okx", behaviour)
    app[control.EXCHANGES] = {binance.name: binance, okx.name: okx}
    app.add_routes(control.routes)
    app.add_subapp("/binance", _binance(binance, behaviour.step))
    app.add_subapp("/okx", _okx(okx, behaviour.step))
    return app


def _binance(exchange: Exchange, step: float) -> web.Application:
    app = web.Application(middlewares=[rate_limit_middleware, error_middleware(binance_error)])
    app[RATE_LIMITS] = RateLimits()
    app.add_routes([*binance_routes, *binance_stream_routes])
    return _live(app, exchange, Feed(exchange, BinanceStreams(exchange), step))


def _okx(exchange: Exchange, step: float) -> web.Application:
    app = web.Application(middlewares=[error_middleware(okx_error)])
    app.add_routes([*okx_routes, *okx_stream_routes])
    return _live(app, exchange, Feed(exchange, OkxStreams(exchange), step))


def _live(app: web.Application, exchange: Exchange, feed: Feed) -> web.Application:
    app[EXCHANGE] = exchange
    app.on_response_prepare.append(_dating(exchange))
    app.cleanup_ctx.append(_feeding(feed))
    app.on_shutdown.append(_close_connections)
    return app


def _feeding(feed: Feed) -> Callable[[web.Application], AsyncIterator[None]]:
    async def run(_: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(feed.run(), name="feed")
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    return run


def _dating(exchange: Exchange) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """Sets the `Date` header from the exchange's clock, which a fault may put ahead."""

    async def date(_: web.Request, response: web.StreamResponse) -> None:
        response.headers["Date"] = formatdate(exchange.milliseconds() / 1000, usegmt=True)

    return date


async def _close_connections(app: web.Application) -> None:
    await app[EXCHANGE].connections.close_all()
