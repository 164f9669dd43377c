"""Orders of unknown outcome as a service reports them: unsettled until they are heard of again, or settled."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from botobs import trading
from botobs._sdk.orders import UNSETTLED, UnsettledOrder, order_key
from botobs.semconv import exchange as exchange_names
from botobs.semconv import orders as names
from botobs.semconv import trading as trading_names
from botobs.testing import Capture


def unknown(client_order_id: str = "o1") -> trading.Order:
    with trading.decision("b1") as decision:
        order = decision.order(
            client_order_id, exchange="binance", symbol="BTC/USDT", side="buy", type="limit"
        )
        with pytest.raises(TimeoutError), order.submission():
            raise TimeoutError
    return order


def settled(captured: Capture) -> dict[str, str]:
    """Outcome by key of what was settled."""
    return {
        str(point.attributes[names.ORDER_KEY]): str(point.attributes[exchange_names.ORDER_OUTCOME])
        for point in captured.metrics.get(names.SETTLED.name, [])
    }


def test_an_order_without_an_answer_is_unsettled(captured: Capture) -> None:
    unknown()
    (order,) = UNSETTLED.all()
    submission = captured.span("order submit")
    assert (order.client_order_id, order.bot, order.symbol, order.side) == ("o1", "b1", "BTC/USDT", "buy")
    assert (order.trace_id, order.span_id) == (submission.trace_id, submission.span_id)
    assert captured.span("order unknown").parent_id == submission.span_id
    assert captured.value(names.UNKNOWN.name, {trading_names.BOT_ID: "b1"}) > 1e9


def test_one_that_is_reported_to_be_unknown_is_too(captured: Capture) -> None:
    order = trading.order("o1", exchange="binance")
    order.submitted()
    order.unknown("no report on the socket")
    assert [each.client_order_id for each in UNSETTLED.all()] == ["o1"]


REPORTS: list[tuple[str, Callable[[trading.Order], None], str]] = [
    ("acknowledged", lambda order: order.acknowledged("7"), "accepted"),
    ("partly filled", lambda order: order.filled(1, complete=False), "accepted"),
    ("filled", lambda order: order.filled(1, complete=True), "filled"),
    ("canceled", lambda order: order.canceled(), "canceled"),
    ("expired", lambda order: order.expired(), "expired"),
    ("rejected", lambda order: order.rejected("too small"), "rejected"),
]


@pytest.mark.parametrize(("report", "outcome"), [(report, outcome) for _, report, outcome in REPORTS])
@pytest.mark.parametrize("by", ["itself", "its name", "an update"])
def test_any_later_report_settles_it(
    by: str, report: Callable[[trading.Order], None], outcome: str, captured: Capture
) -> None:
    order = unknown()
    unknown("o2")
    if by == "an update":
        with order.update():
            report(order)
    else:
        report(order if by == "itself" else trading.order("o1", exchange="binance"))
    assert [each.client_order_id for each in UNSETTLED.all()] == ["o2"]
    assert settled(captured) == {order_key("binance", "o1"): outcome}


@pytest.mark.parametrize("outcome", ["accepted", "rejected", "failed", "filled", "canceled", "expired"])
def test_who_has_found_it_out_settles_it(outcome: trading.Settlement, captured: Capture) -> None:
    unknown().settled(outcome)
    assert UNSETTLED.all() == []
    assert settled(captured) == {order_key("binance", "o1"): outcome}
    assert captured.span("order settled").attributes[trading_names.ORDER_OUTCOME] == outcome
    stage = "acknowledged" if outcome == "accepted" else outcome
    if outcome != "failed":
        assert captured.value(trading_names.ORDER_STAGES.name, {trading_names.ORDER_STAGE: stage}) == 1


def test_an_order_of_another_process_is_settled_by_its_name(captured: Capture) -> None:
    trading.order("elsewhere", exchange="okx").settled("canceled")
    assert settled(captured) == {order_key("okx", "elsewhere"): "canceled"}


def test_an_outcome_that_is_none_is_misuse_and_settles_nothing(captured: Capture) -> None:
    order = unknown()
    order.settled("unknown")  # type: ignore[arg-type]
    assert UNSETTLED.waiting
    assert captured.value(trading_names.MISUSES.name) == 1


def test_what_is_said_while_it_is_sent_once_more_says_nothing_of_the_first_time(captured: Capture) -> None:
    order = unknown()
    with order.submission():
        order.rejected("insufficient balance")
    assert [each.client_order_id for each in UNSETTLED.all()] == ["o1"]
    order.rejected("says the exchange's list of orders")
    assert UNSETTLED.all() == []


def test_that_it_is_accepted_when_it_is_sent_once_more_settles_it(captured: Capture) -> None:
    order = unknown()
    with order.submission():
        order.acknowledged("7")
    assert UNSETTLED.all() == []


def test_it_may_be_unknown_again(captured: Capture) -> None:
    order = unknown()
    order.settled("failed")
    with pytest.raises(TimeoutError), order.submission():
        raise TimeoutError
    assert [each.client_order_id for each in UNSETTLED.all()] == ["o1"]
    (point,) = captured.metrics[names.UNKNOWN.name]
    (reported,) = captured.metrics[names.SETTLED.name]
    assert point.value > reported.value


def test_an_order_that_was_accepted_before_its_answer_was_lost_is_not_unsettled(captured: Capture) -> None:
    order = trading.order("o1", exchange="binance")
    with pytest.raises(TimeoutError), order.submission():
        order.acknowledged("7")
        raise TimeoutError
    order.unknown("and a late report")
    assert UNSETTLED.all() == []


def test_a_backtest_leaves_the_real_orders_alone(captured: Capture) -> None:
    unknown("real")
    with trading.simulated():
        unknown("simulated")
        trading.order("real", exchange="binance").settled("filled")
    assert [each.client_order_id for each in UNSETTLED.all()] == ["real"]


def test_what_a_client_has_seen_and_the_service_reports_is_one(captured: Capture) -> None:
    UNSETTLED.doubt(UnsettledOrder("binance", "o1", symbol="BTCUSDT"))
    unknown()
    (order,) = UNSETTLED.all()
    assert (order.symbol, order.bot) == ("BTCUSDT", "b1")
