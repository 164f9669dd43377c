"""What can be traded."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

#: Prices that the random walks start from and stay around, by base currency.
_PRICES = {"BTC": 60_000.0, "ETH": 3_000.0, "SOL": 150.0}
_OTHER_PRICE = 10.0

#: Steps between two prices of the book are about this part of the price.
_RELATIVE_TICK = 2e-5


@dataclass(frozen=True, slots=True)
class Instrument:
    """A spot market.

    Attributes:
        base: What is bought and sold.
        quote: What is paid with.
        price: The price that the market moves around.
        tick: The smallest step of a price.
        lot: The smallest step of an amount, which is also the smallest amount.
    """

    base: str
    quote: str
    price: float
    tick: Decimal
    lot: Decimal = Decimal("0.00001")

    @property
    def symbol(self) -> str:
        """The market in ccxt's spelling, such as `BTC/USDT`."""
        return f"{self.base}/{self.quote}"

    def price_at(self, level: int) -> Decimal:
        """The price of a level of the book."""
        return level * self.tick


def instrument(symbol: str) -> Instrument:
    """The instrument for a symbol in ccxt's spelling.

    Raises:
        ValueError: The symbol is not of the form BASE/QUOTE.
    """
    base, slash, quote = symbol.partition("/")
    if not (base and slash and quote):
        raise ValueError(f"{symbol!r} is not of the form BASE/QUOTE")
    price = _PRICES.get(base, _OTHER_PRICE)
    tick = Decimal(1).scaleb(round(math.log10(price * _RELATIVE_TICK)))
    return Instrument(base, quote, price, tick)
