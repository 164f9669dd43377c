"""Marks the time of a drill's fault for the dashboards, by a metric that their annotations read."""

from __future__ import annotations

import threading
import time
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self

import httpx

from ...semconv.drills import DRILL_NAME, RUNNING
from .target import Target

#: Seconds between two points: Prometheus takes a series for ended after five minutes without one.
_EVERY = 10.0
#: Seconds between two attempts.
_AGAIN = 1.0
#: Seconds for which the collector may be away when a drill ends; its own drill lets it come back first.
_PATIENCE = 60.0


class Mark(AbstractContextManager["Mark"]):
    """Says that something is broken, from the beginning of a block until `undone` or its end.

    A drill may take away what carries the mark. So points are kept until the collector has taken them, and each has the
    time at which it was true; the end of the block waits for the last.

    Args:
        target: The stack that is broken.
        drill: Name of the drill.
    """

    def __init__(self, target: Target, drill: str) -> None:
        self._target = target
        self._drill = drill
        self._points: list[dict[str, Any]] = []
        self._over = threading.Event()
        self._worker = threading.Thread(target=self._go_on, daemon=True)

    def __enter__(self) -> Self:
        self._worker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.undone()
        self._worker.join()

    def undone(self) -> None:
        """Record that the fault is repaired."""
        self._over.set()

    def _go_on(self) -> None:
        self._note(1)
        while not self._over.wait(_EVERY if self._sent() else _AGAIN):
            self._note(1)
        self._note(0)
        end = time.monotonic() + _PATIENCE
        while not self._sent() and time.monotonic() < end:
            time.sleep(_AGAIN)

    def _note(self, running: int) -> None:
        attributes = [{"key": DRILL_NAME, "value": {"stringValue": self._drill}}]
        self._points.append(
            {"asInt": str(running), "timeUnixNano": str(time.time_ns()), "attributes": attributes}
        )

    def _sent(self) -> bool:
        metric = {"name": RUNNING.name, "unit": RUNNING.unit, "gauge": {"dataPoints": self._points}}
        try:
            self._target.report(metric)
        except httpx.HTTPError:
            return False
        self._points.clear()
        return True
