"""The bot manager's HTTP API."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from decimal import Decimal, InvalidOperation
from typing import Any

import aiohttp
from aiohttp import web
from sqlalchemy.exc import IntegrityError

from .config import Config
from .engine_client import TradingEngineClient
from .fleet import Fleet
from .lifecycle import Command, LifecycleError
from .models import Bot
from .runner import DATABASE_ERRORS
from .store import BotStore, UnknownBot, connect

CONFIG = web.AppKey("config", Config)
STORE = web.AppKey("store", BotStore)
FLEET = web.AppKey("fleet", Fleet)

routes = web.RouteTableDef()


@routes.get("/healthz")
async def health(request: web.Request) -> web.Response:
    """200 with the number of bots by state, 503 when the database does not answer."""
    try:
        bots = await request.app[STORE].all()
    except DATABASE_ERRORS as error:
        return web.json_response({"status": "unavailable", "detail": str(error)}, status=503)
    return web.json_response({"status": "ok", "bots": Counter(bot.state for bot in bots)})


@routes.get("/bots")
async def list_bots(request: web.Request) -> web.Response:
    """Every bot."""
    return web.json_response([describe(bot) for bot in await request.app[STORE].all()])


@routes.post("/bots")
async def create_bot(request: web.Request) -> web.Response:
    """Create and start a bot from `{"name", "exchange", "symbol", "order_notional"}`.

    With `"lifetime"`, in seconds, it is stopped by itself.
    """
    try:
        body = await request.json()
        bot = await request.app[FLEET].create(
            str(body["name"]),
            str(body["exchange"]),
            str(body["symbol"]),
            Decimal(str(body["order_notional"])),
            float(body["lifetime"]) if "lifetime" in body else None,
        )
    except KeyError as error:
        raise web.HTTPBadRequest(text=f"the body lacks {error}") from None
    except (ValueError, TypeError, InvalidOperation) as error:
        raise web.HTTPBadRequest(text=f"the body is not usable: {error}") from None
    except IntegrityError:
        raise web.HTTPConflict(text=f"the bot {body['name']!r} exists, or a value is out of range") from None
    return web.json_response(describe(bot), status=201)


@routes.post(r"/bots/{id:\d+}/{command:start|pause|resume|stop}")
async def command_bot(request: web.Request) -> web.Response:
    """Send a command to a bot; it acts on it after the turn that is under way."""
    bot_id = int(request.match_info["id"])
    try:
        desired = await request.app[FLEET].command(bot_id, Command(request.match_info["command"]))
    except UnknownBot as error:
        raise web.HTTPNotFound(text=str(error)) from None
    except LifecycleError as error:
        raise web.HTTPConflict(text=str(error)) from None
    return web.json_response({"id": bot_id, "desired": desired}, status=202)


def describe(bot: Bot) -> dict[str, Any]:
    """A bot as the API shows it."""
    return {
        "id": bot.id,
        "name": bot.name,
        "exchange": bot.exchange,
        "symbol": bot.symbol,
        "state": bot.state,
        "desired": bot.desired,
        "restarts": bot.restarts,
        "last_error": bot.last_error,
        "heartbeat_at": bot.heartbeat_at.isoformat() if bot.heartbeat_at else None,
    }


async def _run_fleet(app: web.Application) -> AsyncIterator[None]:
    config = app[CONFIG]
    database = connect(config.database_url)
    app[STORE] = BotStore(database)
    async with aiohttp.ClientSession() as session:
        app[FLEET] = Fleet(config, app[STORE], TradingEngineClient(session, config.engine_url))
        await app[FLEET].start()
        yield
        await app[FLEET].stop()
    await database.dispose()


def create_app(config: Config) -> web.Application:
    """The aiohttp application; its bots live as long as it runs."""
    app = web.Application()
    app[CONFIG] = config
    app.add_routes(routes)
    app.cleanup_ctx.append(_run_fleet)
    return app
