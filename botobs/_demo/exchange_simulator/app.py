"""The exchange simulator's HTTP server: one part for each dialect, and the control API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from email.utils import formatdate

from aiohttp import web

from . import control
from .binance.errors import refuse as refuse_as_binance
from .binance.limits import LIMITS, Limits, weigh
from .binance.rest import routes as binance_routes
from .binance.streams import BinanceStreams
from .binance.streams import routes as binance_stream_routes
from .exchange import Behaviour, Exchange
from .feed import Feed
from .okx.errors import refuse as refuse_as_okx
from .okx.rest import routes as okx_routes
from .okx.streams import OkxStreams
from .okx.streams import routes as okx_stream_routes
from .rest import EXCHANGE, guard


def create_app(behaviour: Behaviour) -> web.Application:
    """The aiohttp application; its markets move as long as it runs."""
    app = web.Application()
    binance, okx = Exchange("binance", behaviour), Exchange("okx", behaviour)
    app[control.EXCHANGES] = {binance.name: binance, okx.name: okx}
    app.add_routes(control.routes)
    app.add_subapp("/binance", _binance(binance, behaviour.step))
    app.add_subapp("/okx", _okx(okx, behaviour.step))
    return app


def _binance(exchange: Exchange, step: float) -> web.Application:
    app = web.Application(middlewares=[weigh, guard(refuse_as_binance)])
    app[LIMITS] = Limits()
    app.add_routes([*binance_routes, *binance_stream_routes])
    return _live(app, exchange, Feed(exchange, BinanceStreams(exchange), step))


def _okx(exchange: Exchange, step: float) -> web.Application:
    app = web.Application(middlewares=[guard(refuse_as_okx)])
    app.add_routes([*okx_routes, *okx_stream_routes])
    return _live(app, exchange, Feed(exchange, OkxStreams(exchange), step))


def _live(app: web.Application, exchange: Exchange, feed: Feed) -> web.Application:
    app[EXCHANGE] = exchange
    app.on_response_prepare.append(_dating(exchange))
    app.cleanup_ctx.append(_feeding(feed))
    app.on_shutdown.append(_say_goodbye)
    return app


def _feeding(feed: Feed) -> Callable[[web.Application], AsyncIterator[None]]:
    async def run(_: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(feed.run(), name="feed")
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    return run


def _dating(exchange: Exchange) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """Dates answers by the exchange's clock, which may be wrong."""

    async def date(_: web.Request, response: web.StreamResponse) -> None:
        response.headers["Date"] = formatdate(exchange.milliseconds() / 1000, usegmt=True)

    return date


async def _say_goodbye(app: web.Application) -> None:
    await app[EXCHANGE].hub.close_all()
