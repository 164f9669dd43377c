"""The live session, simulated ones, and the providers behind them."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from botobs import trading
from botobs.semconv import trading as names
from botobs.testing import Capture, FakeClock, capture


def trade(bot: trading.Bot, clock: FakeClock, client_order_id: str = "c1") -> trading.Order:
    with bot.turn(), trading.decision(bot) as decision:
        order = decision.order(client_order_id, exchange="kraken")
        with order.submission():
            clock.advance(2)
    return order


def test_a_backtest_is_silent(captured: Capture) -> None:
    simulated = FakeClock(1_000_000)
    with trading.simulated(simulated):
        order = trade(trading.bot("b1"), simulated)
        trading.feed("kraken", channel="trades").received()
        trading.order("c2", exchange="kraken").filled(1, complete=True)
    order.filled(1, complete=True)
    assert captured.spans == []
    assert captured.metrics == {}


def test_what_was_made_in_a_backtest_stays_in_it(captured: Capture) -> None:
    clock = FakeClock()
    with trading.simulated():
        bot, feed = trading.bot("b1"), trading.feed("kraken", channel="trades")
    thread = threading.Thread(target=trade, args=(bot, clock))
    thread.start()
    thread.join()
    feed.received()
    bot.failed("x")
    assert captured.spans == []
    assert captured.metrics == {}
    assert trading.bot("b1") is not bot


def test_a_live_bot_stays_live_in_a_backtest(captured: Capture) -> None:
    bot = trading.bot("b1")
    with trading.simulated():
        bot.state("running")
    assert captured.value(names.BOT_TRANSITIONS.name) == 1


def test_the_clock_of_a_backtest_is_the_time_of_its_spans_and_durations() -> None:
    simulated = FakeClock(1_000_000)
    with capture(instrument=False) as backtest:
        with trading.simulated(
            simulated, tracer_provider=backtest.tracer_provider, meter_provider=backtest.meter_provider
        ):
            trade(trading.bot("b1"), simulated)
        submit = backtest.span("order submit")
        assert (submit.start, submit.end) == (1_000_000, 1_000_002)
        assert backtest.total(names.DECISION_TO_ACK.name) == 2
        assert backtest.value(names.BOT_HEARTBEAT.name) == 1_000_002


PROGRAM = Path(__file__).parent / "programs" / "early_calls.py"


def test_calls_before_any_provider_do_nothing_and_later_ones_count() -> None:
    ran = subprocess.run(
        [sys.executable, "-W", "error", PROGRAM],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.stderr, ran.returncode) == ("", 0)
    first, second = ran.stdout.splitlines()
    assert first == "[1, 1] [0, 0, 1, 0, 0, 0, 0] [2]"
    assert second == "[1, 1] [0, 0, 1, 0, 0, 0, 0] [3]"
