"""Bots, orders from decision to fill, and feeds of your own clients, reported by the service itself.

    import botobs.trading

    bot = botobs.trading.bot("mean-reversion-01", exchange="binance", strategy="mean-reversion")
    with bot.turn(), botobs.trading.decision(bot) as decision:
        order = decision.order("bot1x4711", exchange="binance", symbol="BTC/USDT", side="buy", type="limit")
        with order.submission():
            ...  # send it

Reports never raise and never wait; without `botobs.init()` they do nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from .._sdk.safe import number_of as _number_of
from .._sdk.safe import short_text_of as _text_of
from ..semconv import trading as _names
from ._lifecycle import State
from ._order_registry import order_ids as _order_ids
from ._stages import Settlement
from .bots import Bot
from .decisions import Decision, Side
from .decisions import order_attributes as _order_attributes
from .feeds import Feed
from .orders import Order
from .positions import Position
from .reconciliation import Reconciliation
from .reconciliation import Rules as _Rules
from .session import current as _current
from .session import goodbye, simulated
from .session import is_live as _is_live

__all__ = [
    "Bot",
    "Decision",
    "Feed",
    "Order",
    "Position",
    "Reconciliation",
    "Settlement",
    "Side",
    "State",
    "bot",
    "decision",
    "feed",
    "goodbye",
    "order",
    "order_trace_id",
    "position",
    "reconcile",
    "simulated",
]


def bot(
    id: str, *, exchange: str | None = None, strategy: str | None = None, heartbeat_interval: float = 60.0
) -> Bot:
    """The bot `id`: a new one, which is `created`, or the one that this process knows already.

    Args:
        id: Its name, unique in the platform and stable over restarts.
        exchange: ccxt's id of the exchange that it trades on, if it is one.
        strategy: What it does, in a word.
        heartbeat_interval: The longest time, in seconds, between two of its turns that is normal.
    """
    known_as = _text_of(id)
    attributes = {_names.BOT_ID: known_as}
    if exchange is not None:
        attributes[_names.EXCHANGE_NAME] = _text_of(exchange)
    if strategy is not None:
        attributes[_names.BOT_STRATEGY] = _text_of(strategy)
    interval = _number_of(heartbeat_interval)
    return _current().bots.get(known_as, attributes, 60.0 if interval is None else interval)


def decision(bot: Bot | str, *, strategy: str | None = None) -> Decision:
    """A decision of a bot, to be taken inside `with`.

    Args:
        bot: The bot, or its id where another service lives its life.
        strategy: What the bot does, in a word; a `Bot` knows it.
    """
    if issubclass(type(bot), Bot):
        return Decision(bot.registry, bot.id, bot.attributes)  # type: ignore[union-attr]
    attributes = {} if strategy is None else {_names.BOT_STRATEGY: _text_of(strategy)}
    return Decision(_current().bots, _text_of(bot), attributes)


def order(
    client_order_id: str,
    *,
    exchange: str,
    symbol: str | None = None,
    side: Side | None = None,
    type: str | None = None,
    account: str = "",
) -> Order:
    """The order with this client order id, sent by this process or by an earlier one.

    Args:
        client_order_id: The id that the order was sent with.
        exchange: ccxt's id of the exchange.
        symbol: ccxt's name of the market; on spans only.
        side: `buy` or `sell`.
        type: `limit`, `market` or another word of ccxt.
        account: Of several accounts at the exchange, the one whose position its fills change.
    """
    order_registry = _current().order_registry
    key = (_text_of(exchange), _text_of(client_order_id))
    known = order_registry.find(key)
    if known is not None:
        return known
    made = Order(order_registry, *key, _order_attributes(symbol, side, type), account=_text_of(account))
    order_registry.keep(made)
    return made


def feed(exchange: str, *, channel: str) -> Feed:
    """The market-data feed of a client that botobs does not know.

    Args:
        exchange: Its name, ccxt's where there is one.
        channel: What it carries: `orderbook`, `trades`, `ticker`, `ohlcv`, `orders` or another word of few. Symbols
            do not belong here: report on all of them together, or name the few that matter.
    """
    return _current().feeds.get(_text_of(exchange), _text_of(channel))


def order_trace_id(client_order_id: str, *, exchange: str) -> str:
    """The id of an order's trace: 32 hexadecimal digits, as Tempo searches for it."""
    return f"{_order_ids(_text_of(exchange), _text_of(client_order_id)).trace_id:032x}"


def position(exchange: str, *, symbol: str, account: str = "") -> Position:
    """The service's position in a market: what was set, and the fills that were reported since of orders in it.

    `reconcile` compares it with what the exchange says.

    Args:
        exchange: ccxt's id of the exchange.
        symbol: ccxt's name of the market, as orders in it are reported with.
        account: Of several accounts at the exchange, such as sub-accounts, a name of your own for the one that holds
            it: the same with which its orders are reported and it is reconciled. It does not leave the process.
    """
    return _current().positions.get(_text_of(exchange), _text_of(symbol), _text_of(account))


def reconcile(
    client: Any,
    *,
    every: float = 60.0,
    grace: float = 30.0,
    absent_after: float = 600.0,
    prefix: str | Collection[str] = (),
    symbols: Collection[str] = (),
    earlier: bool = False,
    account: str = "",
) -> Reconciliation:
    """Compare an account with what this process reports, as long as it runs, and settle its unknown orders.

    It only reads, in a separate thread, and takes at most 5 % of the client's rate limit. Without `botobs.init()`,
    and in a simulation, it does nothing.

    Args:
        client: A client of ccxt (sync, async or pro) that no other code uses and that has not been used before, or one
            that implements `botobs.clients.Reconcilable`. Its API key need not be allowed to trade.
        every: Seconds between two looks.
        grace: Seconds for which a difference has to last before it is reported: longer than a response takes.
        absent_after: Seconds after its submission from which an order that the exchange does not find was not placed.
        prefix: How the client order ids of this service's orders begin; others in the account are left alone then,
            such as those placed by hand or by other services.
        symbols: Markets to look at, beside those that orders and positions are reported of; needed where an exchange
            does not list all at once.
        earlier: Report also orders from before the first look, which an earlier process may have placed.
        account: Which positions are compared: those that are reported with this name.

    Returns:
        What stops it before the service ends.
    """
    rules = _Rules(
        grace=_seconds(grace, 30.0),
        absent_after=_seconds(absent_after, 600.0),
        prefixes=_texts(prefix),
        symbols=_texts(symbols),
        earlier=bool(earlier),
        account=_text_of(account),
    )
    if not _is_live():
        return Reconciliation(None)
    return _current().reconciliations.add(client, rules, max(0.1, _seconds(every, 60.0)))


def _seconds(given: object, default: float) -> float:
    number = _number_of(given)
    return default if number is None or number < 0 else float(number)


def _texts(given: object) -> tuple[str, ...]:
    if not given:
        return ()
    return (
        tuple(map(_text_of, given))
        if isinstance(given, list | tuple | set | frozenset)
        else (_text_of(given),)
    )
