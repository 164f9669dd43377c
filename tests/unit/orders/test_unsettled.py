"""Orders of unknown outcome: unsettled until something names them, and told so that saying it twice is once."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.trace import SpanContext

from botobs._sdk.orders import Unsettled, UnsettledOrder, order_key
from botobs._sdk.orders import unsettled as module
from botobs._sdk.orders.settlement import SettlementTelemetry
from botobs.semconv import exchange as exchange_names
from botobs.semconv import orders as names
from botobs.semconv import trading as trading_names
from tests.support.telemetry import Recorder

TRACE, SPAN = "0" * 31 + "1", "0" * 15 + "2"


def order(client_order_id: str = "a", **more: object) -> UnsettledOrder:
    return UnsettledOrder("binance", client_order_id, **more)  # type: ignore[arg-type]


@pytest.fixture
def unsettled() -> Unsettled:
    return Unsettled()


@pytest.fixture
def reported(unsettled: Unsettled) -> Iterator[Recorder]:
    """What is told of them."""
    recorder = Recorder()
    telemetry = SettlementTelemetry(recorder.telemetry.tracer("orders"), lambda: None, unsettled)
    telemetry.start(recorder.telemetry.meter("orders"))
    yield recorder
    telemetry.stop()


STEPS = st.lists(
    st.tuples(st.sampled_from(["doubt", "settle", "settle by the exchange's id", "fork"]), st.integers(0, 4)),
    max_size=40,
)


@given(STEPS)
def test_an_order_is_unsettled_from_its_doubt_to_its_settlement_and_once(
    steps: list[tuple[str, int]],
) -> None:
    unsettled, model = Unsettled(), set[int]()
    for what, number in steps:
        if what == "doubt":
            unsettled.doubt(order(f"c{number}", order_id=f"o{number}"))
            model.add(number)
        elif what == "fork":
            unsettled.forget()
            model.clear()
        else:
            by_client = what == "settle"
            found = unsettled.settle(
                "binance",
                "accepted",
                client_order_id=f"c{number}" if by_client else "",
                order_id="" if by_client else f"o{number}",
            )
            assert found is (number in model)
            model.discard(number)
        assert {each.client_order_id for each in unsettled.all()} == {f"c{one}" for one in model}
        assert unsettled.waiting is bool(model)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3)), max_size=30))
def test_by_what_is_told_an_order_is_unsettled_exactly_while_it_is(steps: list[tuple[bool, int]]) -> None:
    """As the recorded rule decides it: of all that was ever told, the newest time of each kind."""
    unsettled = Unsettled()
    unknown: dict[str, float] = {}
    settled: dict[str, float] = {}
    for doubts, number in steps:
        if doubts:
            unsettled.doubt(order(f"c{number}"))
        else:
            unsettled.settle("binance", "filled", client_order_id=f"c{number}")
        orders, settlements = unsettled.reported()
        for each in orders:
            unknown[each.key] = max(each.unknown_since, unknown.get(each.key, 0.0))
        for one in settlements:
            settled[one.order.key] = max(one.at, settled.get(one.order.key, 0.0))
        by_rule = {key for key, since in unknown.items() if settled.get(key, 0.0) < since}
        assert by_rule == {each.key for each in unsettled.all()}


def test_an_order_that_two_see_is_one_with_what_both_know(unsettled: Unsettled, reported: Recorder) -> None:
    unsettled.doubt(order(symbol="BTC/USDT", trace_id=TRACE, span_id=SPAN, since=1.0))
    unsettled.doubt(order(bot="b1", order_id="7", since=2.0))
    (one,) = unsettled.all()
    assert (one.symbol, one.bot, one.order_id, one.trace_id, one.since) == ("BTC/USDT", "b1", "7", TRACE, 1.0)
    assert reported.names() == ["order unknown"]
    # What came with the second names it, too.
    assert unsettled.settle("binance", "filled", order_id="7")


def test_ids_of_other_exchanges_and_markets_are_others(unsettled: Unsettled) -> None:
    unsettled.doubt(order("a", order_id="7", symbol="BTC/USDT"))
    assert not unsettled.settle("okx", "filled", client_order_id="a")
    assert not unsettled.settle("binance", "filled", client_order_id="7")
    assert not unsettled.settle("binance", "filled", order_id="a")
    assert not unsettled.settle("binance", "filled", order_id="7", symbol="ETHUSDT")
    assert not unsettled.settle("binance", "filled")
    assert unsettled.settle("binance", "filled", order_id="7", symbol="BTCUSDT")


def test_orders_without_ids_are_told_apart(unsettled: Unsettled, reported: Recorder) -> None:
    for number in range(3):
        unsettled.doubt(order("", trace_id=TRACE, span_id=SPAN, number=number))
    assert len(unsettled.all()) == 3
    assert len(reported.points(names.UNKNOWN.name)) == 3


def test_what_is_told(unsettled: Unsettled, reported: Recorder) -> None:
    unsettled.doubt(
        order(bot="b1", side="buy", symbol="BTC/USDT", trace_id=TRACE, span_id=SPAN, unknown_since=5.0)
    )
    key = {exchange_names.NAME: "binance", names.ORDER_KEY: order_key("binance", "a"), "botobs.bot.id": "b1"}
    assert reported.points(names.UNKNOWN.name) == [(key, 5.0)]
    assert reported.points(names.SETTLED.name) == []
    before = time.time()
    unsettled.settle("binance", "canceled", client_order_id="a")
    assert reported.points(names.UNKNOWN.name) == []
    ((attributes, at),) = reported.points(names.SETTLED.name)
    assert attributes == {**key, exchange_names.ORDER_OUTCOME: "canceled"}
    assert before <= at <= time.time()
    unknown, settled = reported.spans()
    submission = SpanContext(1, 2, is_remote=True)
    for span, outcome in ((unknown, "unknown"), (settled, "canceled")):
        assert span.attributes is not None
        assert span.attributes[trading_names.ORDER_CLIENT_ID] == "a"
        assert span.attributes[trading_names.ORDER_OUTCOME] == outcome
        assert span.attributes[names.SUBMISSION_SPAN_ID] == SPAN
        assert [(link.context.trace_id, link.context.span_id) for link in span.links] == [
            (submission.trace_id, submission.span_id)
        ]
        assert span.context is not None
        assert span.context.trace_id == submission.trace_id
    assert (unknown.name, settled.name) == ("order unknown", "order settled")
    assert "a" not in {value for point, _ in reported.points(names.SETTLED.name) for value in point.values()}


def test_who_knows_may_say_it_of_an_order_of_another_process(
    unsettled: Unsettled, reported: Recorder
) -> None:
    unsettled.declare("binance", "filled", "elsewhere")
    unsettled.declare("binance", "filled", "elsewhere")
    ((attributes, _),) = reported.points(names.SETTLED.name)
    assert attributes[names.ORDER_KEY] == order_key("binance", "elsewhere")
    assert unsettled.all() == []


def test_a_settlement_is_later_than_the_doubt_whatever_the_clocks_say(unsettled: Unsettled) -> None:
    ahead = time.time() + 3600
    unsettled.doubt(order(unknown_since=ahead))
    unsettled.settle("binance", "filled", client_order_id="a")
    assert unsettled.reported()[1][0].at > ahead
    # Sent again under its id, it is unknown again.
    unsettled.doubt(order(unknown_since=time.time()))
    assert unsettled.all()[0].unknown_since > unsettled.reported()[1][0].at


def test_what_is_remembered_and_told_is_bounded(unsettled: Unsettled, reported: Recorder) -> None:
    for number in range(module.MOST_ORDERS + 10):
        unsettled.doubt(order(str(number)))
    assert len(unsettled.all()) == module.MOST_ORDERS
    assert len(unsettled.reported()[0]) == module.MOST_REPORTED
    for each in unsettled.all():
        unsettled.settle("binance", "filled", client_order_id=each.client_order_id)
    assert len(unsettled.reported()[1]) == module.MOST_REPORTED


def test_settlements_make_room_for_each_other_until_all_were_told(
    unsettled: Unsettled, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr("botobs._sdk.orders.unsettled.time.monotonic", lambda: now[0])
    count = 2 * module.MOST_REPORTED + 1
    for number in range(count):
        unsettled.doubt(order(str(number)))
        unsettled.settle("binance", "filled", client_order_id=str(number))
    seen = set[str]()
    for _ in range(4):
        seen |= {each.order.client_order_id for each in unsettled.reported()[1]}
        now[0] += module.REPORTED_AT_LEAST + 1
    assert len(seen) == count
    now[0] += module.REPORTED_FOR
    assert unsettled.reported()[1] == []


def test_it_holds_under_threads(unsettled: Unsettled) -> None:
    def work(name: int) -> None:
        for number in range(300):
            unsettled.doubt(order(f"{name}-{number}"))
            unsettled.reported()
            unsettled.settle("binance", "filled", client_order_id=f"{name}-{number}")

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert unsettled.all() == []
    assert not unsettled._names


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_a_forked_child_has_none_of_its_parents() -> None:
    module.UNSETTLED.doubt(order())
    child = os.fork()
    if not child:
        os._exit(int(module.UNSETTLED.waiting or bool(module.UNSETTLED.all())))
    assert os.waitpid(child, 0)[1] == 0
    assert module.UNSETTLED.waiting
