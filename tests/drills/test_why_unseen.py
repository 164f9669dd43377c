"""`botobs why` on faults that were chosen, with their right answers, before it was asked about any of them.

The set is another than that of `test_why.py`: other parts, other values, other combinations, other names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from botobs._ops.drills.demo_stack import DemoStack
from botobs._ops.drills.faults import crash_loop, exchange, locked, taken
from botobs._ops.drills.profile import TEST
from botobs._ops.drills.target import Target
from tests.drills._why_asking import VARIABLES, Case, answers, ask, wrong
from tests.drills._why_faults import connections_taken, deployed, starved

#: Names that say nothing, or the wrong thing.
_SHUFFLED = {
    "trading-engine": "binance",
    "binance": "bot-manager",
    "bot-manager": "trading-engine",
    "okx": "postgres",
    "postgres": "okx",
    "scalper": "reports",
}
_OKX, _BINANCE = {"exchange_name": "okx"}, {"exchange_name": "binance"}
_ENGINE, _MANAGER = {"service_name": "trading-engine"}, {"service_name": "bot-manager"}
#: What a stream that stands still may be called.
_STILL = ("ExchangeStreamSilent", "ExchangeFeedSilent", "ExchangeDisconnected")

_CASES = {
    "the engine's table is locked": Case(
        (locked("orders"),),
        (
            ask("ServiceLatencyHigh", "DatabaseLocked", **_ENGINE),
            ask("BotFailed", "DatabaseLocked"),
        ),
    ),
    "a lock on positions, and a refused key": Case(
        (locked("positions"), exchange("okx", "key_refused")),
        (
            ask("ServiceLatencyHigh", "DatabaseLocked", **_MANAGER),
            ask("BotFailed", "DatabaseLocked", **_BINANCE),
        ),
    ),
    "the engine hangs": Case(
        (taken("trading-engine", "freeze"),),
        (ask("a bot", "ServiceHeartbeatLost", **_BINANCE),),
    ),
    "the manager hangs": Case(
        (taken("bot-manager", "freeze"),), (ask("BotsPlaceNoOrders", "ServiceHeartbeatLost", **_OKX),)
    ),
    "the engine dies again and again": Case(
        (crash_loop("trading-engine"),),
        (ask("a bot", "ServiceCrashLoop", "ServiceHeartbeatLost", **_OKX),),
    ),
    "both exchanges ban us": Case(
        (exchange("binance", "ban", value=30), exchange("okx", "ban", value=30)),
        (
            ask("ExchangeErrorsHigh", "ExchangeBanned", **_BINANCE),
            ask("an order", "ExchangeBanned", **_OKX),
        ),
    ),
    "both exchanges are slow": Case(
        (exchange("binance", "latency", value=3), exchange("okx", "latency", value=3)),
        (
            ask("OrderAckSlow", "ExchangeLatencyHigh", "own network", **_BINANCE),
            ask("ServiceLatencyHigh", "ExchangeLatencyHigh", "own network", **_ENGINE),
        ),
    ),
    "500 here, 429 there": Case(
        (exchange("okx", "server_error", value=500, share=0.6), exchange("binance", "rate_limit", value=0)),
        (
            ask("OrderOutcomeUnknown", "ExchangeErrorsHigh", **_OKX),
            ask("ExchangeErrorsHigh", "ExchangeRateLimited", **_BINANCE),
            ask("ServiceErrorsHigh", "ExchangeErrorsHigh", "ExchangeRateLimited", **_ENGINE),
            ask("an order", "ExchangeRateLimited", **_BINANCE),
        ),
    ),
    "lost answers, and a slow exchange": Case(
        (exchange("okx", "drop_acks"), exchange("binance", "latency", value=2)),
        (
            ask("OrderOutcomeUnknown", "ExchangeErrorsHigh", "errors: network", **_OKX),
            ask("an order", "ExchangeErrorsHigh", "errors: network", **_OKX),
            ask("OrderAckSlow", "ExchangeLatencyHigh", **_BINANCE),
        ),
    ),
    "half open sockets, and no balance": Case(
        (exchange("okx", "half_open"), exchange("binance", "reject_orders")),
        (
            ask("OrderRejectsHigh", "errors: funds", **_BINANCE),
            ask("BotsPlaceNoOrders", *_STILL, **_OKX),
        ),
    ),
    "silence, and a wrong clock": Case(
        (exchange("binance", "silence"), exchange("okx", "clock_skew", value=45)),
        (
            ask("OrderRejectsHigh", "ExchangeClockOffset", **_OKX),
            ask("an order", "ExchangeClockOffset", **_OKX),
            ask("BotsPlaceNoOrders", *_STILL, **_BINANCE),
        ),
    ),
    "no database, and a maintenance": Case(
        (taken("postgres", "hold"), exchange("binance", "maintenance"), exchange("binance", "drop")),
        (
            ask("BotFailed", "DatabaseDown"),
            ask("ExchangeDisconnected", "ExchangeMaintenance", **_BINANCE),
        ),
    ),
    "a good deploy, and no balance": Case(
        (deployed(), exchange("okx", "reject_orders")),
        (ask("OrderRejectsHigh", "errors: funds", **_OKX), ask("an order", "errors: funds", **_OKX)),
    ),
    "a new version that falls": Case(
        (deployed("falls"),), (ask("ServiceCrashLoop", "new version", service_name="scalper"),)
    ),
    "a new version that spends the limit": Case(
        (deployed("greedy"),), (ask("ExchangeRateLimited", "new version", **_BINANCE),)
    ),
    "a host without CPU": Case(
        (starved, taken("bot-manager", "freeze")),
        (
            ask("ServiceHeartbeatLost", "HostStarved", **_MANAGER),
            ask("BotsPlaceNoOrders", "HostStarved", **_BINANCE),
        ),
    ),
    "no exchange answers": Case(
        (taken("exchange-simulator", "freeze"),),
        (ask("OrderOutcomeUnknown", "own network", **_OKX), ask("BotsPlaceNoOrders", "own network", **_OKX)),
    ),
    "connections taken by others, and a ban": Case(
        (connections_taken, exchange("okx", "ban", value=60)),
        (
            ask("ExchangeErrorsHigh", "ExchangeBanned", **_OKX),
            ask("ServiceLatencyHigh", "DatabaseConnectionsHigh", **_MANAGER),
        ),
    ),
    "both keys are refused": Case(
        (exchange("okx", "key_refused"), exchange("binance", "key_refused")),
        (
            ask("OrderRejectsHigh", "ExchangeKeyRefused", **_BINANCE),
            ask("ServiceErrorsHigh", "ExchangeKeyRefused", **_ENGINE),
            ask("an order", "ExchangeKeyRefused", **_OKX),
        ),
    ),
}


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    """A demo's handles."""
    with DemoStack(TEST, variables=VARIABLES) as demo, Target(demo.running) as handles:
        yield handles


@pytest.mark.parametrize("name", _CASES)
def test_the_first_guess_is_the_fault(
    target: Target, name: str, record_property: Callable[[str, object], None]
) -> None:
    told = answers(target, _CASES[name], _SHUFFLED)
    record_property(name, json.dumps(told))
    assert not wrong(_CASES[name], told), told
