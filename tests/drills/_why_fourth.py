"""Questions that were written down, with their answers, before any was asked: one of several services is in trouble."""

from __future__ import annotations

from collections.abc import Mapping

from botobs._ops.drills.faults import exchange
from tests.drills._why_asking import BINANCE, OKX, Case, ask
from tests.drills._why_faults import troubled

#: Names that say nothing, or the wrong thing.
SHUFFLED = {
    "trading-engine": "scalper",
    "scalper": "binance",
    "binance": "trading-engine",
    "bot-manager": "okx",
    "okx": "bot-manager",
}

CASES: Mapping[str, Case] = {
    "one service cannot resolve the exchange": Case(
        (troubled("dns"),), (ask("ExchangeErrorsHigh", "way of a service", **BINANCE),)
    ),
    "one service cannot resolve the exchange, and the other exchange fails": Case(
        (troubled("dns"), exchange("okx", "server_error", value=502)),
        (
            ask("ExchangeErrorsHigh", "way of a service", **BINANCE),
            ask("OrderOutcomeUnknown", "ExchangeErrorsHigh", **OKX),
            ask("an order", "ExchangeErrorsHigh", **OKX),
        ),
    ),
    "the key of one service has expired": Case(
        (troubled("key"),), (ask("ExchangeErrorsHigh", "ExchangeKeyRefused", **BINANCE),)
    ),
    "a pool leaks, and an exchange is slow": Case(
        (troubled("leak"), exchange("okx", "latency", value=3)),
        (
            ask("DatabasePoolTimeouts", "DatabasePoolExhausted", service_name="scalper"),
            ask("OrderAckSlow", "ExchangeLatencyHigh", **OKX),
        ),
    ),
    "our clock was set back": Case(
        (exchange("binance", "clock_skew", value=-45), exchange("okx", "clock_skew", value=-45)),
        (
            ask("OrderRejectsHigh", "own clock", **OKX),
            ask("an order", "own clock", "ExchangeClockOffset", **BINANCE),
        ),
    ),
}
