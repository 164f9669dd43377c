"""The instruments: base and quote currency, tick and lot size."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

#: Prices around which the random walks move, by base currency.
_PRICES = {"BTC": 60_000.0, "ETH": 3_000.0, "SOL": 150.0}
_OTHER_PRICE = 10.0

#: Tick size as a share of the price, about.
_RELATIVE_TICK = 2e-5


@dataclass(frozen=True, slots=True)
class Instrument:
    """A spot market.

    Attributes:
        base: Base currency.
        quote: Quote currency.
        price: The price around which the market moves.
        tick: Tick size, in the quote currency.
        lot: Lot size, in the base currency, which is also the smallest amount.
    """

    base: str
    quote: str
    price: float
    tick: Decimal
    lot: Decimal = Decimal("0.00001")

    @property
    def symbol(self) -> str:
        """ccxt's unified symbol, such as `BTC/USDT`."""
        return f"{self.base}/{self.quote}"

    def price_at(self, level: int) -> Decimal:
        """The price of a level of the order book, which counts ticks."""
        return level * self.tick


def instrument(symbol: str) -> Instrument:
    """The instrument of one of ccxt's unified symbols.

    Raises:
        ValueError: The symbol is not of the form BASE/QUOTE.
    """
    base, slash, quote = symbol.partition("/")
    if not (base and slash and quote):
        raise ValueError(f"{symbol!r} is not of the form BASE/QUOTE")
    price = _PRICES.get(base, _OTHER_PRICE)
    tick = Decimal(1).scaleb(round(math.log10(price * _RELATIVE_TICK)))
    return Instrument(base, quote, price, tick)
