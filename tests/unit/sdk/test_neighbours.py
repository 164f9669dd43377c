"""One bad item, one hanging callback, one long `Retry-After` stops neither its neighbours nor the export."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry import metrics, trace

import botobs
from botobs._sdk.engine import callbacks
from testbed.otlp_receiver import OtlpReceiver, Reply
from tests.support.waiting import eventually

pytestmark = pytest.mark.parametrize("engine", ["stock", "fast"], indirect=True)
Init = Callable[..., botobs.Handle]


def test_a_span_that_cannot_be_encoded_costs_itself(init: Init, receiver: OtlpReceiver) -> None:
    handle = init(span_interval=60)
    encode = handle._pipeline._batches._encoders["traces"]

    def picky(spans: list[Any]) -> bytes:
        if any(span.name == "bad" for span in spans):
            raise ValueError("bad")
        return encode(spans)

    handle._pipeline._batches._encoders["traces"] = picky
    for name in ("a", "bad", "b", "bad", "c"):
        trace.get_tracer("mine").start_span(name).end()
    assert handle.flush()
    assert receiver.span_names == ["a", "b", "c"]
    assert handle.counts.dropped["traces", "normal", "not_encoded"] == 2


def test_a_hanging_callback_does_not_stop_spans(
    init: Init, receiver: OtlpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callbacks, "CALLBACK_TIMEOUT", 0.2)
    handle = init(span_interval=0.05, metric_interval=0.1)
    let_go = threading.Event()

    def hangs(_: Any) -> Any:
        let_go.wait()
        return ()

    metrics.get_meter("mine").create_observable_gauge(f"hangs.{handle.engine.name}", [hangs])
    metrics.get_meter("mine").create_counter("hits").add(3)
    try:
        for number in range(3):
            botobs.span(f"s{number}").__call__(lambda: None)()
            receiver.wait_for(lambda seen=number: len(receiver.spans) > seen)  # type: ignore[misc]
        receiver.wait_for(lambda: receiver.last_value("hits") == 3)
        receiver.wait_for(lambda: handle.counts.dropped["metrics", "normal", "not_encoded"] > 1)
        before = time.monotonic()
        handle.shutdown()
        assert time.monotonic() - before < 60
    finally:
        let_go.set()


def test_a_retry_after_of_a_day_is_bounded(init: Init, receiver: OtlpReceiver) -> None:
    handle = init(span_interval=0.05, metric_interval=60)
    receiver.reply = Reply(503, {"Retry-After": "86400"})
    botobs.span("a").__call__(lambda: None)()
    receiver.wait_for(lambda: any(request.status == 503 for request in receiver.requests))
    eventually(lambda: handle._delivery.backoff.retry_at > time.monotonic())
    assert handle._delivery.backoff.retry_at - time.monotonic() < 600
