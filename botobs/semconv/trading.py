"""Bots, orders and market-data feeds, as `botobs.trading` reports them.

Orders have a namespace of their own, `botobs.order.*`: the automatic instrumentation of exchange clients counts
requests (`exchange.*`), this counts orders, so that one order is never counted twice under one name.
"""

from __future__ import annotations

from . import exchange
from ._model import Metric, declared_in

BOT_ID = "botobs.bot.id"
BOT_STATE = "botobs.bot.state"
BOT_STRATEGY = "botobs.bot.strategy"
GOODBYE_REASON = "botobs.goodbye.reason"
DECISION_OUTCOME = "botobs.decision.outcome"
DECISION_REASON = "botobs.decision.reason"
ORDER_OUTCOME = "botobs.order.outcome"
ORDER_STAGE = "botobs.order.stage"
ORDER_REASON = "botobs.order.reason"
FEED_CHANNEL = "botobs.feed.channel"
SUBJECT = "botobs.trading.subject"
#: What became of one comparison with an exchange: `complete`; `incomplete`, where the exchange did not tell all;
#: `failed`; `limited` and `banned`, after which reconcile pauses; `maintenance`, while the exchange does not trade;
#: `skipped`, to leave the rest of a limit to the bots.
RECONCILE_OUTCOME = "botobs.reconcile.outcome"
#: What the exchange says of an order, in ccxt's words, or `not found`.
EXCHANGE_STATUS = "exchange.order.status"
POSITION_DRIFT_RATIO = "botobs.position.drift"
ERROR_TYPE = "error.type"
EXCHANGE_NAME = exchange.NAME
ORDER_CLIENT_ID = exchange.ORDER_CLIENT_ID
ORDER_ID = exchange.ORDER_ID
ORDER_SIDE = exchange.ORDER_SIDE
ORDER_TYPE = exchange.ORDER_TYPE
ORDER_AMOUNT = exchange.ORDER_AMOUNT
ORDER_PRICE = exchange.ORDER_PRICE
SYMBOL = exchange.SYMBOL

#: True on the span `order submitted` that was delivered for a process which had ended before the answer.
ORDER_LEFT_BEHIND = "botobs.order.left_behind"

#: What the spans `bot turn`, `bot decision`, `order submit`, `order`, `order update`, `reconcile`, `order orphaned`,
#: `order ghost` and `position drift` carry.
SPAN_ATTRIBUTES: tuple[str, ...] = (
    BOT_ID,
    BOT_STATE,
    BOT_STRATEGY,
    DECISION_OUTCOME,
    DECISION_REASON,
    ORDER_OUTCOME,
    ORDER_STAGE,
    ORDER_REASON,
    ERROR_TYPE,
    EXCHANGE_NAME,
    ORDER_CLIENT_ID,
    ORDER_ID,
    ORDER_SIDE,
    ORDER_TYPE,
    ORDER_AMOUNT,
    ORDER_PRICE,
    SYMBOL,
    RECONCILE_OUTCOME,
    EXCHANGE_STATUS,
    POSITION_DRIFT_RATIO,
)

#: A bot is known by its id; its strategy and exchange, where it has them, come along for grouping.
_BOT = (BOT_ID, BOT_STRATEGY, EXCHANGE_NAME)

