"""The trading engine's HTTP API."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from decimal import Decimal, InvalidOperation

import asyncpg
from aiohttp import web

from .config import Config
from .exchanges import Exchanges
from .market import Market
from .orders import CLIENT_ORDER_ID_PREFIX, ExchangeUnavailable, OrderDesk
from .reports import Reports
from .store import DATABASE_ERRORS, OrderStore
from .streams import Streams
from .turns import Turn, TurnTaker

CONFIG = web.AppKey("config", Config)
STORE = web.AppKey("store", OrderStore)
TURNS = web.AppKey("turns", TurnTaker)
TASKS = web.AppKey("tasks", list[asyncio.Task[None]])

#: Seconds between two looks for orders that are not settled.
SWEEP_INTERVAL = 2.0
#: Seconds between two comparisons of an exchange's account with what was reported.
RECONCILE_INTERVAL = 15.0

logger = logging.getLogger(__name__)
routes = web.RouteTableDef()


@routes.get("/healthz")
async def health(request: web.Request) -> web.Response:
    """200, or 503 when the database does not answer or a task of the engine has died."""
    dead = [task.get_name() for task in request.app[TASKS] if task.done()]
    if dead:
        return web.json_response(
            {"status": "unavailable", "detail": f"stopped: {', '.join(dead)}"}, status=503
        )
    try:
        await request.app[STORE].ping()
    except DATABASE_ERRORS as error:
        return web.json_response({"status": "unavailable", "detail": str(error)}, status=503)
    return web.json_response({"status": "ok"})


@routes.post(r"/bots/{id:\d+}/turn")
async def take_turn(request: web.Request) -> web.Response:
    """Take a bot's turn: `{"name", "exchange", "symbol", "order_notional"}` in, `{"outcome", "detail"}` out.

    502 when the exchange, 503 when the database is the reason that nothing came of it.
    """
    turn = await _read_turn(request)
    try:
        outcome = await request.app[TURNS].take(turn)
    except ExchangeUnavailable as error:
        return _answer("exchange_unavailable", str(error), 502)
    except DATABASE_ERRORS as error:
        logger.warning("database: %s", error)
        return _answer("database_unavailable", type(error).__name__, 503)
    return _answer(outcome.name, outcome.detail, 200)


async def _read_turn(request: web.Request) -> Turn:
    try:
        body = await request.json()
        turn = Turn(
            bot_id=int(request.match_info["id"]),
            bot_name=str(body["name"]),
            exchange=str(body["exchange"]),
            symbol=str(body["symbol"]),
            order_notional=Decimal(body["order_notional"]),
        )
    except KeyError as error:
        raise web.HTTPBadRequest(text=f"the body lacks {error}") from None
    except (ValueError, TypeError, InvalidOperation) as error:
        raise web.HTTPBadRequest(text=f"the body is not usable: {error}") from None
    if turn.exchange not in request.app[CONFIG].exchanges:
        raise web.HTTPBadRequest(text=f"the exchange {turn.exchange!r} is not traded on here")
    return turn


def _answer(outcome: str, detail: str, status: int) -> web.Response:
    return web.json_response({"outcome": outcome, "detail": detail}, status=status)


async def _sweep(desk: OrderDesk, lifetime: float) -> None:
    while True:
        await asyncio.sleep(SWEEP_INTERVAL)
        try:
            await desk.settle_older_than(lifetime)
        except DATABASE_ERRORS as error:
            logger.warning("open orders could not be read: %s", error)


async def _trade(app: web.Application) -> AsyncIterator[None]:
    config = app[CONFIG]
    exchanges = Exchanges(config.exchanges, config.exchange_url)
    pool = await asyncpg.create_pool(
        config.database_url, min_size=2, max_size=10, timeout=5, command_timeout=5
    )
    market = Market()
    app[STORE] = OrderStore(pool)
    reports = Reports(app[STORE])
    desk = OrderDesk(exchanges.rest, app[STORE], reports)
    app[TURNS] = TurnTaker(market, app[STORE], desk, config.limits)
    exchanges.reconcile(RECONCILE_INTERVAL, CLIENT_ORDER_ID_PREFIX, config.symbols)
    app[TASKS] = [
        asyncio.create_task(Streams(exchanges, config.symbols, market, reports).run(), name="streams"),
        asyncio.create_task(_sweep(desk, config.order_lifetime), name="sweep"),
    ]
    for task in app[TASKS]:
        task.add_done_callback(_log_death)
    yield
    # By now the server has let the turns that were under way finish.
    for task in app[TASKS]:
        task.cancel()
    await asyncio.gather(*app[TASKS], return_exceptions=True)
    await exchanges.close()
    await pool.close()


def _log_death(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("%s died", task.get_name(), exc_info=error)


def create_app(config: Config) -> web.Application:
    """The aiohttp application; it trades as long as it runs."""
    app = web.Application()
    app[CONFIG] = config
    app.add_routes(routes)
    app.cleanup_ctx.append(_trade)
    return app
