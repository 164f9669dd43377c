"""Spans of the service and of its trades tell how long this process kept them waiting."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import botobs
from botobs import trading
from botobs._sdk.delays import GC_PAUSES
from botobs.testing import FakeClock, capture
from testbed.otlp_receiver import OtlpReceiver, attributes

Init = Callable[..., botobs.Handle]
PAUSE = "botobs.gc.pause"


@pytest.fixture(autouse=True)
def _forget_pauses() -> Iterator[None]:
    GC_PAUSES.clear()
    yield
    GC_PAUSES.clear()


def pause() -> None:
    """What the runtime instrumentation notes when the garbage collector stops everything for a while."""
    begin = time.perf_counter()
    time.sleep(0.006)
    GC_PAUSES.append((begin, time.perf_counter()))


def trade(work: Callable[[], Any]) -> None:
    bot = trading.bot("b1")
    with bot.turn(), trading.decision(bot) as decision:
        order = decision.order("c1", exchange="binance")
        with order.submission():
            work()


@pytest.mark.parametrize("engine", ["stock", "fast"], indirect=True)
def test_a_pause_is_on_every_span_that_it_delayed(init: Init, receiver: OtlpReceiver) -> None:
    handle = init()
    with botobs.span("block"):
        botobs.span("function")(pause)()
    trade(pause)
    with botobs.span("after"):
        pass
    handle.flush()
    paused = {span.name for span in receiver.spans if attributes(span).get(PAUSE, 0) >= 0.005}
    assert paused == {"block", "function", "bot turn", "bot decision", "order", "order submit"}


def test_on_a_simulated_clock_nothing_waits() -> None:
    with capture(clock=FakeClock(), instrument=False) as captured:
        trade(pause)
    assert {span.name for span in captured.spans} >= {"bot turn", "order submit"}
    assert [span.name for span in captured.spans if PAUSE in span.attributes] == []
