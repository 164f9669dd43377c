"""Questions that `botobs why` was written with."""

from __future__ import annotations

from collections.abc import Mapping

from botobs._ops.drills.faults import dying_with_orders, exchange, locked, taken
from tests.drills._why_asking import BINANCE, OKX, Case, ask
from tests.drills._why_faults import connections_taken, deployed, no_memory, one_bot_locked

#: Names that say nothing, or the wrong thing.
SHUFFLED = {
    "trading-engine": "postgres",
    "postgres": "bot-manager",
    "bot-manager": "okx",
    "okx": "binance",
    "binance": "trading-engine",
}
#: Most break both exchanges at once, each in its own way: neither may be taken for the other's cause.
CASES: Mapping[str, Case] = {
    "the database is down": Case(
        (taken("postgres", "hold"),),
        (ask("BotFailed", "DatabaseDown"), ask("a bot", "DatabaseDown", **OKX)),
    ),
    "the database hangs": Case(
        (taken("postgres", "freeze"),), (ask("DatabasePoolTimeouts", "DatabaseDown"),)
    ),
    "a table is locked": Case(
        (locked("bots"),),
        (ask("DatabasePoolExhausted", "DatabaseLocked"), ask("DatabasePoolTimeouts", "DatabaseLocked")),
    ),
    "a row is locked": Case((one_bot_locked,), (ask("BotHeartbeatLost", "DatabaseLocked"),)),
    "others take all connections": Case(
        (connections_taken,), (ask("ServiceLatencyHigh", "DatabaseConnectionsHigh"),)
    ),
    "a ban, and the other exchange fails": Case(
        (exchange("binance", "ban", value=60), exchange("okx", "server_error", value=503)),
        (
            ask("OrderOutcomeUnknown", "ExchangeErrorsHigh", **OKX),
            ask("ExchangeRateLimited", "ExchangeBanned", **BINANCE),
            ask("ExchangeErrorsHigh", "ExchangeBanned", **BINANCE),
            ask("an order", "ExchangeBanned", **BINANCE),
            ask("an order", "ExchangeErrorsHigh", **OKX),
        ),
    ),
    "a ban, and a locked table": Case(
        (locked("bots"), exchange("okx", "ban", value=60)),
        (ask("ExchangeErrorsHigh", "ExchangeBanned"), ask("DatabasePoolExhausted", "DatabaseLocked")),
    ),
    "a refused key, and closed markets": Case(
        (exchange("binance", "key_refused"), exchange("okx", "markets_suspended")),
        (
            ask("OrderRejectsHigh", "ExchangeKeyRefused", **BINANCE),
            ask("OrderRejectsHigh", "ExchangeMarketSuspended", **OKX),
            ask("an order", "ExchangeKeyRefused", **BINANCE),
            ask("an order", "ExchangeMarketSuspended", **OKX),
        ),
    ),
    "no balance, and the other exchange closes its sockets": Case(
        (exchange("okx", "reject_orders"), exchange("binance", "drop")),
        (
            ask("OrderRejectsHigh", "errors: funds", **OKX),
            ask("an order", "errors: funds", **OKX),
            ask("BotsPlaceNoOrders", "ExchangeDisconnected", **BINANCE),
            ask("a bot", "ExchangeDisconnected", **BINANCE),
        ),
    ),
    "gaps in the books, and a maintenance": Case(
        # One gap is no storm: books are fetched anew five times and more.
        (
            exchange("binance", "sequence_gap", share=0.05),
            exchange("okx", "maintenance"),
            exchange("okx", "drop"),
        ),
        (
            ask("ExchangeDisconnected", "ExchangeMaintenance", **OKX),
            ask("ExchangeErrorsHigh", "ExchangeMaintenance", **OKX),
            ask("ExchangeBookResyncs", "ExchangeSequenceGaps", **BINANCE),
        ),
    ),
    "a maintenance, and the other exchange is lost": Case(
        (exchange("okx", "maintenance"), exchange("okx", "drop"), exchange("binance", "drop")),
        (
            ask("BotsPlaceNoOrders", "ExchangeDisconnected", **BINANCE),
            ask("BotsPlaceNoOrders", "ExchangeMaintenance", **OKX),
        ),
    ),
    "a slow exchange, and a wrong clock": Case(
        # ccxt allows Binance ten seconds: less, and no order is refused.
        (exchange("okx", "latency", value=2), exchange("binance", "clock_skew", value=60)),
        (
            ask("OrderRejectsHigh", "ExchangeClockOffset", **BINANCE),
            ask("OrderAckSlow", "ExchangeLatencyHigh", **OKX),
            ask("ServiceLatencyHigh", "ExchangeLatencyHigh"),
        ),
    ),
    "one exchange is slow, the other refuses": Case(
        (exchange("okx", "latency", value=2), exchange("binance", "reject_orders")),
        (
            ask("OrderRejectsHigh", "errors: funds", **BINANCE),
            ask("OrderAckSlow", "ExchangeLatencyHigh", **OKX),
        ),
    ),
    "a failing exchange, and short locks": Case(
        (exchange("binance", "server_error", value=503), locked("bots", held=0.5, free=0.05)),
        (ask("OrderOutcomeUnknown", "ExchangeErrorsHigh"), ask("ServiceErrorsHigh", "ExchangeErrorsHigh")),
    ),
    "others spend the limit": Case(
        (
            exchange("binance", "limit_used", value=0.98),
            exchange("binance", "rate_limit", value=0, share=0.5),
        ),
        (
            ask("ExchangeRateLimited", "ExchangeRateLimitNear"),
            ask("OrderRejectsHigh", "ExchangeRateLimitNear", "ExchangeRateLimited"),
        ),
    ),
    "our clock is wrong": Case(
        (exchange("binance", "clock_skew", value=60), exchange("okx", "clock_skew", value=60)),
        (ask("ExchangeClockOffset", "own clock"), ask("OrderRejectsHigh", "own clock")),
    ),
    "no exchange is reached": Case(
        (taken("exchange-simulator", "crash"),),
        (ask("ExchangeDisconnected", "own network"), ask("BotsPlaceNoOrders", "own network")),
    ),
    "a service that others call is dead": Case(
        (taken("trading-engine", "crash"),), (ask("BotFailed", "ServiceHeartbeatLost"),)
    ),
    "the engine dies with orders": Case(
        (dying_with_orders,), (ask("OrdersLeftBehind", "ServiceHeartbeatLost"),)
    ),
    "a host without memory": Case(
        (no_memory, taken("trading-engine", "crash")),
        (ask("ServiceHeartbeatLost", "host memory"), ask("BotFailed", "host memory")),
    ),
    "a deploy": Case((deployed("wrong"),), (ask("OrderRejectsHigh", "new version"),)),
}
