"""Threads that record faster than spans are sent hold up neither the metrics, nor a flush, nor the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import botobs
from testbed.otlp_receiver import OtlpReceiver


@pytest.mark.parametrize("engine", ["fast", "stock"], indirect=True)
def test_what_is_recorded_meanwhile_is_for_the_next_turn(
    init: Callable[..., botobs.Handle], receiver: OtlpReceiver
) -> None:
    handle = init(span_interval=3600, metric_interval=3600)
    encoders = handle._pipeline._batches._encoders
    encode = encoders["traces"]

    def busy(spans: list[Any]) -> bytes:
        record(2 * len(spans))
        handle._pipeline.queue.sort()
        return encode(spans)

    encoders["traces"] = busy
    record(1)
    assert handle.flush(60)
    assert receiver.span_names == ["recorded"]
    assert handle.shutdown(60)
    assert receiver.span_names == ["recorded"] * 3


def record(count: int) -> None:
    for _ in range(count):
        with botobs.span("recorded"):
            pass
