"""Questions that were written down, with their answers, before any was asked: other parts, values and combinations."""

from __future__ import annotations

from collections.abc import Mapping

from botobs._ops.drills.faults import crash_loop, exchange, locked, taken
from tests.drills._why_asking import BINANCE, ENGINE, MANAGER, OKX, STILL, Case, ask
from tests.drills._why_faults import connections_taken, deployed, starved

#: Names that say nothing, or the wrong thing.
SHUFFLED = {
    "trading-engine": "binance",
    "binance": "bot-manager",
    "bot-manager": "trading-engine",
    "okx": "postgres",
    "postgres": "okx",
    "scalper": "reports",
}

CASES: Mapping[str, Case] = {
    "the engine's table is locked": Case(
        (locked("orders"),),
        (
            ask("ServiceLatencyHigh", "DatabaseLocked", **ENGINE),
            ask("BotFailed", "DatabaseLocked"),
        ),
    ),
    "a lock on positions, and a refused key": Case(
        (locked("positions"), exchange("okx", "key_refused")),
        (
            ask("ServiceLatencyHigh", "DatabaseLocked", **MANAGER),
            ask("BotFailed", "DatabaseLocked", **BINANCE),
        ),
    ),
    "the engine hangs": Case(
        (taken("trading-engine", "freeze"),),
        (ask("a bot", "ServiceHeartbeatLost", **BINANCE),),
    ),
    "the manager hangs": Case(
        (taken("bot-manager", "freeze"),), (ask("BotsPlaceNoOrders", "ServiceHeartbeatLost", **OKX),)
    ),
    "the engine dies again and again": Case(
        (crash_loop("trading-engine"),),
        (ask("a bot", "ServiceCrashLoop", "ServiceHeartbeatLost", **OKX),),
    ),
    "both exchanges ban us": Case(
        (exchange("binance", "ban", value=30), exchange("okx", "ban", value=30)),
        (
            ask("ExchangeErrorsHigh", "ExchangeBanned", **BINANCE),
            ask("an order", "ExchangeBanned", **OKX),
        ),
    ),
    "both exchanges are slow": Case(
        (exchange("binance", "latency", value=3), exchange("okx", "latency", value=3)),
        (
            ask("OrderAckSlow", "ExchangeLatencyHigh", "own network", **BINANCE),
            ask("ServiceLatencyHigh", "ExchangeLatencyHigh", "own network", **ENGINE),
        ),
    ),
    "500 here, 429 there": Case(
        (exchange("okx", "server_error", value=500, share=0.6), exchange("binance", "rate_limit", value=0)),
        (
            ask("OrderOutcomeUnknown", "ExchangeErrorsHigh", **OKX),
            ask("ExchangeErrorsHigh", "ExchangeRateLimited", **BINANCE),
            ask("ServiceErrorsHigh", "ExchangeErrorsHigh", "ExchangeRateLimited", **ENGINE),
            ask("an order", "ExchangeRateLimited", **BINANCE),
        ),
    ),
    "lost answers, and a slow exchange": Case(
        (exchange("okx", "drop_acks"), exchange("binance", "latency", value=2)),
        (
            ask("OrderOutcomeUnknown", "ExchangeErrorsHigh", "errors: network", **OKX),
            ask("an order", "ExchangeErrorsHigh", "errors: network", **OKX),
            ask("OrderAckSlow", "ExchangeLatencyHigh", **BINANCE),
        ),
    ),
    "half open sockets, and no balance": Case(
        (exchange("okx", "half_open"), exchange("binance", "reject_orders")),
        (
            ask("OrderRejectsHigh", "errors: funds", **BINANCE),
            ask("BotsPlaceNoOrders", *STILL, **OKX),
        ),
    ),
    "silence, and a wrong clock": Case(
        (exchange("binance", "silence"), exchange("okx", "clock_skew", value=45)),
        (
            ask("OrderRejectsHigh", "ExchangeClockOffset", **OKX),
            ask("an order", "ExchangeClockOffset", **OKX),
            ask("BotsPlaceNoOrders", *STILL, **BINANCE),
        ),
    ),
    "no database, and a maintenance": Case(
        (taken("postgres", "hold"), exchange("binance", "maintenance"), exchange("binance", "drop")),
        (
            ask("BotFailed", "DatabaseDown"),
            ask("ExchangeDisconnected", "ExchangeMaintenance", **BINANCE),
        ),
    ),
    "a good deploy, and no balance": Case(
        (deployed(), exchange("okx", "reject_orders")),
        (ask("OrderRejectsHigh", "errors: funds", **OKX), ask("an order", "errors: funds", **OKX)),
    ),
    "a new version that falls": Case(
        (deployed("falls"),), (ask("ServiceCrashLoop", "new version", service_name="scalper"),)
    ),
    "a new version that spends the limit": Case(
        (deployed("greedy"),), (ask("ExchangeRateLimited", "new version", **BINANCE),)
    ),
    "a host without CPU": Case(
        (starved, taken("bot-manager", "freeze")),
        (
            ask("ServiceHeartbeatLost", "HostStarved", **MANAGER),
            ask("BotsPlaceNoOrders", "HostStarved", **BINANCE),
        ),
    ),
    "no exchange answers": Case(
        (taken("exchange-simulator", "freeze"),),
        (ask("OrderOutcomeUnknown", "own network", **OKX), ask("BotsPlaceNoOrders", "own network", **OKX)),
    ),
    "connections taken by others, and a ban": Case(
        (connections_taken, exchange("okx", "ban", value=60)),
        (
            ask("ExchangeErrorsHigh", "ExchangeBanned", **OKX),
            ask("ServiceLatencyHigh", "DatabaseConnectionsHigh", **MANAGER),
        ),
    ),
    "both keys are refused": Case(
        (exchange("okx", "key_refused"), exchange("binance", "key_refused")),
        (
            ask("OrderRejectsHigh", "ExchangeKeyRefused", **BINANCE),
            ask("ServiceErrorsHigh", "ExchangeKeyRefused", **ENGINE),
            ask("an order", "ExchangeKeyRefused", **OKX),
        ),
    ),
}
