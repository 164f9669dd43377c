"""What drills do to a running stack, and the load that runs meanwhile."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from testbed.otlp_load import Points, Source, Spans
from testbed.sender import Sender
from testbed.stack import LiveStack
from tests.support.ledger import Delivery, wait_for_all
from tests.support.soak import anonymous
from tests.support.waiting import eventually

#: Spans of a request; the SDK's batches are half as large.
SPANS = 500


@dataclass
class Load:
    """Spans and points that are being sent to a stack.

    Attributes:
        sender: Of all of them.
    """

    live: LiveStack
    sender: Sender

    def settle(self, within: float = 180) -> Delivery:
        """The ledger of all that was acknowledged, once the queues are sent."""
        return wait_for_all(self.live, self.sender, within)

    def drained(self) -> Delivery:
        """The ledger as soon as the queues are empty, where a loss is expected."""
        ended = time.time()
        empty = f"max(otelcol_exporter_queue_size) == 0 and min(timestamp(otelcol_exporter_queue_size)) > {ended + 2}"
        assert eventually(lambda: self.live.query(empty), within=180), "the queues are not sent"
        # What has left the queue is found a moment later.
        return wait_for_all(self.live, self.sender, 5)

    def flows(self, requests: int = 5) -> None:
        """Wait until so many requests more have been acknowledged."""
        target = self.acknowledged + requests
        assert eventually(lambda: self.acknowledged >= target, within=120), "nothing is acknowledged any more"

    @property
    def acknowledged(self) -> int:
        """Requests acknowledged so far."""
        return sum(map(len, self.sender.acknowledged))


@contextmanager
def load(live: LiveStack, name: str, pause: float = 0.05, spans: int = 1, points: int = 1) -> Iterator[Load]:
    """Send for the length of a block.

    Args:
        live: Where to.
        name: Part of the services' names.
        pause: Seconds between two requests of a connection; 0 is full load.
        spans: Connections that send spans.
        points: Connections that send points.
    """
    sources: list[Source] = [
        *(Spans(f"{name}-spans-{number}", SPANS) for number in range(spans)),
        *(Points(f"{name}-points-{number}") for number in range(points)),
    ]
    with Sender(live.stack.addresses["collector"], live.home.secrets, sources, pause) as sender:
        running = Load(live, sender)
        running.flows()
        yield running


@contextmanager
def held(live: LiveStack, part: str) -> Iterator[None]:
    """Have a part stopped for the length of a block."""
    live.call(live.supervisor.hold(part))
    try:
        yield
    finally:
        live.call(live.supervisor.resume(part))


def struck(live: LiveStack, part: str, number: signal.Signals = signal.SIGKILL) -> None:
    """Send a signal to a part, and wait until the supervisor has it running again."""
    before = live.supervisor.status[part].restarts
    live.call(live.supervisor.kill(part, number))

    def back() -> bool:
        status = live.supervisor.status[part]
        return status.restarts > before and status.state == "ready"

    assert eventually(back, within=180), f"{part} did not come back"


def queue_files(live: LiveStack) -> dict[str, int]:
    """Sizes in bytes of the files in the collector's folder of queues."""
    folder = live.home.data / "collector" / "queue"
    return {entry.name: entry.stat().st_size for entry in os.scandir(folder) if entry.is_file()}


def resident(live: LiveStack, part: str = "collector") -> int:
    """Bytes of memory that a part's process has resident, file pages excluded."""
    pid = live.supervisor.status[part].pid
    assert pid is not None, f"{part} does not run"
    return anonymous(pid)


@dataclass
class FaultTable:
    """Rows of fault, acknowledged and missing, for the end of a run.

    Attributes:
        rows: As they are printed.
        record: Pytest's `record_property` of the test that runs.
    """

    record: Callable[[str, object], None]
    rows: list[str] = field(default_factory=list)

    def add(self, fault: str, delivery: Delivery, remark: str = "") -> None:
        """Add the row of a fault to what is printed, and to the figures of the test."""
        self.record(fault, f"{delivery.acknowledged} acknowledged, {delivery.missing} missing")
        self.rows.append(f"{fault:58} {delivery.acknowledged:>12,} {delivery.missing:>9,}  {remark}")


def pause(seconds: float) -> None:
    """Let a fault last; how long is what the drill is about."""
    time.sleep(seconds)
