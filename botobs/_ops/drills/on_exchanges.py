"""Drills in which an exchange misbehaves, and those that put orders at risk."""

from __future__ import annotations

from .drill import BOTS, Drill, Setting, after, heartbeat_age, window
from .faults import both, dying_with_orders, exchange

_BINANCE = {"exchange_name": "binance"}
_OKX = {"exchange_name": "okx"}
#: Seconds of silence that no rhythm of a stream explains.
_SILENCE = 30.0
#: Seconds for which the ban lasts, as each response of the exchange says.
_BAN = 10.0
#: Seconds until the demo's trading engine has fetched an order of unknown outcome, and its settlement is exported.
_ASKED_AFTER = 30.0
#: Seconds until an order has been sent and a wrong response has come.
_ORDER = 2.0


def _rejects(setting: Setting) -> float:
    """All orders are rejected, too slowly for a burst, and those of before are still in the window."""
    share = setting("BOTOBS_THRESHOLD_ORDER_REJECT_RATIO") * setting("BOTOBS_ALERT_WINDOW")
    return share + setting("BOTOBS_FOR_SHORT") + setting("BOTOBS_EVALUATION_INTERVAL")


def _left_behind(setting: Setting) -> float:
    # An order on its way is reported before its process dies.
    return setting("OTEL_METRIC_EXPORT_INTERVAL") + heartbeat_age(setting)


DRILLS = (
    Drill(
        name="exchange-disconnect",
        does="cuts every WebSocket of one simulated exchange off and refuses new ones",
        alert="ExchangeDisconnected",
        labels=_BINANCE,
        fault=exchange("binance", "drop"),
        needs=BOTS,
        traceql='{ span.exchange.name = "binance" }',
    ),
    Drill(
        name="exchange-silent",
        does="lets one simulated exchange send nothing but pongs",
        alert="ExchangeStreamSilent",
        labels=_OKX,
        fault=exchange("okx", "silence"),
        needs=BOTS,
        reach=after(_SILENCE),
        traceql='{ span.exchange.name = "okx" }',
        severity="warning",
    ),
    Drill(
        name="exchange-gap",
        does="leaves a change out of each book of one simulated exchange",
        alert="ExchangeSequenceGaps",
        labels=_BINANCE,
        fault=exchange("binance", "sequence_gap"),
        needs=BOTS,
        traceql='{ span.exchange.name = "binance" }',
        severity="warning",
    ),
    Drill(
        name="exchange-crossed",
        does="puts the bids of one simulated exchange above its asks",
        alert="ExchangeBookCrossed",
        labels={**_OKX, "severity": "critical"},
        fault=exchange("okx", "crossed_book"),
        needs=BOTS,
        reach=window("BOTOBS_THRESHOLD_BOOK_CROSSED_SECONDS"),
        traceql='{ span.exchange.name = "okx" }',
    ),
    Drill(
        name="exchange-rate-limit",
        does="lets one simulated exchange respond to one request in five with 429",
        alert="ExchangeRateLimited",
        labels=_OKX,
        fault=exchange("okx", "rate_limit", value=0, share=0.2),
        needs=BOTS,
        traceql='{ span.exchange.name = "okx" && status = error }',
        severity="warning",
    ),
    Drill(
        name="exchange-limit-near",
        does="has others at our address use 95 % of what the simulated Binance allows",
        alert="ExchangeRateLimitNear",
        labels={**_BINANCE, "severity": "critical"},
        fault=exchange("binance", "limit_used", value=0.95),
        needs=BOTS,
        reach=after(_ORDER),
        traceql='{ span.exchange.name = "binance" }',
    ),
    Drill(
        name="exchange-ban",
        does="lets one simulated exchange ban our address",
        alert="ExchangeBanned",
        labels=_BINANCE,
        fault=exchange("binance", "ban", value=_BAN),
        needs=BOTS,
        reach=after(_ORDER),
        lingers=after(_BAN),
        silent=("ExchangeErrorsHigh",),
        traceql='{ span.exchange.name = "binance" && status = error }',
    ),
    Drill(
        name="exchange-maintenance",
        does="lets one simulated exchange say that it is in maintenance, and close its streams",
        alert="ExchangeMaintenance",
        labels=_OKX,
        fault=both(exchange("okx", "maintenance"), exchange("okx", "drop")),
        needs=BOTS,
        reach=after(_ORDER),
        lingers=after(_ORDER),
        silent=("ExchangeDisconnected", "ExchangeErrorsHigh"),
        traceql='{ span.exchange.name = "okx" && span.exchange.error.category = "maintenance" }',
        severity="warning",
    ),
    Drill(
        name="exchange-market-suspended",
        does="lets one simulated exchange close its markets",
        alert="ExchangeMarketSuspended",
        labels=_OKX,
        fault=exchange("okx", "markets_suspended"),
        needs=BOTS,
        reach=after(_ORDER),
        lingers=after(_ORDER),
        also=("OrderRejectsHigh",),
        traceql='{ span.exchange.name = "okx" && status = error }',
        severity="warning",
    ),
    Drill(
        name="exchange-key-refused",
        does="lets one simulated exchange refuse the API key of the demo",
        alert="ExchangeKeyRefused",
        labels={**_BINANCE, "severity": "critical"},
        fault=exchange("binance", "key_refused"),
        needs=BOTS,
        reach=after(_ORDER),
        lingers=after(_ORDER),
        also=("ExchangeErrorsHigh", "OrderRejectsHigh"),
        traceql='{ span.exchange.name = "binance" && span.exchange.error.category = "auth" }',
    ),
    Drill(
        name="exchange-clock",
        does="puts the clock of one simulated exchange five seconds ahead",
        alert="ExchangeClockOffset",
        labels={**_BINANCE, "severity": "critical"},
        fault=exchange("binance", "clock_skew", value=5),
        needs=BOTS,
        traceql='{ span.exchange.name = "binance" }',
    ),
    Drill(
        name="orders-rejected",
        does="lets one simulated exchange reject every order because the balance is too small",
        alert="OrderRejectsHigh",
        labels=_BINANCE,
        fault=exchange("binance", "reject_orders"),
        needs=BOTS,
        reach=_rejects,
        traceql='{ span.exchange.name = "binance" && status = error }',
    ),
    Drill(
        name="orders-unknown",
        does="lets one simulated exchange respond with 503, which does not say whether it has taken an order",
        alert="OrderOutcomeUnknown",
        labels={**_OKX, "service_name": "trading-engine"},
        fault=exchange("okx", "server_error", value=503),
        needs=BOTS,
        reach=after(_ORDER),
        lingers=after(_ASKED_AFTER),
        also=("ExchangeErrorsHigh",),
        traceql='{ span.exchange.name = "okx" && status = error }',
    ),
    Drill(
        name="orders-left-behind",
        does="lets one simulated exchange take eight seconds, kills the trading engine meanwhile, and keeps it dead",
        alert="OrdersLeftBehind",
        labels={**_BINANCE, "service_name": "trading-engine"},
        fault=dying_with_orders,
        needs=BOTS,
        reach=_left_behind,
        seen=window("OTEL_METRIC_EXPORT_INTERVAL"),
        lingers=window("BOTOBS_ORPHAN_WINDOW"),
    ),
)
