"""What a test of a service can ask for."""

from __future__ import annotations

import logging

import pytest
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Link, SpanKind, Status, StatusCode

import botobs
from botobs import trading
from botobs.testing import Capture, FakeClock, capture

pytestmark = pytest.mark.slow


def work() -> None:
    tracer = trace.get_tracer("shop")
    with tracer.start_as_current_span(
        "GET /orders", kind=SpanKind.SERVER, attributes={"http.route": "/orders"}
    ) as root:
        with tracer.start_as_current_span("SELECT", kind=SpanKind.CLIENT) as query:
            query.add_event("retry", {"attempt": 2})
            query.set_status(Status(StatusCode.ERROR, "deadlock detected"))
        with tracer.start_as_current_span("answer", links=[Link(query.get_span_context())]):
            pass
        root.set_attribute("http.response.status_code", 500)


def test_traces_are_told_as_text(botobs_capture: Capture) -> None:
    work()
    assert botobs_capture.tree() == (
        "GET /orders (server)\n"
        "  http.response.status_code: 500\n"
        "  http.route: /orders\n"
        "  SELECT (client)\n"
        "    status: error deadlock detected\n"
        "    * retry\n"
        "  answer\n"
        "    > SELECT"
    )
    assert botobs_capture.tree(["http.route"]).count(":") == 2


def test_traces_are_told_as_dictionaries(botobs_capture: Capture) -> None:
    work()
    assert botobs_capture.snapshot() == [
        {
            "name": "GET /orders",
            "kind": "server",
            "attributes": {"http.route": "/orders", "http.response.status_code": 500},
            "children": [
                {
                    "name": "SELECT",
                    "kind": "client",
                    "status": "error",
                    "events": [{"name": "retry", "attributes": {"attempt": 2}}],
                },
                {"name": "answer", "links": ["SELECT"]},
            ],
        }
    ]


@pytest.mark.parametrize("run", [1, 2])
def test_ids_and_times_are_the_same_in_every_run(botobs_capture: Capture, run: int) -> None:
    assert botobs_capture.clock is not None
    with trace.get_tracer("shop").start_as_current_span("slow"):
        botobs_capture.clock.advance(1.5)
    work()
    slow, root, query, _ = botobs_capture.spans
    assert (slow.trace_id, slow.span_id, slow.parent_id) == (f"{1:032x}", f"{1:016x}", "")
    assert (root.trace_id, query.span_id, query.parent_id) == (f"{2:032x}", f"{3:016x}", root.span_id)
    assert slow.start == pytest.approx(1_704_067_200, abs=1e-6)
    assert botobs_capture.tree([], durations=True).startswith("slow 1500.000 ms\n")
    assert run


def test_tests_do_not_see_each_other() -> None:
    with capture(instrument=False) as first:
        work()
        metrics.get_meter("shop").create_counter("sales").add(1)
        trading.bot("b1").state("running")
    with capture(instrument=False) as second:
        assert second.spans == []
        assert second.metrics == {}
        trading.bot("b2")
        assert "b1" not in str(second.metrics)
    trading.bot("b3")
    with capture(instrument=False) as third:
        assert third.metrics == {}
    assert len(first.spans) == 3


def test_tracers_and_instruments_that_code_has_kept_are_captured() -> None:
    with capture(instrument=False):
        tracer = trace.get_tracer("shop")
        counter = metrics.get_meter("shop").create_counter("sales")
    tracer.start_span("between").end()
    with capture(instrument=False) as captured:
        tracer.start_span("within").end()
        counter.add(3)
        assert [span.name for span in captured.spans] == ["within"]
        assert captured.value("sales") == 3


def test_what_was_global_before_is_global_again(monkeypatch: pytest.MonkeyPatch) -> None:
    traces, measurements = TracerProvider(shutdown_on_exit=False), MeterProvider(shutdown_on_exit=False)
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", traces)
    monkeypatch.setattr(metrics._internal, "_METER_PROVIDER", measurements)
    with capture(instrument=False) as captured:
        work()
        assert len(captured.spans) == 3
    assert trace.get_tracer_provider() is traces
    assert metrics.get_meter_provider() is measurements


