"""Callbacks of observable instruments that hang, never end or exit cost only their own metrics."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.metrics import Observation

from botobs._sdk.engine import callbacks
from botobs._sdk.engine.faults import FAULTS
from tests.support.waiting import eventually

from .conftest import Recording

pytestmark = pytest.mark.usefixtures("botobs_warns")


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Less patience with callbacks."""
    monkeypatch.setattr(callbacks, "CALLBACK_TIMEOUT", 0.3)


@pytest.mark.usefixtures("hurried")
def test_a_callback_that_hangs_costs_only_its_metric(
    recording: Recording, caplog: pytest.LogCaptureFixture
) -> None:
    let_go = threading.Event()
    asked = itertools.count()

    def hangs(_: Any) -> Any:
        next(asked)
        let_go.wait()
        return [Observation(7)]

    recording.meter.create_observable_gauge("before", [lambda _: [Observation(1)]])
    recording.meter.create_observable_gauge("hangs", [hangs])
    recording.meter.create_observable_gauge("after", [lambda _: [Observation(2)]])
    threads = threading.active_count()
    try:
        for _ in range(5):
            assert set(recording.metrics()) == {"before", "after"}
        assert next(asked) == 1, "it is not asked again while it hangs"
        assert threading.active_count() - threads <= 2
        said = [one.getMessage() for one in caplog.records if "does not return" in one.getMessage()]
        assert said == ["a callback of hangs does not return: it is left out until it does"]
        assert FAULTS.take() == 5
    finally:
        let_go.set()
    eventually(lambda: "hangs" in recording.metrics())
    recording.engine.shutdown()


def test_callbacks_that_never_end_are_bounded(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    # By the number of what they observe, however slow the machine is.
    monkeypatch.setattr(callbacks, "CALLBACK_TIMEOUT", 600.0)
    monkeypatch.setattr(callbacks, "MOST_OBSERVATIONS", 1000)

    def yields_for_ever(_: Any) -> Iterator[Observation]:
        for number in itertools.count():
            yield Observation(number, {"n": number % 5})

    def exits(_: Any) -> Any:
        raise SystemExit

    recording.meter.create_observable_gauge("endless", [yields_for_ever])
    recording.meter.create_observable_gauge("exits", [exits])
    odd: Any = [None, Observation("x"), Observation(2)]  # type: ignore[arg-type]
    recording.meter.create_observable_gauge("good", [lambda _: odd])
    found = recording.metrics()
    assert len(found["endless"]["points"]) == 5
    assert recording.value("good") == 2.0
