"""What becomes of spans while the collector is absent, slow or unwilling, and when it comes back."""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path

import pytest

import botobs
from testbed.otlp_receiver import OtlpReceiver, Reply, receiving
from tests.support.waiting import eventually

pytestmark = pytest.mark.slow

Init = Callable[..., botobs.Handle]
PATIENCE = 60.0


def record(name: str, times: int = 1) -> None:
    for _ in range(times):
        with botobs.span(name):
            pass


@pytest.mark.parametrize("status", [429, 502, 503, 504, 401, 403])
def test_what_may_be_sent_again_is(init: Init, receiver: OtlpReceiver, status: int) -> None:
    handle = init(span_interval=0.02)
    receiver.reply = Reply(status)
    record("kept")
    assert not handle.flush(5.0)
    receiver.reply = Reply()
    receiver.wait_for(lambda: receiver.span_names)
    assert receiver.span_names == ["kept"]
    assert handle.counts.dropped.total() == 0


@pytest.mark.parametrize("status", [400, 404, 500])
def test_what_may_not_is_counted(init: Init, receiver: OtlpReceiver, status: int) -> None:
    handle = init(metric_interval=3600)
    receiver.reply = Reply(status)
    record("refused", 3)
    handle.flush()
    receiver.reply = Reply()
    handle.flush()
    assert receiver.span_names == []
    assert handle.counts.dropped["traces", "normal", "rejected"] == 3
    assert receiver.last_value("botobs.sdk.dropped", signal="traces", lane="normal", reason="rejected") == 3
    assert handle.counts.failures["traces", "rejected"] == 1


def test_items_that_the_collector_takes_out_are_counted(init: Init, receiver: OtlpReceiver) -> None:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
        ExportTracePartialSuccess,
        ExportTraceServiceResponse,
    )

    handle = init(metric_interval=3600, span_interval=3600)
    body = ExportTraceServiceResponse(
        partial_success=ExportTracePartialSuccess(rejected_spans=2)
    ).SerializeToString()
    receiver.reply = Reply(body=body)
    record("half", 5)
    handle.flush()
    assert handle.counts.exported["traces"] == 3
    assert handle.counts.dropped["traces", "normal", "rejected"] == 2


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_honoured(init: Init, receiver: OtlpReceiver, form: str) -> None:
    init(span_interval=0.02, metric_interval=3600)
    header = "2" if form == "seconds" else formatdate(time.time() + 3, usegmt=True)
    receiver.reply = Reply(503, {"Retry-After": header})
    record("patient")
    receiver.wait_for(lambda: receiver.requests)
    first = time.monotonic()
    receiver.reply = Reply()
    receiver.wait_for(lambda: receiver.span_names)
    assert time.monotonic() - first > 1.5


def test_the_connection_is_kept_and_a_closed_one_replaced(init: Init, receiver: OtlpReceiver) -> None:
    handle = init()
    for _ in range(3):
        assert handle.flush()
    assert len({request.connection for request in receiver.requests}) == 1
    receiver.reply = Reply(headers={"Connection": "close"})
    assert handle.flush()
    assert handle.flush()
    assert len({request.connection for request in receiver.requests}) == 2
    assert sum(handle.counts.failures.values()) == 0


@pytest.mark.parametrize("secured", [False, True], ids=["plain", "TLS"])
def test_a_connection_that_was_broken_off_while_idle_costs_nothing(
    init: Init, tls: tuple[ssl.SSLContext, Path], secured: bool
) -> None:
    with receiving(tls[0] if secured else None) as receiver:
        handle = init(
            endpoint=receiver.endpoint, certificate=tls[1] if secured else None, metric_interval=3600
        )
        for name in ("before", "after"):
            record(name)
            assert handle.flush()
            receiver.cut()
        assert receiver.span_names == ["before", "after"]
        assert sum(handle.counts.failures.values()) == 0
        handle.shutdown()


def test_the_collector_restarts(init: Init, receiver: OtlpReceiver) -> None:
    port = receiver.port
    handle = init(span_interval=0.02)
    handle.flush()
    receiver.close()
    record("during the outage")
    eventually(lambda: handle.counts.failures["traces", "connection"] > 0)
    again = OtlpReceiver(port=port)
    try:
        again.wait_for(lambda: again.span_names)
        assert again.span_names == ["during the outage"]
    finally:
        again.close()
    assert handle.counts.dropped.total() == 0


def test_in_a_long_outage_memory_is_bounded_and_orders_survive(init: Init, receiver: OtlpReceiver) -> None:
    handle = init(queue_bytes=200_000, span_interval=0.02)
    receiver.reply = Reply(503)
    record("create_order binance", 10)
    record("fetch_ticker binance", 2000)
    record("SELECT bots", 20)
    assert handle._pipeline.queue.bytes <= 200_000
    receiver.reply = Reply()
    assert handle.flush(PATIENCE)
    arrived = receiver.span_names
    assert arrived.count("create_order binance") == 10
    assert arrived.count("SELECT bots") == 20
    lost = 2000 - arrived.count("fetch_ticker binance")
    assert lost > 0
    assert handle.counts.dropped["traces", "bulk", "queue_full"] == lost
    assert handle.flush(PATIENCE)
    assert (
        receiver.last_value("botobs.sdk.dropped", signal="traces", lane="bulk", reason="queue_full") == lost
    )
    assert receiver.last_value("botobs.sdk.exported", signal="traces") == len(arrived)


def test_a_slow_collector_is_given_up_after_the_timeout(init: Init, receiver: OtlpReceiver) -> None:
    handle = init(export_timeout=0.2, span_interval=0.02)
    receiver.reply = Reply(delay=1.0)
    record("slow")
    eventually(
        lambda: handle.counts.failures["traces", "timeout"] + handle.counts.failures["metrics", "timeout"] > 0
    )


def test_at_most_one_line_a_minute(
    init: Init, receiver: OtlpReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    handle = init(span_interval=0.01, metric_interval=0.02)
    receiver.reply = Reply(400)
    for _ in range(20):
        record("noise")
        handle.flush()
    assert handle.counts.failures["traces", "rejected"] >= 20
    assert len([record for record in caplog.records if record.name == "botobs"]) == 1
    assert all(record.levelno <= logging.WARNING for record in caplog.records)


def test_the_end_of_the_process_is_no_second_line(
    init: Init, receiver: OtlpReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    handle = init(span_interval=3600, metric_interval=3600)
    receiver.reply = Reply(503)
    record("lost")
    assert not handle.flush(5.0)
    assert not handle.shutdown(5.0)
    assert handle.counts.dropped.total() == 1
    assert len([record for record in caplog.records if record.name == "botobs"]) == 1


def test_a_span_that_cannot_be_encoded_takes_no_other_batch_with_it(
    init: Init, receiver: OtlpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = init(span_interval=3600)
    encode = handle.engine.encode_spans

    def broken(spans: list[object]) -> bytes:
        if any(span.name == "broken order" for span in spans):  # type: ignore[attr-defined]
            raise ValueError("no")
        return encode(spans)

    monkeypatch.setitem(handle._pipeline._batches._encoders, "traces", broken)
    record("broken order")
    record("fine")
    handle.flush()
    assert receiver.span_names == ["fine"]
    assert handle.counts.dropped["traces", "critical", "not_encoded"] == 1
