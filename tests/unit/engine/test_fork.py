"""A forked child starts over and goes on."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.sdk.resources import Resource

from botobs._sdk.engine import Limits
from botobs._sdk.engine.bound import bind

from .conftest import ENGINES, Recording

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")]


def in_child(work: Callable[[], Any]) -> Any:
    """What `work` returns in a forked child, over a pipe."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        answer: Any
        try:
            answer = work()
        except BaseException as error:
            answer = repr(error)
        os.write(writer, json.dumps(answer).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = json.loads(pipe.read())
    os.waitpid(child, 0)
    return answer


def test_a_child_counts_from_zero_as_itself(recording: Recording) -> None:
    engine = recording.engine
    counter, histogram = recording.meter.create_counter("c"), recording.meter.create_histogram("h")
    bound = bind(counter, {"k": "bound"})
    counter.add(100, {"k": "v"})
    histogram.record(100)
    bound.add(100)
    with recording.tracer.start_as_current_span("before"):
        pass

    def work() -> Any:
        engine.reset_after_fork(Resource({"service.name": "child"}))
        recording.ended.clear()
        counter.add(1, {"k": "v"})
        histogram.record(1)
        bound.add(1)
        with recording.tracer.start_as_current_span("in child") as span:
            pass
        found = recording.metrics()
        return {
            "started": engine.spans_started,
            "ids": [f"{part:x}" for part in span.get_span_context()[:2]],
            "spans": [(one["name"], one["resource"][0]["service.name"][1]) for one in recording.spans()],
            "counter": sorted(point["value"][1] for point in found["c"]["points"]),
            "histogram": [found["h"]["points"][0]["count"], found["h"]["points"][0]["sum"]],
            "resource": found["c"]["resource"][0]["service.name"][1],
        }

    answers = [in_child(work) for _ in range(2)]
    for answer in answers:
        ids = answer.pop("ids")
        assert answer == {
            "started": 1,
            "spans": [["in child", "child"]],
            "counter": [1, 1],
            "histogram": [1, 1],
            "resource": "child",
        }
        assert ids
    assert sorted(point["value"][1] for point in recording.metrics()["c"]["points"]) == [100, 100]


def test_children_draw_ids_of_their_own(recording: Recording) -> None:
    def work() -> Any:
        recording.engine.reset_after_fork(Resource({}))
        with recording.tracer.start_as_current_span("s") as span:
            return f"{span.get_span_context().trace_id:x}"

    assert len({in_child(work) for _ in range(4)}) == 4


def test_a_span_open_at_the_fork_is_the_parents(recording: Recording) -> None:
    with recording.tracer.start_as_current_span("open") as span:

        def work() -> Any:
            recording.engine.reset_after_fork(Resource({"service.name": "child"}))
            with recording.tracer.start_as_current_span("below"):
                pass
            span.end()
            return [(one["name"], one["trace"]) for one in recording.spans()]

        assert in_child(work) == [["below", "below"]]
    assert [one["name"] for one in recording.spans()] == ["open"]


def test_forks_while_other_threads_record(recording: Recording) -> None:
    counter = recording.meter.create_counter("c")
    stop = threading.Event()

    def record() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            counter.add(1, {"n": str(number % 500)})
            with recording.tracer.start_as_current_span("busy", attributes={"n": number}) as span:
                span.add_event("e")
            if len(recording.ended) > 100:
                recording.ended.clear()

    threads = [threading.Thread(target=record) for _ in range(3)]
    for thread in threads:
        thread.start()

    def work() -> Any:
        recording.engine.reset_after_fork(Resource({"service.name": "child"}))
        recording.ended.clear()
        for number in range(600):
            counter.add(1, {"n": str(number), "child": True})
        recording.engine.meter_provider.get_meter("new").create_counter("new").add(1)
        with recording.engine.tracer_provider.get_tracer("new").start_as_current_span("s"):
            pass
        found = recording.metrics()
        return sum(point["value"][1] for point in found["c"]["points"] if "child" in point["attributes"])

    try:
        assert [in_child(work) for _ in range(5)] == [600] * 5
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@pytest.mark.parametrize("name", ENGINES)
def test_a_child_counts_overflows_and_refused_attributes_from_zero(name: str) -> None:
    recording = Recording(name, None, Limits(series=1))
    counter = recording.meter.create_counter("c")
    for number in range(3):
        counter.add(1, {"n": number, "order_id": number})
    assert (recording.engine.overflows, recording.engine.attributes_refused) == (2, 3)
    recording.engine.reset_after_fork(Resource({}))
    assert (recording.engine.overflows, recording.engine.attributes_refused) == (0, 0)
