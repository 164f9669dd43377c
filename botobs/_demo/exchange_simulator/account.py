"""The account's balances."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from .instruments import Instrument
from .orders import Request
from .rejection import Reason, Rejection

#: Initial balance of each quote currency; each base currency has the same value.
_FUNDS = Decimal(10_000_000)


@dataclass(slots=True)
class Balance:
    """The balance of one currency."""

    free: Decimal = Decimal(0)
    locked: Decimal = Decimal(0)


class Account:
    """Locks what an order needs when it is placed, and moves it when the order is filled."""

    def __init__(self, instruments: Iterable[Instrument]) -> None:
        self._balances: dict[str, Balance] = {}
        for instrument in instruments:
            amount = _FUNDS / Decimal(instrument.price)
            self._balances[instrument.base] = Balance(amount.quantize(instrument.lot))
            self._balances.setdefault(instrument.quote, Balance(_FUNDS))

    def balances(self) -> Iterator[tuple[str, Balance]]:
        """Yield each currency with its balance."""
        yield from self._balances.items()

    def lock(self, request: Request, best: Decimal) -> None:
        """Lock the balance that a limit order needs; a market order is filled at once and locks nothing.

        Raises:
            Rejection: The free balance is too small.
        """
        currency, needed = _needs(request, request.amount, request.price or best)
        balance = self._balances[currency]
        if balance.free < needed:
            raise Rejection(Reason.BALANCE)
        if request.price is not None:
            balance.free -= needed
            balance.locked += needed

    def unlock(self, request: Request, amount: Decimal) -> None:
        """Unlock the balance that was locked for `amount` of the order."""
        if request.price is not None:
            currency, needed = _needs(request, amount, request.price)
            self._balances[currency].locked -= needed
            self._balances[currency].free += needed

    def settle(self, request: Request, amount: Decimal, price: Decimal) -> None:
        """Exchange base and quote currency for an execution."""
        self.unlock(request, amount)
        sign = 1 if request.side == "buy" else -1
        self._balances[request.instrument.base].free += sign * amount
        self._balances[request.instrument.quote].free -= sign * amount * price


def _needs(request: Request, amount: Decimal, price: Decimal) -> tuple[str, Decimal]:
    if request.side == "buy":
        return request.instrument.quote, amount * price
    return request.instrument.base, amount
