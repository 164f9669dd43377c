"""Requests are bounded in bytes; what a collector finds too large arrives in parts, and costs only itself."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import metrics

import botobs
from botobs._sdk.export.priority import Priority
from botobs._sdk.export.split import _REQUESTS, MAX_REQUEST_BYTES, bounded, halves, joined
from botobs._sdk.export.store import Batch
from testbed.otlp_receiver import OtlpReceiver, Reply, attributes

pytestmark = pytest.mark.slow

Init = Callable[..., botobs.Handle]
BOTH = pytest.mark.parametrize("engine", ["stock", "fast"], indirect=True)
#: Seconds after which something hangs.
PATIENCE = 600
TEXT = "the book of BTC/USDT says 1 2 3; " * 240


def record(name: str, count: int, size: int) -> None:
    """Spans with about `size` bytes of attributes, all different."""
    for number in range(count):
        values = {f"book.{part}": f"{number} {part} {TEXT}"[:8000] for part in range(max(1, size // 8000))}
        with botobs.span(name, {**values, "number": number}):
            pass


def numbers(receiver: OtlpReceiver, name: str) -> list[int]:
    return sorted(attributes(span)["number"] for span in receiver.spans if span.name == name)


@BOTH
def test_requests_of_large_spans_are_bounded(init: Init, receiver: OtlpReceiver) -> None:
    handle = init(compression="none", span_interval=3600.0)
    record("snapshot", 120, 100_000)
    assert handle.flush(PATIENCE)
    assert numbers(receiver, "snapshot") == list(range(120))
    sizes = [len(request.body) for request in receiver.requests]
    assert MAX_REQUEST_BYTES / 2 < max(sizes) <= MAX_REQUEST_BYTES


@BOTH
@pytest.mark.parametrize("impatient", [False, True])
def test_what_is_too_large_for_the_collector_is_halved(
    init: Init, receiver: OtlpReceiver, impatient: bool
) -> None:
    receiver.limit, receiver.impatient = 300_000, impatient
    handle = init(compression="none", span_interval=3600.0)
    record("small", 30, 8_000)
    record("huge", 1, 400_000)
    record("large", 90, 40_000)
    assert handle.flush(PATIENCE)
    assert numbers(receiver, "small") == list(range(30))
    assert numbers(receiver, "large") == list(range(90))
    assert numbers(receiver, "huge") == []
    assert handle.flush(PATIENCE)
    lost = receiver.last_value("botobs.sdk.dropped", signal="traces", lane="normal", reason="too_large")
    assert lost == 1
    assert receiver.last_value("botobs.sdk.export.failures", signal="traces", reason="too_large") > 1


@BOTH
def test_an_item_that_no_collector_takes_costs_only_itself(
    init: Init, receiver: OtlpReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    handle = init(compression="none", span_interval=3600.0)
    record("before", 1, 8_000)
    with botobs.span("huge") as span:
        for number in range(10):
            span.add_event("page", {f"{number} {part}": TEXT for part in range(100)})
    record("after", 1, 8_000)
    assert handle.flush(PATIENCE)
    assert {span.name for span in receiver.spans} == {"before", "after"}
    assert "1 items of traces are larger than 4194304 bytes" in caplog.text
    handle.flush(PATIENCE)
    assert receiver.last_value("botobs.sdk.dropped", signal="traces", lane="normal", reason="too_large") == 1


@BOTH
def test_a_large_metric_export_is_split(init: Init, receiver: OtlpReceiver) -> None:
    handle = init(compression="none")
    counter = metrics.get_meter("tested").create_counter("books")
    for number in range(1500):
        counter.add(number, {"book": f"{number} {TEXT}"[:4000]})
    metrics.get_meter("other").create_counter("neighbour").add(1)
    assert handle.flush(PATIENCE)
    points = [point for _, _, point in receiver.points("books")]
    assert sorted(point.as_int for point in points[-1500:]) == list(range(1500))
    assert receiver.last_value("neighbour") == 1
    assert max(len(request.body) for request in receiver.requests) <= MAX_REQUEST_BYTES


def test_large_log_records_are_split(init: Init, receiver: OtlpReceiver) -> None:
    receiver.limit = 100_000
    handle = init(compression="none", logs=True, disabled_instrumentations=[], span_interval=3600.0)
    logger = logging.getLogger("bot")
    logger.setLevel(logging.INFO)
    for number in range(40):
        logger.info("%d %s", number, TEXT)
    assert handle.flush(PATIENCE)
    bodies = [record.body.string_value for record in receiver.logs if TEXT[:20] in record.body.string_value]
    assert sorted(int(body.split()[0]) for body in bodies) == list(range(40))


@BOTH
def test_the_rest_of_a_half_sent_batch_is_kept(
    init: Init, receiver: OtlpReceiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.limit = 200_000
    handle = init(compression="none", span_interval=3600.0, metric_interval=3600.0, spool_dir=tmp_path)
    assert handle.flush(PATIENCE)
    take = receiver.take

    def fail_after_one(received: Any) -> None:
        take(received)
        if received.path == "/v1/traces" and received.status == 200:
            receiver.reply = Reply(503)

    monkeypatch.setattr(receiver, "take", fail_after_one)
    record("kept", 12, 40_000)
    some: list[int] = []
    # The first time it comes from the queue, the second time from the spool.
    for _ in range(2):
        receiver.reply = Reply()
        assert not handle.flush(30)
        assert len(some) < len(numbers(receiver, "kept")) < 12
        some = numbers(receiver, "kept")
    monkeypatch.setattr(receiver, "take", take)
    receiver.reply = Reply()
    assert handle.flush(PATIENCE)
    assert numbers(receiver, "kept") == list(range(12)), "each once"
    assert [name for _, _, files in os.walk(tmp_path / "botobs-spool") for name in files] == ["lock"]


# -- splitting --------------------------------------------------------------------------------------------------------


def batch_of(signal: str, groups: list[list[int]]) -> Batch:
    """A request with `groups` of items, each with its number."""
    kind, (_, middle, leaves, *_) = _REQUESTS[signal]
    request = kind()
    number = 0
    for group in groups:
        resource = getattr(request, f"resource_{middle.removeprefix('scope_')}").add()
        for count in group:
            scope = getattr(resource, middle).add()
            if signal == "metrics" and count:
                metric = scope.metrics.add(name="m")
                for _ in range(count):
                    metric.sum.data_points.add(as_int=number)
                    number += 1
                continue
            for _ in range(count):
                item = getattr(scope, leaves).add()
                if signal == "traces":
                    item.name = str(number)
                else:
                    item.body.string_value = str(number)
                number += 1
    return Batch(signal, Priority.NORMAL, request.SerializeToString(), number)


def items_of(batch: Batch) -> list[str]:
    kind, path = _REQUESTS[batch.signal]
    found: list[Any] = [kind.FromString(batch.body)]
    for field in path:
        found = [
            item
            for one in found
            for item in (one.sum.data_points if field == "data_points" else getattr(one, field))
        ]
    return [
        str(item.as_int)
        if batch.signal == "metrics"
        else item.name
        if batch.signal == "traces"
        else item.body.string_value
        for item in found
    ]


@pytest.mark.parametrize("signal", ["traces", "logs", "metrics"])
@given(groups=st.lists(st.lists(st.integers(0, 5), max_size=4), max_size=4))
def test_halves_are_the_whole(signal: str, groups: list[list[int]]) -> None:
    whole = batch_of(signal, groups)
    split = halves(whole)
    if whole.items < 2:
        assert split is None
        return
    assert split is not None
    first, second = split
    assert items_of(first) + items_of(second) == items_of(whole)
    assert abs(len(items_of(first)) - len(items_of(second))) <= 1
    assert items_of(joined(split)) == items_of(whole)
    if signal != "metrics":
        assert (first.items, second.items) == (len(items_of(first)), len(items_of(second)))
    assert bounded(whole) == ([whole], 0)


@BOTH
def test_the_memory_of_events_counts(init: Init) -> None:
    handle = init(span_interval=3600.0, metric_interval=3600.0, queue_bytes=2**20)
    for number in range(20):
        with botobs.span("pages") as span:
            for page in range(24):
                span.add_event("page", {"text": f"{number} {page} {TEXT}"[:8000]})
    handle._pipeline.queue.sort()
    assert handle.counts.dropped["traces", "normal", "queue_full"] == 15
    assert 2**19 < handle._pipeline.queued_bytes <= 2**20


@BOTH
def test_a_huge_text_costs_only_its_end(init: Init, receiver: OtlpReceiver) -> None:
    handle = init(span_interval=3600.0, queue_bytes=4 * 2**20)
    huge = "a page " * (2**20)

    class Page:
        def __str__(self) -> str:
            return huge

    places: dict[str, Callable[[Any], Any]] = {
        "attribute": lambda span: span.set_attribute("body", huge),
        "object": lambda span: span.set_attribute("body", Page()),
        "key": lambda span: span.set_attribute(huge, 1),
        "list": lambda span: span.set_attribute("body", [huge]),
        "event": lambda span: span.add_event(huge, {"body": huge}),
        "exception": lambda span: span.record_exception(ValueError(huge)),
        "status": lambda span: span.set_status(2, huge),
        "name": lambda span: span.update_name(f"name {huge}"),
    }
    for name, put in places.items():
        with botobs.span(name) as span:
            put(span)
        with botobs.span(f"after {name}"):
            pass
    assert handle.flush(60)
    found = {span.name[:30].partition(" a page")[0] for span in receiver.spans}
    assert found == {*places, *(f"after {name}" for name in places)}
    assert max(len(request.body) for request in receiver.requests) < 2 * 2**20