BOT_STATES = Metric(
    name="botobs.bot.state",
    kind="observable_gauge",
    unit="{bot}",
    description=(
        "1 for the state that the bot is in, 0 for the others. "
        "States: created, starting, running, paused, stopping, stopped, failed."
    ),
    attributes=(*_BOT, BOT_STATE),
)
BOT_STATE_SINCE = Metric(
    name="botobs.bot.state.since.timestamp",
    kind="observable_gauge",
    unit="s",
    description="When the bot came into its present state, in seconds since the epoch.",
    attributes=_BOT,
)
BOT_TRANSITIONS = Metric(
    name="botobs.bot.transitions",
    kind="counter",
    unit="{transition}",
    description="Changes of a bot's state, by the state that it came into.",
    attributes=(*_BOT, BOT_STATE),
)
BOT_RESTARTS = Metric(
    name="botobs.bot.restarts",
    kind="counter",
    unit="{restart}",
    description="Starts of a bot after a failure; a start after a clean stop is none.",
    attributes=_BOT,
)
BOT_FAILURES = Metric(
    name="botobs.bot.failures",
    kind="counter",
    unit="{failure}",
    description="Failures of a bot, by the class of the error.",
    attributes=(*_BOT, ERROR_TYPE),
)
BOT_HEARTBEAT = Metric(
    name="botobs.bot.heartbeat.timestamp",
    kind="observable_gauge",
    unit="s",
    description=(
        "The bot's last sign of life, in seconds since the epoch: a turn, a heartbeat or a change of state. "
        "While it is created, paused or failed, and so takes no turns, the life of its process counts. "
        "The series ends with the bot's goodbye."
    ),
    attributes=_BOT,
)
BOT_HEARTBEAT_INTERVAL = Metric(
    name="botobs.bot.heartbeat.interval",
    kind="observable_gauge",
    unit="s",
    description="The longest time between two signs of life that is normal for this bot.",
    attributes=_BOT,
)
BOT_GOODBYE = Metric(
    name="botobs.bot.goodbye.timestamp",
    kind="observable_gauge",
    unit="s",
    description=(
        "When the bot said goodbye, in seconds since the epoch: it was stopped, handed over to another process, "
        "or its service shut down cleanly. A heartbeat that is not newer than the goodbye is not missed."
    ),
    attributes=(*_BOT, GOODBYE_REASON),
)
BOT_TURN_DURATION = Metric(
    name="botobs.bot.turn.duration",
    kind="histogram",
    unit="s",
    description="Time that bots take for a turn.",
    attributes=(BOT_STRATEGY, EXCHANGE_NAME, ERROR_TYPE),
)
DECISIONS = Metric(
    name="botobs.bot.decisions",
    kind="counter",
    unit="{decision}",
    description=(
        "Decisions of a bot by what came of them: ordered, refused (by a risk check), passed (no order was wanted) "
        "or error."
    ),
    attributes=(*_BOT, DECISION_OUTCOME),
)
ORDER_STAGES = Metric(
    name="botobs.order.stages",
    kind="counter",
    unit="{order}",
    description=(
        "Orders that reached a stage, each order once a stage: decided, submitted, acknowledged, partially_filled, "
        "filled, canceled, expired, rejected, failed, unknown."
    ),
    attributes=(BOT_ID, ORDER_STAGE),
)
ORDERS = Metric(
    name="botobs.orders",
    kind="counter",
    unit="{order}",
    description=(
        "Orders by outcome: filled, canceled, expired, rejected, failed when it never left, or unknown when nobody "
        "knows whether the exchange took it. A failed order that is sent again, and an unknown one that is heard of "
        "again, counts under its later outcome, too."
    ),
    attributes=(EXCHANGE_NAME, ORDER_OUTCOME),
)
ORDERS_SUBMITTED = Metric(
    name="botobs.orders.submitted",
    kind="counter",
    unit="{order}",
    description="Orders sent to an exchange.",
    attributes=(EXCHANGE_NAME,),
)
REJECTED_BURST = Metric(
    name="botobs.orders.rejected.burst",
    kind="observable_gauge",
    unit="{order}",
    description=(
        "Orders that the exchange has rejected within ten seconds, while they are three at least and half of those it "
        "answered; absent otherwise."
    ),
    attributes=(EXCHANGE_NAME,),
)
DECISION_TO_ACK = Metric(
    name="botobs.order.decision_to_ack.duration",
    kind="histogram",
    unit="s",
    description="From the begin of the decision to the exchange's answer, which is acknowledged or rejected.",
    attributes=(EXCHANGE_NAME, ORDER_OUTCOME),
)
FILL_DURATION = Metric(
    name="botobs.order.fill.duration",
    kind="histogram",
    unit="s",
    description="From the exchange's acknowledgement to the complete fill.",
    attributes=(EXCHANGE_NAME, ORDER_TYPE),
    buckets=(
        0.001,
        0.005,
        0.01,
        0.05,
        0.1,
        0.25,
        0.5,
        1.0,
        2.5,
        5.0,
        10.0,
        30.0,
        60.0,
        300.0,
        1800.0,
        7200.0,
    ),
)
IN_FLIGHT = Metric(
    name="botobs.orders.in_flight",
    kind="observable_gauge",
    unit="{order}",
    description="Orders that were sent and have no answer yet.",
    attributes=(EXCHANGE_NAME,),
)
OLDEST_IN_FLIGHT = Metric(
    name="botobs.orders.oldest_in_flight.age",
    kind="observable_gauge",
    unit="s",
    description="Age of the oldest order that has no answer yet; 0 when there is none.",
    attributes=(EXCHANGE_NAME,),
)