def test_init_does_nothing_meanwhile(botobs_capture: Capture) -> None:
    with botobs.init("shop", endpoint="http://127.0.0.1:9", enabled=True) as handle:
        assert not handle.running
        work()
    assert len(botobs_capture.spans) == 3


def test_metrics_are_looked_up_by_name_and_attributes(botobs_capture: Capture) -> None:
    meter = metrics.get_meter("shop")
    sales = meter.create_counter("sales")
    sales.add(2, {"item": "tea", "city": "Bonn"})
    sales.add(3, {"item": "tea", "city": "Kiel"})
    sales.add(5, {"item": "mug", "city": "Kiel"})
    price = meter.create_histogram("price")
    price.record(1.5, {"item": "tea"})
    price.record(2.5, {"item": "tea"})
    assert botobs_capture.value("sales") == 10
    assert botobs_capture.value("sales", {"item": "tea"}) == 5
    assert botobs_capture.value("sales", {"item": "tea", "city": "Kiel"}) == 3
    assert (botobs_capture.value("price"), botobs_capture.total("price")) == (2, 4.0)
    with pytest.raises(
        AssertionError, match=r"no series of sales has \{'item': 'cup'\}; it has\n  \{'item': 'tea'"
    ):
        botobs_capture.value("sales", {"item": "cup"})
    with pytest.raises(AssertionError, match=r"no series of sale has \{\}; there are .*price, .*sales"):
        botobs_capture.value("sale")
    with pytest.raises(AssertionError, match="sales is no histogram"):
        botobs_capture.total("sales")


def test_a_span_is_looked_up_by_its_name(botobs_capture: Capture) -> None:
    work()
    assert botobs_capture.span("SELECT").kind == "client"
    with pytest.raises(
        AssertionError, match="0 spans are called 'INSERT'; there are: GET /orders, SELECT, answer"
    ):
        botobs_capture.span("INSERT")
    work()
    with pytest.raises(AssertionError, match="2 spans are called 'SELECT'"):
        botobs_capture.span("SELECT")


def test_logs_know_their_span(botobs_capture: Capture) -> None:
    with trace.get_tracer("shop").start_as_current_span("sell"):
        logging.getLogger("shop.till").warning("the till is %s", "empty")
    try:
        raise ValueError("no change")
    except ValueError:
        logging.getLogger("shop.till").exception("could not sell")
    first, second = botobs_capture.logs
    assert (first.logger, first.severity, first.body) == ("shop.till", "WARNING", "the till is empty")
    assert (first.trace_id, first.span_id) == (botobs_capture.span("sell").trace_id, f"{1:016x}")
    assert second.trace_id == ""
    assert second.attributes["exception.type"] == "ValueError"
    assert "Traceback" in second.attributes["exception.stacktrace"]


def test_spans_and_logs_can_be_cleared(botobs_capture: Capture) -> None:
    work()
    logging.getLogger("shop").warning("x")
    botobs_capture.clear()
    assert (botobs_capture.spans, botobs_capture.logs) == ([], [])


def test_a_metric_that_grows_with_its_callers_is_found(botobs_capture: Capture) -> None:
    sales = metrics.get_meter("shop").create_counter("sales")
    for number in range(4):
        sales.add(1, {"customer": f"c{number}"})
    botobs_capture.assert_cardinality(series=4)
    with pytest.raises(AssertionError, match="sales has 4 series, 3 are allowed"):
        botobs_capture.assert_cardinality(series=3)


def test_libraries_are_watched_if_it_is_wanted() -> None:
    sqlite = pytest.importorskip("sqlalchemy")
    for instrument in (True, False):
        with capture(instrument=instrument) as captured:
            engine = sqlite.create_engine("sqlite://")
            with engine.connect() as connection:
                connection.execute(sqlite.text("SELECT 1"))
            engine.dispose()
            assert any("db.query.text" in span.attributes for span in captured.spans) is instrument


def test_the_fake_clock_does_not_go_back() -> None:
    clock = FakeClock(100)
    clock.advance(0.1)
    assert clock() == pytest.approx(100.1)
    with pytest.raises(ValueError, match="time does not go back: -1 s"):
        clock.advance(-1)
