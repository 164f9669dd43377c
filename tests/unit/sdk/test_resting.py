"""A process that has nothing to send wakes up seldom, and sends what comes then as soon as any other."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

import botobs
from botobs._sdk.export.inbox import Inbox, Request
from botobs._sdk.export.submissions import LOOK_INTERVAL
from botobs._sdk.orders import UNSETTLED, UnsettledOrder
from testbed.otlp_receiver import OtlpReceiver
from tests.support.waiting import eventually

Init = Callable[..., botobs.Handle]
pytestmark = pytest.mark.parametrize("engine", ["fast"], indirect=True)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that the export thread was ready to wait, one for each time."""
    found: list[float] = []
    wait = Inbox.get

    def get(self: Inbox, timeout: float) -> Request | None:
        found.append(timeout)
        return wait(self, timeout)

    monkeypatch.setattr(Inbox, "get", get)
    return found


def test_nothing_to_send(init: Init, waits: list[float]) -> None:
    handle = init(span_interval=0.01, metric_interval=3600)
    assert handle.flush()
    # Its next turn looks for orders of killed processes; until then there is none.
    eventually(lambda: waits and waits[-1] > LOOK_INTERVAL / 2)


def test_a_span_that_comes_then(init: Init, receiver: OtlpReceiver, waits: list[float]) -> None:
    handle = init(span_interval=0.5, metric_interval=3600)
    assert handle.flush()
    eventually(lambda: waits and waits[-1] > 0.5)
    with botobs.span("late"):
        pass
    eventually(lambda: waits[-1] <= 0.5)
    receiver.wait_for(lambda: any(span.name == "late" for span in receiver.spans))


def test_an_order_of_unknown_outcome(init: Init, waits: list[float]) -> None:
    handle = init(span_interval=0.5, metric_interval=3600)
    assert handle.flush()
    eventually(lambda: waits and waits[-1] > 0.5)
    UNSETTLED.doubt(UnsettledOrder("burst", client_order_id=f"doubted-{time.time_ns()}"))
    eventually(lambda: waits[-1] <= 0.5)
