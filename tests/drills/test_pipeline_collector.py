"""The collector is stopped and killed at full load, with queues that are empty and queues that are not."""

from __future__ import annotations

import signal

import pytest

from testbed.stack import LiveStack
from tests.support.faults import FaultTable, load, struck
from tests.support.ledger import delivered_spans
from tests.support.waiting import eventually


@pytest.fixture
def times(long_profile: bool) -> int:
    """How often the collector falls."""
    return 20 if long_profile else 3


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
@pytest.mark.parametrize("queues", ["empty", "filled"])
def test_at_full_load(
    fresh: LiveStack, times: int, faults: FaultTable, number: signal.Signals, queues: str
) -> None:
    backends = ("tempo", "prometheus") if queues == "filled" else ()
    # Before the load, because a Tempo that stops under load may take a request with it (docs/delivery.md).
    for part in backends:
        fresh.call(fresh.supervisor.hold(part))
    with load(fresh, "full", pause=0) as running:
        for _ in range(times):
            running.flows()
            struck(fresh, "collector", number)
        running.flows()
        for part in backends:
            fresh.call(fresh.supervisor.resume(part))
    delivery = running.settle()
    how = "stopped" if number == signal.SIGTERM else "killed"
    spans = (
        sum(len(receipts) for receipts in running.sender.acknowledged[:1]) * running.sender.sources[0].items
    )
    # Tempo's own count begins anew when it was held, and then has seen nothing else.
    again = delivered_spans(fresh) - spans
    faults.add(
        f"collector {how} {times} times, queues {queues}", delivery, f"{max(0, again):,} spans came twice"
    )
    assert delivery.missing == 0, delivery


def test_what_it_breaks_off_as_it_stops_is_no_loss(fresh: LiveStack) -> None:
    """It counts that as failed, while it is in the queue on disk: nobody is woken for it."""
    fresh.call(fresh.supervisor.hold("tempo"))
    with load(fresh, "stopped", points=0) as running:
        running.flows(20)
        struck(fresh, "collector", signal.SIGTERM)
        broken_off = (
            'last_over_time(otelcol_exporter_send_failed_spans_total{error_type="Shutdown"}[15m]) > 0'
        )
        assert eventually(lambda: fresh.query(broken_off), within=60)
        fresh.call(fresh.supervisor.resume("tempo"))
        running.flows()
    delivery = running.settle()
    assert delivery.missing == 0, delivery
    assert not fresh.query('count_over_time(ALERTS{alertname="CollectorLosing"}[15m])')
