"""A bot's decisions: what it wanted, and what came of it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Literal

from opentelemetry.trace import Span

from .._sdk.safe import text_of
from ..semconv import trading as names
from ._never_raise import never_raise
from .bots import BotRegistry
from .orders import Order

Side = Literal["buy", "sell"]


class Decision:
    """One decision of a bot; a context manager, made by `botobs.trading.decision`.

    Its span holds what the bot did to decide. A decision that ends without an order or a refusal has passed.
    """

    def __init__(self, bots: BotRegistry, bot_id: str, attributes: dict[str, str]) -> None:
        self._order_registry = bots.order_registry
        self._recorder = bots.order_registry.recorder
        self._bot_id = bots.bounded(bot_id)
        self._attributes = {**attributes, names.BOT_ID: bot_id}
        self._outcome = "passed"
        self._begun = self._recorder.elapsed()
        self._scope: AbstractContextManager[Span] | None = None
        self._span: Span | None = None

    def __enter__(self) -> Decision:
        self._scope = self._recorder.span("bot decision", self._attributes)
        self._span = self._scope.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # What goes wrong after an order was made is the order's story.
        if error is not None and self._outcome == "passed":
            self._outcome = "error"
        self._count()
        if self._span is not None and self._scope is not None:
            self._scope.__exit__(kind, error, trace)

    @never_raise
    def _count(self) -> None:
        self._recorder.add(
            names.DECISIONS,
            {**self._attributes, names.BOT_ID: self._bot_id, names.DECISION_OUTCOME: self._outcome},
        )
        if self._span is not None:
            self._span.set_attribute(names.DECISION_OUTCOME, self._outcome)

    @never_raise
    def refused(self, reason: str) -> None:
        """Report that a check of the bot's own, such as a risk limit, did not allow the order."""
        self._outcome = "refused"
        if self._span is not None:
            self._span.set_attribute(names.DECISION_REASON, reason)

    def order(
        self,
        client_order_id: str,
        *,
        exchange: str,
        symbol: str | None = None,
        side: Side | None = None,
        type: str | None = None,
        account: str = "",
    ) -> Order:
        """The order that the bot decided for.

        Args:
            client_order_id: The id that the order is sent with, unique at the exchange: every later update
                of the order is found by it.
            exchange: ccxt's id of the exchange, such as `binance`.
            symbol: ccxt's name of the market, such as `BTC/USDT`; on spans only.
            side: `buy` or `sell`.
            type: `limit`, `market` or another word of ccxt.
            account: Of several accounts at the exchange, the one whose position its fills change.
        """
        self._outcome = "ordered"
        order = Order(
            self._order_registry,
            text_of(exchange),
            text_of(client_order_id),
            {**self._attributes, **order_attributes(symbol, side, type)},
            self._bot_id,
            self._begun,
            text_of(account),
        )
        self._order_registry.keep(order)
        order.decided()
        return order


def order_attributes(symbol: str | None, side: str | None, type: str | None) -> dict[str, str]:
    """What is known of an order, as attributes."""
    known = {}
    if symbol is not None:
        known[names.SYMBOL] = text_of(symbol)
    if side is not None:
        known[names.ORDER_SIDE] = text_of(side)
    if type is not None:
        known[names.ORDER_TYPE] = text_of(type)
    return known
