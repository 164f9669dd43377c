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

from .._sdk.safe import number_of as _number_of
from .._sdk.safe import text_of as _text_of
from ..semconv import trading as _names
from ._lifecycle import State
from .bots import Bot
from .decisions import Decision, Side
from .decisions import order_attributes as _order_attributes
from .feeds import Feed
from .orders import Order, Settlement, order_ids
from .session import current as _current
from .session import goodbye, simulated

__all__ = [
    "Bot",
    "Decision",
    "Feed",
    "Order",
    "Settlement",
    "Side",
    "State",
    "bot",
    "decision",
    "feed",
    "goodbye",
    "order",
    "order_trace_id",
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
) -> Order:
    """The order with this client order id, whoever sent it: this process, or one that runs no longer.

    Args:
        client_order_id: The id that the order was sent with.
        exchange: ccxt's id of the exchange.
        symbol: ccxt's name of the market; on spans only.
        side: `buy` or `sell`.
        type: `limit`, `market` or another word of ccxt.
    """
    order_registry = _current().order_registry
    key = (_text_of(exchange), _text_of(client_order_id))
    known = order_registry.find(key)
    if known is not None:
        return known
    made = Order(order_registry, *key, _order_attributes(symbol, side, type))
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
    return f"{order_ids(_text_of(exchange), _text_of(client_order_id)).trace_id:032x}"
