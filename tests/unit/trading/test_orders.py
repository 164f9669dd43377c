"""Orders: from the decision to the fill, whoever hears of it when."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext, suppress
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased

from botobs import trading
from botobs._sdk.engine import Limits, create_engine
from botobs._sdk.ids import IdGenerator
from botobs._sdk.redaction import Redactor
from botobs.semconv import trading as names
from botobs.testing import Capture, FakeClock
from botobs.testing._model import points_in, spans_in
from botobs.trading import _order_registry
from botobs.trading._order_registry import order_ids
from botobs.trading.session import live


def decided(client_order_id: str = "c1", **more: str) -> trading.Order:
    with trading.decision("b1") as decision:
        return decision.order(client_order_id, exchange="kraken", **more)  # type: ignore[arg-type]


def stages(captured: Capture) -> dict[str, float]:
    points = captured.metrics.get(names.ORDER_STAGES.name, [])
    return {point.attributes[names.ORDER_STAGE]: point.value for point in points}


def outcomes(captured: Capture) -> dict[str, float]:
    points = captured.metrics.get(names.ORDERS.name, [])
    return {point.attributes[names.ORDER_OUTCOME]: point.value for point in points}


def in_flight(captured: Capture) -> float:
    return captured.value(names.IN_FLIGHT.name, {names.EXCHANGE_NAME: "kraken"})


def test_an_order_is_told_from_decision_to_fill(captured: Capture, clock: FakeClock) -> None:
    bot = trading.bot("b1", strategy="grid")
    with bot.turn(), trading.decision(bot) as decision:
        clock.advance(0.25)
        order = decision.order("c1", exchange="kraken", symbol="BTC/EUR", side="buy", type="limit")
        with order.submission():
            clock.advance(0.5)
            order.acknowledged("K-77")
    clock.advance(4)
    order.filled(0.5, 100, complete=False)
    clock.advance(4)
    order.filled(0.5, 101, complete=True)

    shown = {names.ORDER_ID, names.ORDER_STAGE, names.DECISION_OUTCOME}
    assert captured.tree(shown) == (
        "bot turn\n"
        "  bot decision\n"
        "    botobs.decision.outcome: ordered\n"
        "    order submit\n"
        "      botobs.order.stage: acknowledged\n"
        "      exchange.order.id: K-77\n"
        "      * botobs.order.submitted\n"
        "      * botobs.order.acknowledged\n"
        "      > order\n"
        "order\n"
        "  > order submit\n"
        "  order update\n"
        "    botobs.order.stage: partially_filled\n"
        "    exchange.order.id: K-77\n"
        "    * botobs.order.partially_filled\n"
        "    > order submit\n"
        "  order update\n"
        "    botobs.order.stage: filled\n"
        "    exchange.order.id: K-77\n"
        "    * botobs.order.filled\n"
        "    > order submit"
    )
    assert stages(captured) == dict.fromkeys(
        ("decided", "submitted", "acknowledged", "partially_filled", "filled"), 1
    )
    assert outcomes(captured) == {"filled": 1}
    assert captured.total(names.DECISION_TO_ACK.name) == 0.75
    assert captured.total(names.FILL_DURATION.name, {names.ORDER_TYPE: "limit"}) == 8
    submit = captured.span("order submit")
    assert submit.attributes[names.SYMBOL] == "BTC/EUR"
    assert submit.attributes[names.ORDER_CLIENT_ID] == "c1"


def test_nothing_is_counted_under_the_names_of_the_exchange_instrumentation(captured: Capture) -> None:
    with decided().submission():
        pass
    assert captured.metrics
    assert [name for name in captured.metrics if not name.startswith("botobs.")] == []
    captured.assert_cardinality(series=9)


def test_a_submission_that_ends_well_acknowledges_the_order(captured: Capture) -> None:
    with decided().submission():
        pass
    assert stages(captured) == {"decided": 1, "submitted": 1, "acknowledged": 1}
    assert outcomes(captured) == {}


def test_an_order_that_is_sent_again_is_still_one_order(captured: Capture) -> None:
    order = decided()
    for _ in range(2):
        with suppress(TimeoutError), order.submission():
            assert in_flight(captured) == 1
            raise TimeoutError
        assert in_flight(captured) == 0
    assert outcomes(captured) == {"unknown": 1}
    with order.submission():
        pass
    assert stages(captured) == dict.fromkeys(("decided", "submitted", "unknown", "acknowledged"), 1)
    assert [span.name for span in captured.spans].count("order submit") == 3
    assert captured.span("order").trace_id == trading.order_trace_id("c1", exchange="kraken")
    order.submitted()
    assert in_flight(captured) == 0


def test_an_order_is_in_flight_until_it_is_answered(captured: Capture, clock: FakeClock) -> None:
    first, second = decided("c1"), decided("c2")
    first.submitted()
    clock.advance(3)
    second.submitted()
    clock.advance(2)
    assert in_flight(captured) == 2
    assert captured.value(names.OLDEST_IN_FLIGHT.name, {names.EXCHANGE_NAME: "kraken"}) == 5
    first.acknowledged()
    assert in_flight(captured) == 1
    assert captured.value(names.OLDEST_IN_FLIGHT.name) == 2
    second.rejected("insufficient funds")
    assert (in_flight(captured), captured.value(names.OLDEST_IN_FLIGHT.name)) == (0, 0)


@pytest.mark.parametrize("error", [OSError("reset by peer"), asyncio.CancelledError(), TimeoutError()])
def test_a_submission_that_breaks_leaves_the_order_unknown(captured: Capture, error: BaseException) -> None:
    with suppress(type(error)), decided().submission():
        raise error
    assert outcomes(captured) == {"unknown": 1}
    assert in_flight(captured) == 0
    event = captured.span("order submit").events[1]
    assert captured.span("order submit").status == ("error" if isinstance(error, Exception) else "unset")
    assert (event.name, event.attributes[names.ORDER_REASON]) == (
        "botobs.order.unknown",
        type(error).__qualname__,
    )


def test_a_refusal_by_the_exchange_rejects_the_order(captured: Capture) -> None:
    exchange_error = type("ExchangeError", (Exception,), {})
    insufficient_funds = type("InsufficientFunds", (exchange_error,), {})
    with pytest.raises(insufficient_funds), decided().submission():
        raise insufficient_funds("kraken {'error': ['EOrder:Insufficient funds']}")
    assert outcomes(captured) == {"rejected": 1}
    assert captured.value(names.DECISION_TO_ACK.name, {names.ORDER_OUTCOME: "rejected"}) == 1
    assert captured.span("order submit").status == "error"


def never_left() -> BaseException:
    """What ccxt raises when the exchange refuses the connection."""
    exchange_error = type("NetworkError", (type("OperationFailed", (Exception,), {}),), {})
    error: BaseException = exchange_error("kraken POST https://api.kraken.com/0/private/AddOrder")
    error.__cause__ = ConnectionRefusedError()
    return error


def fail(order: trading.Order, error: BaseException) -> None:
    with suppress(type(error)), order.submission():
        raise error


def test_an_order_that_never_left_has_failed_and_may_be_sent_again(captured: Capture) -> None:
    order = decided()
    fail(order, never_left())
    assert outcomes(captured) == {"failed": 1}
    assert in_flight(captured) == 0
    assert captured.span("order submit").events[1].name == "botobs.order.failed"
    fail(order, never_left())
    with order.submission():
        assert in_flight(captured) == 1
    assert stages(captured) == {"decided": 1, "submitted": 1, "failed": 1, "acknowledged": 1}
    assert captured.total(names.DECISION_TO_ACK.name) == 0
    assert captured.value(names.DECISION_TO_ACK.name, {names.ORDER_OUTCOME: "acknowledged"}) == 1
    assert names.MISUSES.name not in captured.metrics


def test_an_attempt_that_never_left_settles_nothing(captured: Capture) -> None:
    order = decided()
    fail(order, TimeoutError())
    fail(order, never_left())
    assert outcomes(captured) == {"unknown": 1}


def test_a_refused_connection_of_something_else_says_nothing_of_the_order(captured: Capture) -> None:
    fail(decided(), ConnectionRefusedError("the bot's database"))
    assert outcomes(captured) == {"unknown": 1}


def test_an_answer_inside_the_submission_beats_how_it_ends(captured: Capture) -> None:
    order = decided()
    with suppress(OSError), order.submission():
        order.acknowledged("K-1")
        raise OSError("while the answer was written to the database")
    order.unknown("a time-out that was overtaken")
    assert stages(captured) == {"decided": 1, "submitted": 1, "acknowledged": 1}
    assert [event.name for event in captured.span("order submit").events][1:] == [
        "botobs.order.acknowledged",
        "exception",
    ]


def test_a_fill_that_overtakes_the_answer_is_the_answer(captured: Capture, clock: FakeClock) -> None:
    order = decided()
    with order.submission():
        clock.advance(1)
        order.filled(1, 100, complete=True)
        clock.advance(1)
        order.acknowledged("K-1")
    assert outcomes(captured) == {"filled": 1}
    assert captured.total(names.DECISION_TO_ACK.name) == 1
    assert captured.value(names.DECISION_TO_ACK.name) == 1
    assert names.FILL_DURATION.name not in captured.metrics
    assert names.MISUSES.name not in captured.metrics
    assert captured.span("order submit").attributes[names.ORDER_ID] == "K-1"


def test_what_is_reported_twice_counts_once(captured: Capture) -> None:
    order = decided()
    for _ in range(2):
        order.submitted()
        order.acknowledged("K-1")
        order.filled(0.5, complete=False)
        order.filled(0.5, complete=True)
        order.unknown("late time-out")
    assert set(stages(captured).values()) == {1}
    assert outcomes(captured) == {"filled": 1}
    assert names.MISUSES.name not in captured.metrics


def test_an_end_after_another_end_is_a_contradiction(
    captured: Capture, caplog: pytest.LogCaptureFixture
) -> None:
    order = decided()
    order.submitted()
    order.canceled()
    order.filled(0.1, complete=False)
    order.filled(1, complete=True)
    order.expired()
    assert outcomes(captured) == {"canceled": 1}
    assert stages(captured)["partially_filled"] == 1
    assert captured.value(names.MISUSES.name, {names.SUBJECT: "order"}) == 2
    assert "order: one that has ended became filled" in caplog.text


def test_an_unknown_order_that_is_heard_of_again_has_both_outcomes(
    captured: Capture, clock: FakeClock
) -> None:
    order = decided()
    with suppress(TimeoutError), order.submission():
        raise TimeoutError
    clock.advance(300)
    order.filled(1, complete=True)
    assert outcomes(captured) == {"unknown": 1, "filled": 1}
    assert stages(captured)["acknowledged"] == 1
    # Five minutes are not the time in which the exchange answers.
    assert names.DECISION_TO_ACK.name not in captured.metrics


def test_after_a_restart_a_fill_continues_the_trace_of_its_order(captured: Capture) -> None:
    with decided().submission():
        pass
    first = captured.span("order")
    live().forget()
    order = trading.order("c1", exchange="kraken", symbol="BTC/EUR")
    order.filled(1, 100, complete=True)
    fill = captured.span("order update")
    assert (fill.trace_id, fill.parent_id) == (first.trace_id, first.span_id)
    assert fill.trace_id == trading.order_trace_id("c1", exchange="kraken")
    submit = captured.span("order submit")
    assert first.links == ((submit.trace_id, submit.span_id),)
    assert submit.links == ((first.trace_id, first.span_id),)
    assert outcomes(captured) == {"filled": 1}


def test_the_trace_of_an_order_is_the_same_in_every_version() -> None:
    # Orders outlive releases: a change would cut the stories of those that are open.
    assert trading.order_trace_id("c1", exchange="binance") == "dda6ddd59d0b07b79b4ffb9cad4182eb"
    assert trading.order_trace_id("c1", exchange="kraken") != trading.order_trace_id("c1", exchange="binance")


@pytest.mark.parametrize("ours", [True, False])
def test_an_order_has_its_trace_with_any_sdk(ours: bool) -> None:
    spans = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False, id_generator=IdGenerator() if ours else None)
    provider.add_span_processor(SimpleSpanProcessor(spans))
    with trading.simulated(tracer_provider=provider):
        with decided().submission():
            pass
        trading.order("c1", exchange="kraken").filled(1, complete=True)
    first, update = (
        next(span for span in spans.get_finished_spans() if span.name == name)
        for name in ("order", "order update")
    )
    assert first.context is not None
    assert update.context is not None
    assert update.parent is not None
    expected = trading.order_trace_id("c1", exchange="kraken")
    assert {f"{span.context.trace_id:032x}" for span in (first, update)} == {expected}
    if ours:
        assert first.parent is None
        assert update.parent.span_id == first.context.span_id
    else:
        # Nobody can give a span its id there, but both are children of the one that would have it.
        assert first.parent is not None
        assert update.parent.span_id == first.parent.span_id != first.context.span_id


@pytest.mark.parametrize("engine", ["stock", "fast"])
def test_an_order_has_its_trace_with_each_engine(engine: str) -> None:
    ended: list[Any] = []
    ours = create_engine(engine, Resource({}), ParentBased(ALWAYS_ON), ended.append, Redactor(), Limits())
    with trading.simulated(tracer_provider=ours.tracer_provider, meter_provider=ours.meter_provider):
        with decided().submission():
            pass
        trading.order("c1", exchange="kraken").filled(1, complete=True)
    spans = {span.name: span for span in spans_in(ours.encode_spans(ended))}
    assert len(spans) == len(ended) == 4
    first, update, submit = spans["order"], spans["order update"], spans["order submit"]
    ids = order_ids("kraken", "c1")
    assert (first.trace_id, first.span_id, first.parent_id) == (
        f"{ids.trace_id:032x}",
        f"{ids.span_id:016x}",
        "",
    )
    assert (update.trace_id, update.parent_id) == (first.trace_id, first.span_id)
    assert submit.links == ((first.trace_id, first.span_id),)
    assert first.links == ((submit.trace_id, submit.span_id),)
    points = points_in(ours.collect_metrics() or b"")
    assert {point.attributes[names.ORDER_OUTCOME]: point.value for point in points[names.ORDERS.name]} == {
        "filled": 1
    }
    assert points[names.IN_FLIGHT.name][0].value == 0


def test_news_are_processed_in_the_orders_own_trace(captured: Capture) -> None:
    order = decided()
    order.submitted()
    tracer = trace.get_tracer("socket")
    with tracer.start_as_current_span("socket message"), order.update():
        order.filled(1, complete=True)
        with tracer.start_as_current_span("INSERT fills"):
            order.acknowledged("K-1")
    update, insert = captured.span("order update"), captured.span("INSERT fills")
    assert update.trace_id == trading.order_trace_id("c1", exchange="kraken")
    assert [event.name for event in update.events] == ["botobs.order.filled", "botobs.order.acknowledged"]
    assert insert.parent_id == update.span_id
    message = captured.span("socket message")
    assert (message.trace_id, message.span_id) in update.links


def test_what_is_heard_of_another_order_meanwhile_is_told_on_its_own_span(captured: Capture) -> None:
    other = decided("c2")
    with decided("c1").submission():
        other.canceled()
    submit = captured.span("order submit")
    assert [event.name for event in submit.events] == ["botobs.order.submitted", "botobs.order.acknowledged"]
    assert captured.span("order update").attributes[names.ORDER_CLIENT_ID] == "c2"


async def _send(order: trading.Order, gate: asyncio.Barrier) -> None:
    with order.submission():
        await gate.wait()
        order.acknowledged(order.key[1].upper())
        await gate.wait()


@pytest.mark.asyncio
async def test_orders_that_are_sent_at_once_keep_apart(captured: Capture) -> None:
    gate = asyncio.Barrier(2)
    await asyncio.gather(_send(decided("c1"), gate), _send(decided("c2"), gate))
    submits = [span for span in captured.spans if span.name == "order submit"]
    ids = [(span.attributes[names.ORDER_CLIENT_ID], span.attributes[names.ORDER_ID]) for span in submits]
    assert sorted(ids) == [("c1", "C1"), ("c2", "C2")]
    assert all(len(span.events) == 2 for span in submits)


@pytest.mark.parametrize(
    ("what", "outcome"),
    [("nothing", "passed"), ("refusal", "refused"), ("order", "ordered"), ("error", "error")],
)
def test_a_decision_says_what_came_of_it(captured: Capture, what: str, outcome: str) -> None:
    bot = trading.bot("b1", strategy="grid")
    with pytest.raises(KeyError) if what == "error" else nullcontext(), trading.decision(bot) as decision:
        if what == "refusal":
            decision.refused("position limit of 2000 reached")
        elif what == "order":
            decision.order("c1", exchange="kraken")
        elif what == "error":
            raise KeyError("mean")
    assert captured.value(names.DECISIONS.name, {names.DECISION_OUTCOME: outcome, names.BOT_ID: "b1"}) == 1
    span = captured.span("bot decision")
    assert span.attributes[names.DECISION_OUTCOME] == outcome
    assert span.attributes.get(names.DECISION_REASON) == (
        "position limit of 2000 reached" if what == "refusal" else None
    )


def test_what_goes_wrong_after_the_order_was_made_is_the_orders_story(captured: Capture) -> None:
    decision = trading.decision("b1")
    with suppress(OSError), decision, decision.order("c1", exchange="kraken").submission():
        raise OSError
    assert captured.value(names.DECISIONS.name, {names.DECISION_OUTCOME: "ordered"}) == 1
    assert outcomes(captured) == {"unknown": 1}


def test_orders_that_are_forgotten_are_still_reported_on(
    captured: Capture, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(_order_registry, "ORDERS_LIMIT", 2)
    orders = [decided(f"c{number}") for number in range(4)]
    for order in orders:
        order.submitted()
    assert in_flight(captured) == 2
    assert caplog.text.count("more than 2 orders without an answer") == 1
    assert trading.order("c3", exchange="kraken") is orders[3]
    assert trading.order("c0", exchange="kraken") is not orders[0]
    for order in orders:
        order.filled(1, complete=True)
    assert outcomes(captured) == {"filled": 4}
    assert in_flight(captured) == 0


def test_reports_never_raise(captured: Capture, caplog: pytest.LogCaptureFixture) -> None:
    order = decided()
    order.filled("a lot", complete=True)  # type: ignore[arg-type]
    order.acknowledged(77)
    assert "an amount or a price that is no number" in caplog.text
    # That the order was filled counts all the same.
    assert outcomes(captured) == {"filled": 1}
    assert stages(captured)["acknowledged"] == 1
