"""Asks the trading engine to take a bot's turn."""

from __future__ import annotations

from dataclasses import dataclass

import aiohttp

from .models import Bot


class TurnFailed(Exception):
    """The engine could not take the turn; the message says why."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a turn.

    Attributes:
        name: One word, such as `placed`, `refused` or `rejected`.
        detail: The order's id or the reason.
    """

    name: str
    detail: str


class TradingEngineClient:
    """Talks HTTP to the trading engine over one shared session."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str, timeout: float = 10.0) -> None:
        self._session = session
        self._base_url = base_url.rstrip("/")
        self._timeout = aiohttp.ClientTimeout(total=timeout)

    async def take_turn(self, bot: Bot) -> Outcome:
        """Let the engine decide for `bot`, and trade.

        Raises:
            TurnFailed: The engine cannot be reached, or answered with an error.
        """
        body = {
            "name": bot.name,
            "exchange": bot.exchange,
            "symbol": bot.symbol,
            "order_notional": str(bot.order_notional),
        }
        try:
            async with self._session.post(
                f"{self._base_url}/bots/{bot.id}/turn", json=body, timeout=self._timeout
            ) as response:
                answer = await response.json()
                if response.status >= 400:
                    raise TurnFailed(f"{answer['outcome']}: {answer['detail']}")
                return Outcome(name=answer["outcome"], detail=answer["detail"])
        except TimeoutError:
            raise TurnFailed(f"no answer from the trading engine in {self._timeout.total:g} s") from None
        except (aiohttp.ClientError, ValueError, KeyError) as error:
            raise TurnFailed(f"trading engine: {type(error).__name__}: {error}") from error
