"""A collector that samples is killed: what it costs, and how old the oldest of it is."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest

from testbed.stack import LiveStack
from tests.support.faults import FaultTable
from tests.support.ledger import Delivery, accounts
from tests.support.otlp_traces import Span, send, stored
from tests.support.reports import Report
from tests.support.reports import send as report
from tests.support.waiting import eventually

#: Seconds that the sampler waits for the rest of a trace.
WAIT = 4.0
#: Seconds after which a batch of traces is decided on that is due, and has been written to the queue.
_PACE = 2.0
#: Polls that are decided on at once, and sent to Tempo together: those of a second.
_BATCH = 50
_POLL = Span("fetch_ticker binance", attributes={"exchange.operation": "fetch_ticker"})
_ORDER = Span("create_order binance", attributes={"exchange.operation": "create_order"})


@pytest.fixture
def sampling() -> Iterator[LiveStack]:
    """A stack that keeps every poll, once it has decided."""
    settings = {
        "BOTOBS_SAMPLING": "on",
        "BOTOBS_SAMPLING_WAIT": f"{WAIT:g}s",
        "BOTOBS_SAMPLING_WAIT_AFTER_ROOT": f"{WAIT:g}s",
        "BOTOBS_SAMPLING_PERCENT": "100",
    }
    with LiveStack(settings) as stack:
        yield stack


def _sent(live: LiveStack, span: Span, seconds: float) -> dict[str, float]:
    """Send traces of one span for a while; when each was acknowledged."""
    receipts: dict[str, float] = {}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        # What is refused or broken off while the collector is away is not acknowledged.
        with suppress(httpx.HTTPError):
            traces = send(live, "polling", *[(span,)] * 2)
            receipts |= dict.fromkeys(traces, time.monotonic())
        time.sleep(0.05)
    return receipts


def test_killed_while_it_waits(
    sampling: LiveStack, faults: FaultTable, capsys: pytest.CaptureFixture[str]
) -> None:
    orders = _sent(sampling, _ORDER, 1)
    receipts = _sent(sampling, _POLL, 3 * WAIT)
    killed = time.monotonic()
    sampling.call(sampling.supervisor.kill("collector", signal.SIGKILL))
    assert eventually(lambda: sampling.supervisor.status["collector"].restarts, within=60)
    last = _sent(sampling, _POLL, 2)
    assert last
    # All that comes after is kept, and is the sign that what came before has been decided on.
    assert eventually(lambda: all(stored(sampling, trace) for trace in last), within=90)
    lost = {trace: at for trace, at in receipts.items() if not stored(sampling, trace)}
    oldest = killed - min(lost.values())
    faults.add(
        f"collector killed while it samples, decision_wait {WAIT:g} s",
        Delivery(len(receipts) + len(last) + len(orders), len(lost)),
        f"polls alone, the oldest {oldest:.1f} s before the kill",
    )
    assert oldest <= WAIT + _PACE
    assert eventually(lambda: all(stored(sampling, trace) for trace in orders), within=60)
    # Nothing is sampled out here, so that all that the ledger does not find is what the kill took.
    sent = len(receipts) + len(last) + len(orders)
    report(sampling, Report("polling", 1, sent, started=sent, at=time.time_ns()))

    def counted() -> bool:
        services = accounts(sampling, capsys)[1]
        assert "polling" in services
        spans = services["polling"]["spans"]
        assert spans["stored"] + spans["sampled_out"] + spans["missing"] == sent
        # A batch that was on its way to Tempo at the kill comes twice, and counts twice.
        return bool(0 <= spans["stored"] - (sent - len(lost)) <= _BATCH)

    assert eventually(counted, within=120), len(lost)
