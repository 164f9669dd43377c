"""Hands what the embedded store has over to a collector, request by request, each once."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from ..._sdk.export.sender import Outcome, Sender
from ..._sdk.settings import Settings
from .store import Store

#: Seconds that one request may take, and between two tries.
_TIMEOUT, _PAUSE = 10.0, 1.0


@dataclass
class Progress:
    """What has been handed over.

    Attributes:
        delivered: Requests that the collector has acknowledged.
        rejected: Those that it will never take.
        too_old: Requests of metrics that are older than what the stores take.
        problem: Why it does not go on at the moment, for a person; empty while it does.
    """

    delivered: int = 0
    rejected: int = 0
    too_old: int = 0
    problem: str = ""

    @property
    def done(self) -> int:
        """Requests that are dealt with."""
        return self.delivered + self.rejected + self.too_old


def hand_over(
    store: Store, settings: Settings, horizon: float, progress: Progress, stop: threading.Event
) -> None:
    """Send every request that waits, the oldest first, until none is left or `stop` is set.

    A request is noted as delivered once the collector has acknowledged it. If this process is killed between the two,
    that one request is sent again.

    Args:
        store: What is handed over.
        settings: The way to the collector.
        horizon: Maximum outage: seconds for which stores accept late samples.
        progress: Counts what is done.
        stop: Ends it.
    """
    sender = Sender(settings)
    try:
        while not stop.is_set() and (waiting := store.next_waiting()) is not None:
            if waiting.signal == "metrics" and time.time() - waiting.received > horizon:
                store.settle(waiting, "too old")
                progress.too_old += 1
                continue
            response = sender.send(waiting.signal, waiting.body, _TIMEOUT)
            if response.outcome is Outcome.FAILED:
                progress.problem = response.detail
                stop.wait(response.retry_after or _PAUSE)
                continue
            progress.problem = ""
            if response.outcome is Outcome.DELIVERED:
                store.settle(waiting, "delivered")
                progress.delivered += 1
            else:
                store.settle(waiting, "rejected")
                progress.rejected += 1
    finally:
        sender.close()
