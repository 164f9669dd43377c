"""One call starts everything, another changes or keeps it, and an end takes all of it back."""

from __future__ import annotations

import logging
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from opentelemetry import baggage, metrics, propagate, trace

import botobs
from botobs import trading
from botobs.semconv import DURATION_BUCKETS
from testbed.otlp_receiver import OtlpReceiver, attributes

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("engine", ["stock", "fast"], indirect=True)]
PROGRAMS = Path(__file__).parent / "programs"
Init = Callable[..., botobs.Handle]


def test_spans_and_metrics_arrive_with_the_resource(init: Init, receiver: OtlpReceiver) -> None:
    handle = init("engine", service_version="1.2", environment="live", resource_attributes={"team": "a"})
    with botobs.span("outer", {"n": 1}), trace.get_tracer("mine").start_as_current_span("inner"):
        metrics.get_meter("mine").create_counter("hits").add(3, {"side": "buy"})
    assert handle.flush()
    inner, outer = receiver.spans
    assert (inner.name, outer.name) == ("inner", "outer")
    assert inner.parent_span_id == outer.span_id
    assert attributes(outer) == {"n": 1}
    assert receiver.last_value("hits", side="buy") == 3
    resource = attributes(receiver.traces[0].resource)
    wanted = {
        "service.name": "engine",
        "service.version": "1.2",
        "deployment.environment.name": "live",
        "team": "a",
        "telemetry.distro.name": "botobs",
    }
    assert wanted.items() <= resource.items()
    assert resource["host.name"] == socket.gethostname()
    assert attributes(receiver.metric_exports[0].resource) == resource


def test_a_second_init_with_the_same_settings_keeps_the_first(init: Init, receiver: OtlpReceiver) -> None:
    first = init()
    assert init() is first
    with botobs.span("once"):
        pass
    first.flush()
    assert receiver.span_names == ["once"]


def test_a_second_init_with_others_replaces_the_first(init: Init, receiver: OtlpReceiver) -> None:
    first = init("before")
    tracer = trace.get_tracer("kept")
    counter = metrics.get_meter("kept").create_counter("hits")
    tracer.start_span("a").end()
    counter.add(1)
    second = init("after")
    tracer.start_span("b").end()
    counter.add(10)
    second.flush()
    assert not first.running
    services = {
        attributes(one.resource)["service.name"]: one.scope_spans[0].spans[0].name for one in receiver.traces
    }
    assert services == {"before": "a", "after": "b"}
    assert receiver.last_value("hits") == 10


def test_after_shutdown_nothing_is_recorded_and_init_works_again(init: Init, receiver: OtlpReceiver) -> None:
    tracer = trace.get_tracer("kept")
    init()
    assert botobs.shutdown()
    assert not tracer.start_span("lost").is_recording()
    assert botobs.shutdown()
    init("again")
    tracer.start_span("seen").end()
    botobs.flush()
    assert receiver.span_names == ["seen"]


def test_observables_of_the_global_meter_survive_another_init(init: Init, receiver: OtlpReceiver) -> None:
    # It survives this test too, and with it its name.
    name = f"depth.{init().engine.name}"
    measured = [metrics.Observation(7)]
    metrics.get_meter("kept").create_observable_gauge(name, [lambda _: measured])
    init("another").flush()
    values = {resource["service.name"]: point.as_int for resource, _, point in receiver.points(name)}
    assert values["another"] == 7
    measured.clear()


def test_baggage_carries_no_secret_to_others(init: Init) -> None:
    before = propagate.get_global_textmap()
    init()
    context = baggage.set_baggage("desk", "fx", baggage.set_baggage("api_key", "s3cr3t"))
    context = baggage.set_baggage("note", "password=s3cr3t", context)
    headers: dict[str, str] = {}
    with botobs.span("call") as current:
        propagate.inject(headers, trace.set_span_in_context(current, context))
        trace_id = trace.format_trace_id(current.get_span_context().trace_id)
    assert headers["baggage"] == "desk=fx"
    assert trace_id in headers["traceparent"]
    botobs.shutdown()
    assert propagate.get_global_textmap() is before


def test_disabled_does_nothing(init: Init, receiver: OtlpReceiver) -> None:
    handle = init(environ={"OTEL_SDK_DISABLED": "true"})
    with botobs.span("unseen") as current:
        assert not current.is_recording()
    assert not handle.running
    handle.shutdown()
    assert receiver.requests == []


