"""All bots of one manager: creates the missing ones, starts and stops them, passes on commands."""

from __future__ import annotations

import asyncio
import logging
from decimal import Decimal

from .config import Config
from .engine_client import TradingEngineClient
from .lifecycle import Command, Desired, State, wanted_after
from .models import Bot
from .runner import BotRunner
from .store import BotStore

logger = logging.getLogger(__name__)

#: Seconds that the bots have to finish their turns when the manager stops.
STOP_BUDGET = 8.0


class Fleet:
    """The running bots."""

    def __init__(self, config: Config, store: BotStore, engine: TradingEngineClient) -> None:
        self._config = config
        self._store = store
        self._engine = engine
        self._runners: dict[int, BotRunner] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Create the bots that are missing and start those that are wanted to run."""
        await self._store.reset_states()
        bots = list(await self._store.all())
        interval = self._config.bots / self._config.rate
        missing = range(len(bots) + 1, self._config.bots + 1)
        bots += [await self._create_numbered(number, interval) for number in missing]
        for bot in bots:
            if bot.interval_seconds != interval:
                await self._store.set_interval(bot.id, interval)
            if bot.desired != Desired.STOPPED:
                self._spawn(bot, interval)

    async def stop(self) -> None:
        """Let every bot finish its turn and stop; cancel those that take longer than `STOP_BUDGET`."""
        for runner in self._runners.values():
            runner.want(Desired.STOPPED)
        if self._tasks:
            _, late = await asyncio.wait(self._tasks.values(), timeout=STOP_BUDGET)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def create(
        self, name: str, exchange: str, symbol: str, order_notional: Decimal, lifetime: float | None = None
    ) -> Bot:
        """Create a bot and start it; with a `lifetime` in seconds it is stopped again.

        Raises:
            sqlalchemy.exc.IntegrityError: The name is taken.
        """
        interval = self._config.bots / self._config.rate
        bot = await self._store.create(name, exchange, symbol, order_notional, interval)
        self._spawn(bot, interval)
        if lifetime is not None:
            # Written down at once, so that it does not come back with a manager that is restarted meanwhile.
            await self._store.want(bot.id, Desired.STOPPED)
            stop = self._runners[bot.id].want
            asyncio.get_running_loop().call_later(lifetime, stop, Desired.STOPPED)
        return bot

    async def command(self, bot_id: int, command: Command) -> Desired:
        """Pass a command to a bot; returns what is wanted from it now.

        Raises:
            UnknownBot: There is none with this id.
            LifecycleError: Its state does not allow the command.
        """
        bot = await self._store.get(bot_id)
        desired = wanted_after(command, State(bot.state))
        await self._store.want(bot_id, desired)
        task = self._tasks.get(bot_id)
        if task is None or task.done():
            if desired is Desired.RUNNING:
                self._spawn(bot, bot.interval_seconds)
        else:
            self._runners[bot_id].want(desired)
        return desired

    async def _create_numbered(self, number: int, interval: float) -> Bot:
        config = self._config
        exchange = config.exchanges[number % len(config.exchanges)]
        symbol = config.symbols[number // len(config.exchanges) % len(config.symbols)]
        name = f"mean-reversion-{number:02d}"
        notional = Decimal(str(config.order_notional))
        return await self._store.create(name, exchange, symbol, notional, interval)

    def _spawn(self, bot: Bot, interval: float) -> None:
        desired = Desired.PAUSED if bot.desired == Desired.PAUSED else Desired.RUNNING
        runner = BotRunner(bot, interval, self._store, self._engine, self._config.seed, desired)
        task = asyncio.create_task(runner.run(), name=f"bot-{bot.id}")
        task.add_done_callback(_log_death)
        self._runners[bot.id] = runner
        self._tasks[bot.id] = task


def _log_death(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("%s died", task.get_name(), exc_info=error)
