"""Positions: what a service holds of a market by its own reports, to be compared with what the exchange says."""

from __future__ import annotations

import math
import threading

from .._sdk.safe import number_of
from ._never_raise import never_raise
from ._recorder import logger

#: Positions that one process reports on.
POSITIONS_LIMIT = 500


class Position:
    """A position: a starting amount, and the fills that are reported since. Made by `botobs.trading.position`.

    Safe to use from several threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._amount = 0.0

    @property
    def amount(self) -> float:
        """In the base currency; negative for what is owed."""
        return self._amount

    @never_raise
    def set(self, amount: float) -> None:
        """Report what the position is, whatever was reported before: after a deposit, a transfer, or a correction.

        Args:
            amount: In the base currency; negative for what is owed.
        """
        number = number_of(amount)
        if number is not None:
            with self._lock:
                self._amount = float(number)

    def _add(self, amount: float) -> None:
        """Take a fill into account; negative for a sale."""
        with self._lock:
            self._amount += amount


class PositionBook:
    """The positions of this process, by exchange, account and market."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Start over in a forked child."""
        self._lock = threading.Lock()
        self._positions: dict[tuple[str, str, str], Position] = {}
        self._full = False

    def get(self, exchange: str, symbol: str, account: str = "") -> Position:
        """The position in a market, known or new; beyond the limit one that is compared with nothing."""
        key = (exchange.lower(), account, symbol)
        with self._lock:
            known = self._positions.get(key)
            if known is not None:
                return known
            made = Position()
            if len(self._positions) < POSITIONS_LIMIT:
                self._positions[key] = made
            elif not self._full:
                self._full = True
                logger.warning("more than %d positions: the others are not compared", POSITIONS_LIMIT)
            return made

    def fill(
        self, exchange: str, account: str, symbol: str | None, side: str | None, amount: float | None
    ) -> None:
        """A fill was reported; it counts where the position is reported."""
        position = self._positions.get((exchange.lower(), account, symbol or ""))
        if position is not None and amount is not None and side in ("buy", "sell"):
            position._add(float(amount) if side == "buy" else -float(amount))

    def symbols(self, exchange: str, account: str) -> list[str]:
        """The markets of an exchange in which positions of an account are reported."""
        return [symbol for *where, symbol in list(self._positions) if where == [exchange.lower(), account]]

    def amounts(self, exchange: str, account: str) -> dict[str, float]:
        """What the service holds in an account at an exchange, by the names that the exchange uses.

        A derivative is named by its market. Of spot markets currencies are held: the positions of one base
        currency are one amount, and a currency that another market of these is paid in is left out, for what was paid
        is not reported.
        """
        spot = [symbol for symbol in self.symbols(exchange, account) if ":" not in symbol]
        paid = {symbol.partition("/")[2] for symbol in spot}
        held: dict[str, list[float]] = {}
        for (*where, symbol), position in list(self._positions.items()):
            asset = symbol if ":" in symbol else symbol.partition("/")[0]
            if where == [exchange.lower(), account] and asset not in paid:
                held.setdefault(asset, []).append(position.amount)
        return {asset: math.fsum(amounts) for asset, amounts in held.items()}
