"""Additions without a lock lose nothing."""

from __future__ import annotations

import dis
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from botobs._sdk.engine.fast.cells import GaugeCell, HistogramCell, SumCell, UpDownCell
from botobs._sdk.engine.fast.series import Cardinality, Series
from botobs._sdk.redaction import Redactor

from .conftest import Recording

# Where the interpreter may let another thread run, or run other Python code.
_STOPS = ("CALL", "PRECALL", "JUMP_BACKWARD", "RESUME", "YIELD", "SEND", "FOR_ITER")


def stops_between(function: Callable[..., Any], first: str, last: str) -> list[str]:
    """The stops between the first instruction that reads one attribute and the last that writes another."""
    code = list(dis.get_instructions(function))
    begin = next(
        at for at, one in enumerate(code) if one.opname.startswith("LOAD_ATTR") and one.argval == first
    )
    end = max(at for at, one in enumerate(code) if one.opname == "STORE_ATTR" and one.argval == last)
    assert begin < end
    return [one.opname for one in code[begin:end] if one.opname.startswith(_STOPS)]


@pytest.mark.parametrize("cell", [SumCell, UpDownCell])
def test_an_addition_cannot_be_interrupted(cell: type[SumCell]) -> None:
    assert stops_between(cell.add, "value", "value") == []


def test_a_record_cannot_be_interrupted() -> None:
    code = [one.opname for one in dis.get_instructions(HistogramCell.record)]
    assert code.count("STORE_SUBSCR") == 1
    # From the first part that changes to the last.
    assert stops_between(HistogramCell.record, "total", "high") == []


def test_a_snapshot_cannot_be_interrupted() -> None:
    code = [one.opname for one in dis.get_instructions(HistogramCell.snapshot)]
    assert [name for name in code[1:] if name.startswith(_STOPS) and name != "RESUME"] == []


def test_the_check_sees_a_stop() -> None:
    class Careless:
        value = 0

        def add(self, amount: int) -> None:
            self.value = self.value + int(amount)

    assert stops_between(Careless.add, "value", "value")


@pytest.fixture
def hurry() -> Iterator[None]:
    """Let threads change as often as the interpreter can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def in_threads(work: Callable[[], None], threads: int = 6) -> None:
    running = [threading.Thread(target=work) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()


@pytest.mark.usefixtures("hurry")
def test_nothing_is_lost_between_threads() -> None:
    counter, histogram, gauge = SumCell({}), HistogramCell({}, (1.0, 2.0)), GaugeCell({})

    def work() -> None:
        for number in range(20_000):
            counter.add(1)
            histogram.record(number % 3)
            gauge.set(number)

    in_threads(work)
    assert counter.value == 120_000
    counts, total, low, high = histogram.snapshot()
    assert sum(counts) == 120_000
    assert counts == [80_004, 39_996, 0]
    assert (total, low, high) == (6 * sum(number % 3 for number in range(20_000)), 0, 2)
    assert gauge.value == 19_999


@pytest.mark.usefixtures("hurry")
def test_a_collection_never_sees_half_a_record() -> None:
    histogram = HistogramCell({}, (1.0,))
    done = threading.Event()
    torn: list[Any] = []

    def look() -> None:
        while not done.is_set():
            counts, total, *_ = histogram.snapshot()
            if sum(counts) * 2 != total:
                torn.append((counts, total))

    def work() -> None:
        for _ in range(20_000):
            histogram.record(2)

    watcher = threading.Thread(target=look)
    watcher.start()
    in_threads(work, 3)
    done.set()
    watcher.join()
    assert torn == []


@pytest.mark.usefixtures("hurry")
def test_new_series_are_made_once(recording: Any) -> None:
    counter = recording.meter.create_counter("c")

    def work() -> None:
        for number in range(2_000):
            counter.add(1, {"n": str(number % 50)})

    in_threads(work)
    points = recording.metrics()["c"]["points"]
    assert [point["value"] for point in points] == [("as_int", 240)] * 50


def test_a_python_without_the_interpreters_lock_gets_the_stock_engine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert Recording("fast").engine.name == "fast"
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: False, raising=False)
    assert Recording("fast").engine.name == "stock"


def test_a_measurement_may_interrupt_another_of_its_thread() -> None:
    series: Series[SumCell]

    def make(attributes: dict[str, Any]) -> SumCell:
        # As a finalizer would that the garbage collector runs in here.
        if "inner" not in attributes:
            series.find({"inner": True}).add(1)
        return SumCell(attributes)

    series = Series("m", make, Cardinality(10, Redactor()))
    working = threading.Thread(target=lambda: series.find({"outer": 1}).add(1), daemon=True)
    working.start()
    working.join(20)
    assert not working.is_alive()
    assert [cell.value for cell in series.cells()] == [1, 1]
