"""One comparison of an account with what this process reported."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from opentelemetry import trace

from ..._sdk.orders.known import KnownOrder, KnownOrders
from ..._sdk.orders.unsettled import Unsettled, UnsettledOrder
from ..._sdk.safe import described
from ...clients import Reconcilable
from ...semconv import trading as names
from .._recorder import Recorder, logger
from ..positions import PositionBook
from .drift import drifts
from .exchange_order import ExchangeOrder
from .findings import Findings, Suspicion
from .pace import Stopped

#: Requests for single orders that one look makes at most; the others have their turn in the next.
MOST_LOOKUPS = 20
#: Markets that one look asks for where an exchange wants them named.
_MOST_MARKETS = 50
#: Orders of others that are remembered, so that they are not looked up again.
_MOST_IGNORED = 10_000
#: Seconds by which the trades of two looks overlap: clocks differ, and trades are listed late.
_OVERLAP = 120.0
#: An order has to be missing in looks that are at least this part of `absent_after` apart.
_APART = 0.1


@dataclass(frozen=True)
class Rules:
    """The rules of a comparison.

    Attributes:
        grace: Seconds for which a difference has to last.
        absent_after: Seconds after its submission from which an order that is nowhere was not placed.
        prefixes: How the client order ids of the service's own orders begin; empty where all orders are its own.
        symbols: Markets to look at beside those that are known.
        earlier: Whether orders count that were there at the first look.
        account: The name with which the account's positions are reported.
    """

    grace: float
    absent_after: float
    prefixes: tuple[str, ...]
    symbols: tuple[str, ...]
    earlier: bool
    account: str = ""


class _Undecided(Exception):
    """The exchange did not say, or was not asked any more."""


class Looker:
    """Looks at one account, again and again.

    Args:
        account: As it is asked.
        rules: What counts.
        known: The orders that this process knows.
        unsettled: The orders of unknown outcome.
        positions: The positions that the service reports.
        recorder: Where spans go.
        key: The account's API key, where it is known.

    Attributes:
        findings: What was found.
        exchange: The exchange's name.
        grace: Seconds for which a difference has to last.
    """

    def __init__(
        self,
        account: Reconcilable,
        rules: Rules,
        known: KnownOrders,
        unsettled: Unsettled,
        positions: PositionBook,
        recorder: Recorder,
        key: object = None,
    ) -> None:
        self.exchange = account.exchange.lower()
        self.grace = rules.grace
        self.findings = Findings(recorder, rules.grace)
        self._account = account
        self._rules = rules
        self._known = known
        self._unsettled = unsettled
        self._positions = positions
        self._key = key
        self._since = time.time()
        self._ignored: set[str] | None = set() if rules.earlier else None
        self._absent: dict[str, float] = {}
        self._seen_ours = False
        self._lookups = 0
        self._asked: dict[str, float] = {}
        self._decided = True

    def catch_up(self) -> None:
        """Put in order what is known of orders, between two looks."""
        self._known.catch_up()

    def look(self) -> bool:
        """Compare the account with what the service reports, once.

        Returns:
            Whether the exchange responded to all that had to be asked.

        Raises:
            Limited: The exchange limits requests.
            Stopped: Nothing is to be asked any more.
            Exception: What the client raised; nothing is concluded then.
        """
        self._lookups, self._decided = 0, True
        began = time.time()
        # Before the exchange is asked: what is reported meanwhile must not be missing in its response.
        believed = self._known.believed_open(self.exchange)
        doubts = [order for order in self._unsettled.all() if order.exchange.lower() == self.exchange]
        markets = self._markets(believed, doubts)
        opened = [order for order in map(ExchangeOrder, self._account.open_orders(markets)) if order.id]
        trades = list(self._account.trades(markets, int((self._since - _OVERLAP) * 1000)))
        self._since = began
        traded = {str(each["order"]): each for each in trades if each.get("order")}
        if self._ignored is None:
            self._ignored = {order.id for order in opened} | set(traded)
        self._seen_ours = self._seen_ours or any(self._is_known(order) for order in opened)
        self._seen_ours = self._seen_ours or any(
            self._known.has(self.exchange, order_id=order_id) for order_id in traded
        )
        self._settle(doubts, opened, traded)
        self._look_for_orphans(opened, traded)
        self._look_for_ghosts(believed, opened)
        self._look_for_drift()
        return self._decided

    def _markets(self, believed: Iterable[KnownOrder], doubts: Iterable[UnsettledOrder]) -> list[str]:
        found = dict.fromkeys(self._rules.symbols)
        found |= dict.fromkeys(self._positions.symbols(self.exchange, self._rules.account))
        found |= dict.fromkeys(order.symbol for order in doubts if order.symbol)
        found |= dict.fromkeys(order.symbol for order in believed if order.symbol)
        return list(found)[:_MOST_MARKETS]

    # -- unsettled orders ----------------------------------------------------------------------------------------

    def _settle(
        self,
        doubts: list[UnsettledOrder],
        opened: list[ExchangeOrder],
        traded: Mapping[str, Mapping[str, Any]],
    ) -> None:
        named = {_name(doubt.order_id, doubt.client_order_id) for doubt in doubts}
        self._absent = {key: since for key, since in self._absent.items() if key in named}
        for doubt in self._by_turns(doubts):
            key = _name(doubt.order_id, doubt.client_order_id)
            found = next((order for order in opened if order.is_called(doubt)), None)
            if found is None and key:
                try:
                    found = self._find(doubt.order_id, doubt.client_order_id, doubt.symbol)
                except _Undecided:
                    self._absent.pop(key, None)
                    continue
            if found is not None:
                self._absent.pop(key, None)
                self._settled(doubt, found, found.outcome)
            elif key and doubt.order_id not in traded:
                self._missing(doubt, key)

    def _missing(self, doubt: UnsettledOrder, key: str) -> None:
        """An order is nowhere: neither open, nor ended, nor traded. It may still be on its way."""
        first = self._absent.setdefault(key, time.monotonic())
        if time.monotonic() - first < self._rules.absent_after * _APART:
            return
        if time.time() - doubt.since >= self._rules.absent_after and self._is_the_account():
            self._settled(doubt, None, "rejected")

    def _settled(self, doubt: UnsettledOrder, found: ExchangeOrder | None, outcome: str) -> None:
        order_id = doubt.order_id or (found.id if found is not None else "")
        client_order_id = doubt.client_order_id
        ids = {names.ORDER_CLIENT_ID: client_order_id, names.ORDER_ID: order_id}
        trace.get_current_span().add_event(
            "botobs.order.settled",
            {names.ORDER_OUTCOME: outcome, **{name: value for name, value in ids.items() if value}},
        )
        if found is None:
            self._known.refused(self.exchange, client_order_id=client_order_id)
        else:
            self._known.note(
                self.exchange,
                client_order_id=client_order_id,
                order_id=order_id,
                symbol=doubt.symbol or found.symbol,
                bot=doubt.bot,
                stage="ended" if found.ended else "open",
            )
        self._unsettled.settle(doubt.exchange, outcome, client_order_id=client_order_id, order_id=order_id)

    # -- orders that one side does not know ----------------------------------------------------------------------

    def _look_for_orphans(self, opened: list[ExchangeOrder], traded: Mapping[str, Mapping[str, Any]]) -> None:
        suspected: dict[str, Suspicion] = {}
        undecided: set[str] = set()
        for order in opened:
            if self._is_foreign(order) and self._is_own(order):
                suspected[order.id] = order.suspicion(self.exchange)
        known = dict(self.findings.reported("orphaned"))
        for order_id in {*traded, *known} - suspected.keys() - {order.id for order in opened}:
            if self._is_ignored(order_id) or self._known.has(self.exchange, order_id=order_id):
                continue
            symbol = traded[order_id].get("symbol") if order_id in traded else known[order_id].symbol
            try:
                found = self._find(order_id, "", str(symbol or ""))
            except _Undecided:
                undecided.add(order_id)
                continue
            if found is not None and not self._is_own(found):
                self._ignore(order_id)
            # One that has ended and was never filled has moved no money.
            elif found is not None and (found.filled or not found.ended) and self._is_foreign(found):
                suspected[order_id] = found.suspicion(self.exchange)
        self.findings.look("orphaned", suspected, undecided)

    def _look_for_ghosts(self, believed: list[KnownOrder], opened: list[ExchangeOrder]) -> None:
        suspected: dict[str, Suspicion] = {}
        undecided: set[str] = set()
        there = {order.id for order in opened} | {
            order.client_order_id for order in opened if order.client_order_id
        }
        if not self._is_alone():
            return
        missing = [order for order in believed if not {order.order_id, order.client_order_id} & there]
        for order in self._by_turns(sorted(missing, key=lambda order: not order.reported)):
            key = _name(order.order_id, order.client_order_id)
            if time.monotonic() - order.since < self._rules.grace:
                continue
            try:
                found = self._find(order.order_id, order.client_order_id, order.symbol)
            except _Undecided:
                undecided.add(key)
                continue
            if found is None:
                if self._is_the_account():
                    suspected[key] = _ghost(order, "")
            elif found.ended and order.reported:
                suspected[key] = _ghost(order, found.status)
            elif found.ended:
                # This process has missed the end of the order: it is noted, and not reported.
                self._known.ended(
                    self.exchange, client_order_id=order.client_order_id, order_id=order.order_id
                )
        self.findings.look("ghost", suspected, undecided)

    def _look_for_drift(self) -> None:
        before = self._amounts()
        if not before:
            return
        held = self._account.holdings(list(before))
        # A fill that was reported meanwhile makes any comparison wrong.
        same = {name for name, amount in self._amounts().items() if before.get(name) == amount}
        undecided = {name for name in before if name not in same or name not in held}
        self.findings.look("drift", drifts(self.exchange, before, held, before.keys() - undecided), undecided)

    def _amounts(self) -> dict[str, float]:
        return self._positions.amounts(self.exchange, self._rules.account)

    @property
    def compares_positions(self) -> bool:
        """Whether positions of the account are reported."""
        return bool(self._positions.symbols(self.exchange, self._rules.account))

    # -- what is known -------------------------------------------------------------------------------------------

    def _find(self, order_id: str, client_order_id: str, symbol: str) -> ExchangeOrder | None:
        """Fetch an order in any state.

        Raises:
            _Undecided: The exchange did not say.
        """
        if self._lookups >= MOST_LOOKUPS or not (order_id or client_order_id):
            self._decided = False
            raise _Undecided
        self._lookups += 1
        self._asked[_name(order_id, client_order_id)] = time.monotonic()
        try:
            found = self._account.find_order(order_id, client_order_id, symbol)
        except (PermissionError, Stopped):
            raise
        except Exception as error:
            logger.debug("an order of %s is not looked up: %s", self.exchange, described(error))
            self._decided = False
            raise _Undecided from None
        order = None if found is None else ExchangeOrder(found)
        self._seen_ours = self._seen_ours or (order is not None and self._is_known(order))
        return order

    def _by_turns(self, orders: Collection[Any]) -> list[Any]:
        """Sort so that those come first that were fetched longest ago."""
        keys = {_name(order.order_id, order.client_order_id) for order in orders}
        if len(self._asked) > 2 * MOST_LOOKUPS:
            self._asked = {key: moment for key, moment in self._asked.items() if key in keys}
        return sorted(
            orders, key=lambda order: self._asked.get(_name(order.order_id, order.client_order_id), 0.0)
        )

    def _is_known(self, order: ExchangeOrder) -> bool:
        # Gate writes "t-" before the ids that it is given.
        return any(
            self._known.has(self.exchange, client_order_id=client_order_id, order_id=order.id)
            for client_order_id in (order.client_order_id, order.client_order_id.removeprefix("t-"))
        )

    def _is_foreign(self, order: ExchangeOrder) -> bool:
        return not self._is_ignored(order.id) and not self._is_known(order)

    def _is_ignored(self, order_id: str) -> bool:
        return self._ignored is not None and order_id in self._ignored

    def _ignore(self, order_id: str) -> None:
        if self._ignored is not None and len(self._ignored) < _MOST_IGNORED:
            self._ignored.add(order_id)

    def _is_own(self, order: ExchangeOrder) -> bool:
        prefixes = self._rules.prefixes
        return not prefixes or order.client_order_id.removeprefix("t-").startswith(prefixes)

    def _is_alone(self) -> bool:
        """Whether the orders of this process all went to one account: only then one that is missing here is missing."""
        return len(self._known.accounts(self.exchange)) <= 1

    def _is_the_account(self) -> bool:
        """Whether this account is the one that the orders of this process went to; absence proves nothing elsewhere."""
        accounts = self._known.accounts(self.exchange)
        return self._is_alone() and (self._seen_ours or (bool(self._key) and accounts == {hash(self._key)}))


def _ghost(order: KnownOrder, status: str) -> Suspicion:
    known = {
        names.EXCHANGE_NAME: order.exchange,
        names.ORDER_ID: order.order_id,
        names.ORDER_CLIENT_ID: order.client_order_id,
        names.SYMBOL: order.symbol,
        names.BOT_ID: order.bot,
        names.EXCHANGE_STATUS: status or "not found",
    }
    return Suspicion({name: value for name, value in known.items() if value}, order.bot)


def _name(order_id: str, client_order_id: str) -> str:
    return order_id or client_order_id
