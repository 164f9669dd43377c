"""Questions that were written down, with their answers, before any was asked, and after the second set had been."""

from __future__ import annotations

from collections.abc import Mapping

from botobs._ops.drills.faults import exchange, locked, taken
from tests.drills._why_asking import BINANCE, ENGINE, MANAGER, OKX, Case, ask
from tests.drills._why_faults import deployed, no_memory, one_bot_locked

#: Names that say nothing, or the wrong thing.
SHUFFLED = {
    "trading-engine": "okx",
    "okx": "scalper",
    "scalper": "trading-engine",
    "bot-manager": "binance",
    "binance": "bot-manager",
}

#: Several causes of one alert, alone and two at a time: what makes the engine slow, orders rejected, bots idle.
CASES: Mapping[str, Case] = {
    "one exchange takes four seconds": Case(
        (exchange("okx", "latency", value=4),), (ask("ServiceLatencyHigh", "ExchangeLatencyHigh", **ENGINE),)
    ),
    "the table of orders is locked again and again": Case(
        (locked("orders", held=1.5, free=0.05),),
        (ask("ServiceLatencyHigh", "DatabaseQueriesSlow", "DatabaseLocked", **ENGINE),),
    ),
    "half of the calls fail here, no balance there": Case(
        (exchange("okx", "server_error", value=502, share=0.5), exchange("binance", "reject_orders")),
        (
            ask("OrderRejectsHigh", "errors: funds", **BINANCE),
            ask("OrderOutcomeUnknown", "ExchangeErrorsHigh", **OKX),
            ask("an order", "errors: funds", **BINANCE),
        ),
    ),
    "a wrong clock, and a ban of the other": Case(
        (exchange("okx", "clock_skew", value=90), exchange("binance", "ban", value=120)),
        (
            ask("OrderRejectsHigh", "ExchangeClockOffset", **OKX),
            ask("ExchangeErrorsHigh", "ExchangeBanned", **BINANCE),
            ask("an order", "ExchangeBanned", **BINANCE),
        ),
    ),
    "a maintenance, and a locked row": Case(
        (exchange("binance", "maintenance"), one_bot_locked),
        (
            ask("ExchangeErrorsHigh", "ExchangeMaintenance", **BINANCE),
            ask("BotHeartbeatLost", "DatabaseLocked"),
        ),
    ),
    "the manager dies": Case(
        (taken("bot-manager", "crash"),), (ask("BotsPlaceNoOrders", "ServiceHeartbeatLost", **BINANCE),)
    ),
    "closed markets here, 500 there": Case(
        (exchange("binance", "markets_suspended"), exchange("okx", "server_error", value=500)),
        (
            ask("OrderRejectsHigh", "ExchangeMarketSuspended", **BINANCE),
            ask("OrderOutcomeUnknown", "ExchangeErrorsHigh", **OKX),
            ask("an order", "ExchangeErrorsHigh", **OKX),
        ),
    ),
    "others spend the limit, and the other is slow": Case(
        (
            exchange("binance", "limit_used", value=0.97),
            exchange("binance", "rate_limit", value=0, share=0.4),
            exchange("okx", "latency", value=3),
        ),
        (
            ask("ExchangeRateLimited", "ExchangeRateLimitNear", **BINANCE),
            ask("OrderAckSlow", "ExchangeLatencyHigh", **OKX),
        ),
    ),
    "a wrong deploy, and a ban of the other": Case(
        (deployed("wrong"), exchange("okx", "ban", value=60)),
        (
            ask("OrderRejectsHigh", "new version", **BINANCE),
            ask("ExchangeErrorsHigh", "ExchangeBanned", **OKX),
        ),
    ),
    "the engine dies while an exchange is lost": Case(
        (exchange("okx", "drop"), taken("trading-engine", "crash")),
        (ask("a bot", "ServiceHeartbeatLost", **BINANCE),),
    ),
    "answers of both are lost": Case(
        (exchange("okx", "drop_acks"), exchange("binance", "drop_acks")),
        (
            ask("OrderOutcomeUnknown", "ExchangeErrorsHigh", "errors: network", "own network", **BINANCE),
            ask("an order", "ExchangeErrorsHigh", "errors: network", "own network", **OKX),
        ),
    ),
    "a deploy that falls, and a wrong clock": Case(
        (deployed("falls"), exchange("okx", "clock_skew", value=60)),
        (
            ask("ServiceCrashLoop", "new version", service_name="scalper"),
            ask("OrderRejectsHigh", "ExchangeClockOffset", **OKX),
        ),
    ),
    "no memory, and no balance": Case(
        (no_memory, taken("bot-manager", "freeze"), exchange("okx", "reject_orders")),
        (
            ask("ServiceHeartbeatLost", "host memory", **MANAGER),
            ask("an order", "errors: funds", **OKX),
        ),
    ),
}
