"""Reads and writes bots and their events through SQLAlchemy."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import func, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine

from .lifecycle import Desired, State, check_transition
from .models import Bot, BotEvent


class UnknownBot(Exception):
    """There is no bot with that id."""


def connect(database_url: str) -> AsyncEngine:
    """The SQLAlchemy engine for `database_url`, on asyncpg."""
    url = make_url(database_url).set(drivername="postgresql+asyncpg")
    return create_async_engine(url, pool_size=5, max_overflow=5, pool_timeout=10)


class BotStore:
    """Everything the bot manager keeps in the database; one short transaction a call."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._session = async_sessionmaker(engine, expire_on_commit=False)

    async def all(self) -> Sequence[Bot]:
        """Every bot, oldest first."""
        async with self._session() as session:
            return (await session.scalars(select(Bot).order_by(Bot.id))).all()

    async def get(self, bot_id: int) -> Bot:
        """One bot.

        Raises:
            UnknownBot: There is none with this id.
        """
        async with self._session() as session:
            bot = await session.get(Bot, bot_id)
        if bot is None:
            raise UnknownBot(f"there is no bot {bot_id}")
        return bot

    async def create(
        self, name: str, exchange: str, symbol: str, order_notional: Decimal, interval_seconds: float
    ) -> Bot:
        """Add a bot, wanted to run.

        Raises:
            sqlalchemy.exc.IntegrityError: The name is taken.
        """
        bot = Bot(
            name=name,
            exchange=exchange,
            symbol=symbol,
            order_notional=order_notional,
            interval_seconds=interval_seconds,
            state=State.CREATED,
            desired=Desired.RUNNING,
        )
        async with self._session.begin() as session:
            session.add(bot)
            await session.flush()
            session.add(BotEvent(bot_id=bot.id, kind=State.CREATED))
        return bot

    async def set_interval(self, bot_id: int, interval_seconds: float) -> None:
        """Change how often a bot gets its turn."""
        async with self._session.begin() as session:
            await session.execute(
                update(Bot).where(Bot.id == bot_id).values(interval_seconds=interval_seconds)
            )

    async def want(self, bot_id: int, desired: Desired) -> None:
        """Write down what a bot's owner wants from it."""
        async with self._session.begin() as session:
            await session.execute(update(Bot).where(Bot.id == bot_id).values(desired=desired))

    async def change_state(self, bot_id: int, target: State, detail: str = "", restart: bool = False) -> None:
        """Move a bot to `target` and write the event.

        Raises:
            UnknownBot: There is none with this id.
            LifecycleError: There is no transition from the bot's state to `target`.
        """
        async with self._session.begin() as session:
            bot = await session.get(Bot, bot_id, with_for_update=True)
            if bot is None:
                raise UnknownBot(f"there is no bot {bot_id}")
            check_transition(State(bot.state), target)
            bot.state = target
            bot.state_since = func.now()
            if target is State.FAILED:
                bot.last_error = detail
            if restart:
                bot.restarts += 1
            session.add(BotEvent(bot_id=bot_id, kind=target, detail=detail))

    async def record_turn(self, bot_id: int, outcome: str, detail: str) -> None:
        """Write what came of a bot's turn, which is also its heartbeat."""
        async with self._session.begin() as session:
            session.add(BotEvent(bot_id=bot_id, kind=f"turn.{outcome}", detail=detail))
            await session.execute(update(Bot).where(Bot.id == bot_id).values(heartbeat_at=func.now()))

    async def reset_states(self) -> None:
        """Put bots that a killed manager left behind in a state from which they can start."""
        active = (State.STARTING, State.RUNNING, State.PAUSED, State.STOPPING, State.FAILED)
        async with self._session.begin() as session:
            await session.execute(
                update(Bot).where(Bot.state.in_(active)).values(state=State.STOPPED, state_since=func.now())
            )
