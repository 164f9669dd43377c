"""What the two trading services decide by themselves, without a database or an exchange."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from botobs._demo.bot_manager.config import Config as ManagerConfig
from botobs._demo.bot_manager.lifecycle import (
    Command,
    Desired,
    LifecycleError,
    State,
    check_transition,
    restart_delay,
    wanted_after,
)
from botobs._demo.exchange_simulator.config import Config as SimulatorConfig
from botobs._demo.trading_engine.config import Config as EngineConfig
from botobs._demo.trading_engine.market import STALE_AFTER, Market, Quote
from botobs._demo.trading_engine.reports import to_report
from botobs._demo.trading_engine.risk import Exposure, Limits, refusal
from botobs._demo.trading_engine.strategy import Intent, decide

LIMIT = Decimal(2_000)
DATABASE = {"DEMO_DATABASE_URL": "postgresql://user@host/name"}


class Clock:
    """A clock that is set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_market_is_quoted_while_its_book_is_fresh() -> None:
    clock = Clock()
    market = Market(clock)
    market.update_book("okx", "BTC/USDT", 99.0, 101.0)
    assert market.quote("okx", "BTC/USDT") is None
    market.update_trade("okx", "BTC/USDT", 100.0)
    quote = market.quote("okx", "BTC/USDT")
    assert quote is not None
    assert (quote.bid, quote.ask, quote.mid, quote.mean) == (99.0, 101.0, 100.0, 100.0)
    clock.now = STALE_AFTER + 0.1
    assert market.quote("okx", "BTC/USDT") is None


def test_the_mean_follows_trades_the_more_the_older_the_last_one_is() -> None:
    moved = []
    for pause in (1.0, 10.0):
        clock = Clock()
        market = Market(clock)
        market.update_trade("okx", "BTC/USDT", 100.0)
        clock.now = pause
        market.update_trade("okx", "BTC/USDT", 200.0)
        market.update_book("okx", "BTC/USDT", 1.0, 2.0)
        quote = market.quote("okx", "BTC/USDT")
        assert quote is not None
        moved.append(quote.mean)
    assert 100 < moved[0] < moved[1] < 200


@pytest.mark.parametrize(
    ("mid", "position", "side", "kind"),
    [
        (99.99, 0, "buy", "limit"),
        (100.01, 0, "sell", "limit"),
        (99.0, 0, "buy", "market"),
        (101.0, 0, "sell", "market"),
        (99.0, 20, "sell", "market"),
        (101.0, -20, "buy", "market"),
    ],
)
def test_the_strategy_buys_below_the_mean_and_keeps_its_limit(
    mid: float, position: int, side: str, kind: str
) -> None:
    intent = decide(Quote(mid - 0.005, mid + 0.005, 100.0), Decimal(position), Decimal(100), LIMIT)
    assert (intent.side, intent.type) == (side, kind)
    assert intent.amount * intent.price == pytest.approx(100)


@pytest.mark.parametrize(
    ("position", "traded", "side", "reason"),
    [
        (0, 0, "buy", None),
        (15, 0, "buy", "position limit of 1500 reached"),
        (15, 0, "sell", None),
        (-15, 0, "sell", "position limit of 1500 reached"),
        (-30, 0, "buy", None),
        (0, 9_950, "sell", "daily limit of 10000 reached"),
    ],
)
def test_the_risk_check(position: int, traded: int, side: Any, reason: str | None) -> None:
    limits = Limits(position=Decimal(1_500), traded_per_day=Decimal(10_000))
    intent = Intent(side, "limit", Decimal(100), Decimal(1))
    assert refusal(limits, Exposure(Decimal(position), Decimal(traded)), intent) == reason


def test_a_report_is_taken_from_an_order_of_ccxt() -> None:
    order = {
        "id": 7,
        "clientOrderId": "mine",
        "filled": 0.5,
        "average": 101.5,
        "price": 101,
        "status": "expired",
    }
    report = to_report(order)
    assert report is not None
    assert (report.exchange_order_id, report.filled, report.price) == ("7", Decimal("0.5"), Decimal("101.5"))
    assert report.status == "canceled"
    sparse = to_report({"id": "8", "clientOrderId": "mine", "status": None})
    assert sparse is not None
    assert (sparse.filled, sparse.price, sparse.status) == (Decimal(0), Decimal(0), "open")
    assert to_report({"id": "9", "clientOrderId": None}) is None


def test_the_states_of_a_bot() -> None:
    for current, target in (
        (State.CREATED, State.STARTING),
        (State.RUNNING, State.FAILED),
        (State.FAILED, State.FAILED),
        (State.STOPPED, State.STARTING),
    ):
        check_transition(current, target)
    with pytest.raises(LifecycleError, match="a bot that is stopped cannot become paused"):
        check_transition(State.STOPPED, State.PAUSED)


def test_commands_to_a_bot() -> None:
    assert wanted_after(Command.PAUSE, State.RUNNING) is Desired.PAUSED
    assert wanted_after(Command.START, State.FAILED) is Desired.RUNNING
    with pytest.raises(LifecycleError, match="cannot be given 'resume'; allowed: paused"):
        wanted_after(Command.RESUME, State.RUNNING)


def test_failures_in_a_row_are_answered_with_patience() -> None:
    assert [restart_delay(failures) for failures in (1, 2, 3, 10)] == [1.0, 2.0, 4.0, 30.0]


@pytest.mark.parametrize(
    ("config", "environ", "sentence"),
    [
        (ManagerConfig, {}, "DEMO_DATABASE_URL is not set"),
        (ManagerConfig, {**DATABASE, "DEMO_RATE": "0"}, "DEMO_RATE='0' in the environment is not usable"),
        (
            EngineConfig,
            {**DATABASE, "DEMO_ORDER_LIFETIME": "x"},
            "DEMO_ORDER_LIFETIME='x' in the environment",
        ),
        (
            EngineConfig,
            {**DATABASE, "DEMO_POSITION_LIMIT": "x"},
            "DEMO_POSITION_LIMIT='x' in the environment",
        ),
        (
            EngineConfig,
            {**DATABASE, "DEMO_EXCHANGES": "kraken"},
            "the exchange simulator speaks binance, okx",
        ),
        (SimulatorConfig, {"DEMO_PORT": "http"}, "it must be a whole number from 1 to 65535"),
        (SimulatorConfig, {"DEMO_PORT": "70000"}, "it must be a whole number from 1 to 65535"),
        (
            SimulatorConfig,
            {"DEMO_REJECT_SHARE": "2"},
            "DEMO_REJECT_SHARE='2' in the environment is not usable",
        ),
        (SimulatorConfig, {"DEMO_SYMBOLS": "BTC"}, "DEMO_SYMBOLS='BTC' in the environment is not usable"),
    ],
)
def test_wrong_settings_are_named(config: Any, environ: dict[str, str], sentence: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        config.from_environ(environ)
    assert sentence in str(stopped.value)


def test_settings_are_read() -> None:
    config = SimulatorConfig.from_environ(
        {"DEMO_PORT": "99", "DEMO_SYMBOLS": "SOL/USDT, BTC/USDT", "DEMO_SEED": " "}
    )
    assert (config.port, config.behaviour.symbols, config.behaviour.seed) == (99, ("SOL/USDT", "BTC/USDT"), 7)
