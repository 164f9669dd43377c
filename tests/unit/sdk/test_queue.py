"""When not all can be kept, what matters least goes first, and each loss is counted."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.trace import Status, StatusCode

from botobs._sdk.export.counts import Counts
from botobs._sdk.export.priority import PRIORITIES, Priority, priority_of
from botobs._sdk.export.queue import SpanQueue


@dataclass
class Span:
    name: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    status: Status = field(default_factory=Status)


@pytest.mark.parametrize(
    ("span", "priority"),
    [
        (Span("create_order binance", {"exchange.operation": "create_order"}), Priority.CRITICAL),
        (Span("cancel_order okx", {"exchange.operation": "cancel_order"}), Priority.CRITICAL),
        (Span("POST /orders"), Priority.CRITICAL),
        (Span("order fill"), Priority.CRITICAL),
        (Span("anything", {"exchange.order.client_id": "b-1"}), Priority.CRITICAL),
        (Span("fetch_ticker binance", status=Status(StatusCode.ERROR)), Priority.CRITICAL),
        (Span("fetch_ticker binance", {"exchange.operation": "fetch_ticker"}), Priority.BULK),
        (Span("fetch_order_book binance", {"exchange.operation": "fetch_order_book"}), Priority.BULK),
        (Span("fetch_order binance", {"exchange.operation": "fetch_order"}), Priority.BULK),
        (Span("watch_trades okx", {"exchange.operation": "watch_trades"}), Priority.BULK),
        (Span("tick"), Priority.BULK),
        (Span("SELECT bots"), Priority.NORMAL),
    ],
)
def test_priorities(span: Span, priority: Priority) -> None:
    assert priority_of(span) is priority


def test_the_least_important_goes_first_and_the_oldest_of_it() -> None:
    counts = Counts()
    queue = SpanQueue(100, counts)
    for number, priority in enumerate(
        (Priority.BULK, Priority.CRITICAL, Priority.NORMAL, Priority.BULK, Priority.NORMAL)
    ):
        queue.put(number, priority, 20)
    queue.put(5, Priority.CRITICAL, 30)
    assert counts.dropped["traces", "bulk", "queue_full"] == 2
    queue.put(6, Priority.BULK, 40)
    assert counts.dropped["traces", "bulk", "queue_full"] == 3
    queue.put(7, Priority.CRITICAL, 40)
    assert counts.dropped["traces", "normal", "queue_full"] == 2
    assert queue.take(10) == (Priority.CRITICAL, [1, 5, 7])
    assert queue.take(10) is None
    assert queue.bytes == 0


def test_a_span_larger_than_the_queue_is_dropped_alone() -> None:
    counts = Counts()
    queue = SpanQueue(100, counts)
    queue.put("small", Priority.BULK, 50)
    queue.put("large", Priority.CRITICAL, 101)
    assert queue.take(10) == (Priority.BULK, ["small"])
    assert counts.dropped["traces", "critical", "queue_full"] == 1


def test_a_put_that_interrupts_another_on_its_own_thread_goes_through() -> None:
    counts = Counts()
    queue = SpanQueue(100, counts)

    class Interrupting(int):
        """A size in whose addition a finalizer or a signal handler seems to run."""

        def __radd__(self, other: int) -> int:
            queue.put("interrupting", Priority.NORMAL, 10)
            return other + int(self)

    def put() -> None:
        queue.put("interrupted", Priority.NORMAL, Interrupting(10))

    thread = threading.Thread(target=put, daemon=True)
    thread.start()
    thread.join(30)
    assert not thread.is_alive(), "deadlock"
    taken = queue.take(10)
    assert taken is not None
    assert {"interrupting", "interrupted"} == set(taken[1])


@given(st.lists(st.tuples(st.sampled_from(PRIORITIES), st.integers(1, 60))))
def test_every_span_is_held_or_counted_within_the_bound(puts: list[tuple[Priority, int]]) -> None:
    counts = Counts()
    queue = SpanQueue(100, counts)
    for number, (priority, size) in enumerate(puts):
        queue.put(number, priority, size)
        assert 0 <= queue.bytes <= 100
    assert len(queue) + counts.dropped.total() == len(puts)
    order = []
    while (taken := queue.take(1)) is not None:
        order.append((PRIORITIES.index(taken[0]), taken[1][0]))
    assert order == sorted(order)
    assert queue.bytes == 0


def test_many_threads_lose_no_count() -> None:
    counts = Counts()
    queue = SpanQueue(1000, counts)

    def fill() -> None:
        for number in range(2000):
            queue.put(number, PRIORITIES[number % 3], 7)

    threads = [threading.Thread(target=fill) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(queue) + counts.dropped.total() == 8000
    assert queue.bytes == 7 * len(queue)
