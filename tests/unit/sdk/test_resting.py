"""A process that has nothing to send wakes up seldom, and sends what comes then as soon as any other."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import botobs
from botobs._sdk.export import submissions
from botobs._sdk.export.destination import stack_at
from botobs._sdk.export.inbox import Inbox, Request
from botobs._sdk.export.journal_file import JournalFile
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


@pytest.mark.skipif(sys.platform == "win32", reason="the journal's file needs the file locks of POSIX")
@pytest.mark.parametrize("stack_looks", [False, True])
def test_beside_another_that_may_die(
    init: Init, waits: list[float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stack_looks: bool
) -> None:
    """Its death is to be known at once; a stack on this machine looks by itself."""
    other = JournalFile(tmp_path)
    if stack_looks:
        monkeypatch.setattr(submissions, "destination", lambda _: stack_at("/home"))
    handle = init(span_interval=0.01, metric_interval=3600, spool_dir=tmp_path)
    assert handle.flush()
    eventually(lambda: len(waits) > 3 and waits[-1] > 0.5)
    assert all(each <= 1.0 for each in waits[3:]) is not stack_looks
    other.close(keep=False)


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
