"""Counts what a session has received, for its summary."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from typing import Any

from ..embedded import otlp
from .notes import Note


class Tally:
    """What was received so far; `take` is called by the threads of connections."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.spans = 0
        self.failed = 0
        self.log_records = 0
        self.metric_requests = 0
        self.orders: Counter[str] = Counter()
        self.services: set[str] = set()
        self.slowest: Note | None = None

    def take(self, signal: str, request: Any, notes: Iterable[Note]) -> None:
        """Count a request and what was worth a line in it."""
        with self._lock:
            if signal == "traces":
                for resource, span in otlp.spans(request):
                    self.spans += 1
                    self.failed += span.status.code == span.status.STATUS_CODE_ERROR
                    self.services.add(str(resource.get("service.name", "unknown")))
            elif signal == "logs":
                self.log_records += sum(1 for _ in otlp.log_records(request))
            else:
                self.metric_requests += 1
            for note in notes:
                if note.kind == "order" and note.duration is not None:
                    self.orders[note.outcome] += 1
                    if self.slowest is None or note.duration > (self.slowest.duration or 0.0):
                        self.slowest = note

    @property
    def empty(self) -> bool:
        """Whether nothing was received."""
        return not (self.spans or self.log_records or self.metric_requests)

    def as_json(self) -> dict[str, Any]:
        """The counts as JSON."""
        return {
            "spans": self.spans,
            "failed": self.failed,
            "log_records": self.log_records,
            "orders": dict(self.orders),
            "services": sorted(self.services),
            "slowest_order": self.slowest and self.slowest.as_json(),
        }

    def sentence(self) -> str:
        """The counts as a sentence."""
        parts = [f"{self.spans} spans ({self.failed} failed)"]
        if self.log_records:
            parts.append(f"{self.log_records} log records")
        by_outcome = ", ".join(f"{count} {outcome}" for outcome, count in sorted(self.orders.items()))
        parts.append(f"orders: {by_outcome or 'none'}")
        return "; ".join(parts)