RECONCILE_LOOKS = Metric(
    name="botobs.reconcile.looks",
    kind="counter",
    unit="{look}",
    description=(
        "Comparisons of an account with what was reported, by what became of them: complete, incomplete, failed, "
        "limited, banned, maintenance or skipped."
    ),
    attributes=(EXCHANGE_NAME, RECONCILE_OUTCOME),
)
RECONCILE_LAST = Metric(
    name="botobs.reconcile.last_look.timestamp",
    kind="observable_gauge",
    unit="s",
    description="When the exchange was last compared with what was reported, in seconds since the epoch.",
    attributes=(EXCHANGE_NAME,),
)
ORDERS_ORPHANED = Metric(
    name="botobs.orders.orphaned",
    kind="observable_gauge",
    unit="{order}",
    description="Orders on the exchange, open or filled, that the service does not know; absent before the first look.",
    attributes=(EXCHANGE_NAME,),
)
ORDERS_GHOST = Metric(
    name="botobs.orders.ghost",
    kind="observable_gauge",
    unit="{order}",
    description=(
        "Orders that are open to the service, and have ended or are not there by the exchange; absent before the "
        "first look."
    ),
    attributes=(EXCHANGE_NAME, BOT_ID),
)
POSITION_DRIFT = Metric(
    name=POSITION_DRIFT_RATIO,
    kind="observable_gauge",
    unit="1",
    description=(
        "Difference of the reported position and the exchange's, divided by the larger of the two; of the position "
        "that is furthest off. Absent where no position is reported or compared."
    ),
    attributes=(EXCHANGE_NAME,),
)

_FEED = (EXCHANGE_NAME, FEED_CHANNEL)

FEED_MESSAGES = Metric(
    name="botobs.feed.messages",
    kind="observable_counter",
    unit="{message}",
    description="Messages received from a market-data feed.",
    attributes=_FEED,
)
FEED_LAST_MESSAGE = Metric(
    name="botobs.feed.last_message.timestamp",
    kind="observable_gauge",
    unit="s",
    description=(
        "When the feed's last message came, in seconds since the epoch; its begin until there is one. "
        "The series ends when the feed is closed."
    ),
    attributes=_FEED,
)
FEED_MESSAGE_AGE = Metric(
    name="botobs.feed.message.age",
    kind="observable_gauge",
    unit="s",
    description="Age of the feed's last message when it came: time of receipt less the exchange's timestamp.",
    attributes=_FEED,
)
FEED_GAPS = Metric(
    name="botobs.feed.sequence_gaps",
    kind="observable_counter",
    unit="{gap}",
    description="Gaps in the feed's sequence numbers.",
    attributes=_FEED,
)
FEED_MISSED = Metric(
    name="botobs.feed.messages.missed",
    kind="observable_counter",
    unit="{message}",
    description="Messages that fell into the gaps.",
    attributes=_FEED,
)
FEED_CHECKSUM_FAILURES = Metric(
    name="botobs.feed.checksum_failures",
    kind="observable_counter",
    unit="{book}",
    description="Books whose checksum was not the one that the exchange sent.",
    attributes=_FEED,
)
FEED_GOODBYE = Metric(
    name="botobs.feed.goodbye.timestamp",
    kind="observable_gauge",
    unit="s",
    description="When the feed was closed on purpose, in seconds since the epoch.",
    attributes=_FEED,
)
MISUSES = Metric(
    name="botobs.trading.misuses",
    kind="counter",
    unit="{call}",
    description="Calls that contradict what was reported before, such as an illegal change of state.",
    attributes=(SUBJECT,),
)

METRICS = declared_in(globals())