def test_the_self_metrics_exist_and_are_zero(init: Init, receiver: OtlpReceiver) -> None:
    init().flush()
    for name in ("botobs.sdk.dropped", "botobs.sdk.export.failures", "botobs.sdk.exported"):
        assert {point.as_int for _, _, point in receiver.points(name)} == {0}, name
    series = [series for _, series, _ in receiver.points("botobs.sdk.dropped")]
    assert {"signal": "traces", "lane": "critical", "reason": "queue_full"} in series
    for name in ("botobs.sdk.metric.overflows", "botobs.sdk.settings.invalid", "botobs.sdk.spans.started"):
        assert receiver.last_value(name) == 0, name


def test_a_wrong_setting_is_a_metric_and_one_line(
    init: Init, receiver: OtlpReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    handle = init(metric_interval="soon", sampling_ratio=7)
    handle.flush()
    assert receiver.last_value("botobs.sdk.settings.invalid") == 2
    (line,) = [record.getMessage() for record in caplog.records if record.name == "botobs"]
    assert "metric_interval" in line
    assert "sampling_ratio" in line


@pytest.mark.parametrize(
    "wrong", [{"redact": ["("]}, {"certificate": "/does/not/exist.pem", "endpoint": "https://h:1"}]
)
def test_wrong_redaction_or_tls_stops_the_export_loudly(
    init: Init, receiver: OtlpReceiver, caplog: pytest.LogCaptureFixture, wrong: dict[str, object]
) -> None:
    handle = init(**wrong)
    with botobs.span("secret"):
        pass
    handle.flush()
    assert receiver.requests == []
    assert any("nothing is exported" in record.getMessage() for record in caplog.records)
    with pytest.raises(botobs.SettingsError):
        init(strict=True, **wrong)


def test_without_a_collector_one_line_says_so(
    init: Init, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    handle = botobs.init("alone", disabled_instrumentations=["all"], environ={"HOME": str(tmp_path)})
    for _ in range(100):
        with botobs.span("nowhere"):
            pass
    assert handle.counts.dropped["traces", "normal", "no_endpoint"] == 100
    assert [record.levelno for record in caplog.records if record.name == "botobs"] == [logging.WARNING]


def test_heartbeat_and_goodbye(init: Init, receiver: OtlpReceiver) -> None:
    handle = init()
    handle.flush()
    assert receiver.last_value("botobs.service.heartbeat.timestamp") > 1.7e9
    assert receiver.last_value("botobs.service.goodbye.timestamp") == 0
    handle.shutdown()
    goodbye = receiver.last_value("botobs.service.goodbye.timestamp")
    assert goodbye == pytest.approx(receiver.last_value("botobs.service.heartbeat.timestamp"), abs=1)


def test_durations_of_upstream_instrumentors_have_our_boundaries(init: Init, receiver: OtlpReceiver) -> None:
    handle = init()
    for name in (
        "http.client.request.duration",
        "http.server.request.duration",
        "db.client.operation.duration",
    ):
        histogram = metrics.get_meter("upstream").create_histogram(
            name, "s", explicit_bucket_boundaries_advisory=[1.0, 2.0]
        )
        histogram.record(0.02)
    handle.flush()
    for name in (
        "http.client.request.duration",
        "http.server.request.duration",
        "db.client.operation.duration",
    ):
        ((_, _, point),) = receiver.points(name)
        assert tuple(point.explicit_bounds) == DURATION_BUCKETS


def test_exemplars_lead_to_the_span(init: Init, receiver: OtlpReceiver) -> None:
    handle = init()
    with botobs.span("slow"):
        metrics.get_meter("mine").create_histogram("wait", "s").record(0.3)
    handle.flush()
    ((_, _, point),) = receiver.points("wait")
    assert point.exemplars[0].span_id == receiver.spans[0].span_id


def test_an_id_of_an_order_is_no_attribute_of_a_metric(
    init: Init, receiver: OtlpReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    handle = init()
    counter = metrics.get_meter("mine").create_counter("hits")
    for number in range(100):
        counter.add(1, {"client_order_id": f"b-{number}", "side": "buy"})
    handle.flush()
    ((_, series, point),) = receiver.points("hits")
    assert (series, point.as_int) == ({"side": "buy"}, 100)
    assert len([record for record in caplog.records if "client_order_id" in record.getMessage()]) == 1
    handle.flush()
    assert receiver.last_value("botobs.sdk.metric.attributes.refused") == 100


def test_too_many_series_end_in_one(init: Init, receiver: OtlpReceiver) -> None:
    handle = init(series_limit=50)
    counter = metrics.get_meter("mine").create_counter("hits")
    for number in range(57):
        counter.add(1, {"level": number})
    counter.add(5, {"level": 0})
    handle.flush()
    points = {tuple(series.items()): point.as_int for _, series, point in receiver.points("hits")}
    assert points[("level", 0),] == 6
    assert points[("otel.metric.overflow", True),] == 7
    assert len(points) == 51
    handle.flush()
    assert receiver.last_value("botobs.sdk.metric.overflows") == 7


def test_another_init_reports_nothing_of_the_orders_before(init: Init, receiver: OtlpReceiver) -> None:
    init()
    trading.order("before", exchange="kraken").filled(1, complete=True)
    handle = init(environment="again")
    trading.order("after", exchange="binance").filled(1, complete=True)
    handle.flush()
    reported = {
        series["exchange.name"]
        for resource, series, _ in receiver.points("botobs.orders")
        if resource.get("deployment.environment.name") == "again"
    }
    assert reported == {"binance"}


def test_sampling_follows_the_ratio_and_the_caller(init: Init, receiver: OtlpReceiver) -> None:
    handle = init(sampling_ratio=0.0)
    tracer = trace.get_tracer("mine")
    tracer.start_span("unsampled").end()
    flags = trace.TraceFlags(trace.TraceFlags.SAMPLED)
    caller = trace.NonRecordingSpan(trace.SpanContext(1, 2, is_remote=True, trace_flags=flags))
    tracer.start_span("sampled by the caller", trace.set_span_in_context(caller)).end()
    handle.flush()
    assert receiver.span_names == ["sampled by the caller"]


class TestSecurely:
    """TLS with a given authority, and a token that changes."""

    @pytest.fixture
    def secured(self, tls: tuple[ssl.SSLContext, Path]) -> object:
        from testbed.otlp_receiver import receiving

        with receiving(tls[0]) as listening:
            listening.token = "first"
            yield listening

    def test_token_is_read_again_when_its_file_changes(
        self, init: Init, secured: OtlpReceiver, tls: tuple[ssl.SSLContext, Path], tmp_path: Path
    ) -> None:
        token = tmp_path / "token"
        token.write_text("first\n")
        handle = init(endpoint=secured.endpoint, certificate=tls[1], token_file=token)
        with botobs.span("a"):
            pass
        assert handle.flush()
        secured.token = "second"
        with botobs.span("b"):
            pass
        assert not handle.flush(2.0)
        token.write_text("second longer")
        secured.token = "second longer"
        assert handle.flush()
        assert [span.name for span in secured.spans] == ["a", "b"]

    def test_an_unknown_authority_is_refused(
        self, init: Init, secured: OtlpReceiver, caplog: pytest.LogCaptureFixture
    ) -> None:
        handle = init(endpoint=secured.endpoint, token="first")
        assert not handle.flush(2.0)
        assert secured.requests == []
        assert "certificate is not trusted" in caplog.text
        assert handle.counts.failures["metrics", "tls"] == 1


def test_nothing_at_import_and_start_needs_posix(
    environment: dict[str, str], receiver: OtlpReceiver, tmp_path: Path
) -> None:
    program = Path(__file__).parent / "programs" / "without_posix.py"
    done = subprocess.run(
        [sys.executable, str(program), str(tmp_path / "spool"), str(tmp_path / "targets")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["tested", "['sent-True']", "True []", "200"]
    assert "seen" in receiver.span_names
    assert "orders in flight would leave no trace if this process were killed" in done.stderr
    assert "this system has no file locks of POSIX" in done.stderr


def test_a_program_decides_how_it_computes(environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, PROGRAMS / "own_decimals.py"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"0.{'3' * 50}\n"


def test_a_child_has_no_thread_of_a_library_that_has_replaced_them(environment: dict[str, str]) -> None:
    """As gevent does, whose `subprocess` forks before its event loop can run in the child."""
    done = subprocess.run(
        [sys.executable, PROGRAMS / "threads_replaced.py"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "1\n"
