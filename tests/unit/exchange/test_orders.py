"""Orders are followed from the submission to their end, in whatever order the news come."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry import trace

from botobs._sdk.instrument.exchange.orders import OrderTracker
from tests.unit.exchange.conftest import ExchangeRecorder

WHO = ("binance", "ccxt.pro")


@pytest.fixture
def tracker(recorded: ExchangeRecorder) -> OrderTracker:
    telemetry = recorded.telemetry
    return OrderTracker(telemetry.meter("exchange"), telemetry.tracer("exchange"))


def order(identity: Any = "1", **changes: Any) -> dict[str, Any]:
    return {"id": identity, "symbol": "BTC/USDT", "status": "open", "filled": 0.0, **changes}


def outcomes(recorded: ExchangeRecorder) -> dict[str, int]:
    return {point["exchange.order.outcome"]: value for point, value in recorded.points("exchange.orders")}


def test_an_order_is_accepted_filled_in_parts_and_done(
    tracker: OrderTracker, recorded: ExchangeRecorder
) -> None:
    with recorded.telemetry.tracer("test").start_as_current_span("submit") as submit:
        tracker.acknowledge(WHO, order(), trace.get_current_span().get_span_context())
    tracker.update_all("binance", [order(filled=0.5)])
    tracker.update_all("binance", [order(filled=0.7)])
    tracker.update_all("binance", [order(filled=1.0, status="closed")])
    tracker.update_all("binance", [order(filled=1.0, status="closed")])
    assert outcomes(recorded) == {"accepted": 1, "filled": 1}
    assert recorded.value("exchange.order.first_fill.duration") == 1
    assert recorded.value("exchange.order.done.duration", exchange__order__outcome="filled") == 1
    (fill,) = recorded.named("order fill binance")
    assert [link.context.span_id for link in fill.links] == [submit.get_span_context().span_id]


def test_a_fill_that_overtakes_the_answer_counts(tracker: OrderTracker, recorded: ExchangeRecorder) -> None:
    tracker.update_all("binance", [order(filled=1.0, status="closed")])
    assert outcomes(recorded) == {}
    tracker.acknowledge(WHO, order(), None)
    assert outcomes(recorded) == {"accepted": 1, "filled": 1}
    assert recorded.value("exchange.order.first_fill.duration") == 1


def test_an_answer_that_says_filled_is_the_end(tracker: OrderTracker, recorded: ExchangeRecorder) -> None:
    tracker.acknowledge(WHO, order(filled=1.0, status="closed"), None)
    assert outcomes(recorded) == {"accepted": 1, "filled": 1}


@pytest.mark.parametrize("status", ["canceled", "expired", "rejected"])
def test_an_order_ends_without_a_fill(status: str, tracker: OrderTracker, recorded: ExchangeRecorder) -> None:
    tracker.acknowledge(WHO, order(), None)
    tracker.update_all("binance", [order(status=status)])
    assert outcomes(recorded) == {"accepted": 1, status: 1}
    assert recorded.value("exchange.order.first_fill.duration") is None


def test_the_same_id_on_two_markets_is_two_orders(tracker: OrderTracker, recorded: ExchangeRecorder) -> None:
    tracker.acknowledge(WHO, order(), None)
    tracker.update_all("binance", [order(symbol="ETH/USDT", status="canceled")])
    assert outcomes(recorded) == {"accepted": 1}


def test_submissions_without_an_answer_are_in_flight(tracker: OrderTracker) -> None:
    first, second = tracker.begin(WHO), tracker.begin(WHO)
    assert sum(count for _, count in tracker.in_flight()) == 2
    assert max(age for _, age in tracker.ages_in_flight()) >= 0
    tracker.end(first)
    tracker.end(first)
    tracker.end(second)
    assert list(tracker.in_flight()) == [(WHO, 0)]


@pytest.mark.parametrize("what", [None, "text", 7, {}, {"id": None}, {"id": "1"}, {"id": [1], "filled": "x"}])
def test_what_is_no_order_is_ignored(what: Any, tracker: OrderTracker) -> None:
    tracker.update("binance", what)
    tracker.acknowledge(WHO, what, None)


def test_memory_is_bounded(tracker: OrderTracker) -> None:
    for number in range(12_000):
        tracker.acknowledge(WHO, order(f"a{number}"), None)
        tracker.update("binance", order(f"b{number}", filled=1.0))
    assert len(tracker._open) == 10_000
    assert len(tracker._early) == 1_000
