"""Lives one bot's life: starts it, gives it its turns in its rhythm, restarts it when it fails."""

from __future__ import annotations

import asyncio
import logging
import random

from sqlalchemy.exc import SQLAlchemyError

import botobs.trading

from .engine_client import TradingEngineClient, TurnFailed
from .lifecycle import Desired, State, restart_delay
from .models import Bot
from .store import BotStore

logger = logging.getLogger(__name__)

#: A bot's pauses vary by this part of its interval, so that bots do not march in step.
JITTER = 0.25

#: What an unreachable database raises; a refused connection comes through SQLAlchemy as it is.
DATABASE_ERRORS = (SQLAlchemyError, OSError)


class BotRunner:
    """The task of one bot.

    What the bot is wanted to do comes in through `want`; what it does is reported, and written to the store.
    """

    def __init__(
        self,
        bot: Bot,
        interval: float,
        store: BotStore,
        engine: TradingEngineClient,
        seed: int,
        desired: Desired = Desired.RUNNING,
    ) -> None:
        self.bot_id = bot.id
        self._watched = botobs.trading.bot(
            bot.name,
            exchange=bot.exchange,
            strategy="mean-reversion",
            heartbeat_interval=interval * (1 + JITTER),
        )
        self._interval = interval
        self._store = store
        self._engine = engine
        self._random = random.Random(seed * 1_000_003 + bot.id)
        self._desired = desired
        self._changed = asyncio.Event()
        self._failures = 0

    def want(self, desired: Desired) -> None:
        """Set the desired state; the bot acts on it after the turn that is under way."""
        self._desired = desired
        self._changed.set()

    async def run(self) -> None:
        """Take turns until the desired state is to stop."""
        starting = False
        while True:
            try:
                await self._become(State.STARTING, restart=starting)
                starting = True
                await self._become(State.RUNNING)
                await self._trade()
                break
            except (TurnFailed, *DATABASE_ERRORS) as error:
                self._watched.failed(error)
                await self._fail(f"{error}" or type(error).__name__)
                if self._desired is Desired.STOPPED:
                    break
        try:
            await self._become(State.STOPPING)
            await self._become(State.STOPPED)
        except DATABASE_ERRORS as error:
            logger.warning("bot %d: its end could not be stored: %s", self.bot_id, error)

    async def _trade(self) -> None:
        """Take turns until the bot is wanted to stop."""
        while self._desired is not Desired.STOPPED:
            if self._desired is Desired.PAUSED:
                await self._pause()
                continue
            await self._wait(self._interval * self._random.uniform(1 - JITTER, 1 + JITTER))
            if self._desired is Desired.RUNNING:
                await self._turn()
                self._failures = 0

    async def _turn(self) -> None:
        with self._watched.turn():
            bot = await self._store.get(self.bot_id)
            outcome = await self._engine.take_turn(bot)
            await self._store.record_turn(self.bot_id, outcome.name, outcome.detail)

    async def _pause(self) -> None:
        await self._become(State.PAUSED)
        while self._desired is Desired.PAUSED:
            await self._wait(None)
        if self._desired is Desired.RUNNING:
            await self._become(State.RUNNING)

    async def _become(self, state: State, restart: bool = False) -> None:
        self._watched.state(state.value)
        await self._store.change_state(self.bot_id, state, restart=restart)

    async def _fail(self, reason: str) -> None:
        """Write down the failure, as soon as the database takes it, and wait for the time to try again."""
        while True:
            self._failures += 1
            delay = restart_delay(self._failures)
            logger.warning("bot %d failed, trying again in %.1f s: %s", self.bot_id, delay, reason)
            try:
                await self._store.change_state(self.bot_id, State.FAILED, reason)
            except DATABASE_ERRORS as error:
                logger.warning("bot %d: its failure could not be stored: %s", self.bot_id, error)
                await self._wait(delay)
            else:
                await self._wait(delay)
                return

    async def _wait(self, seconds: float | None) -> None:
        """Wait, but no longer than until something else is wanted."""
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return
        self._changed.clear()
