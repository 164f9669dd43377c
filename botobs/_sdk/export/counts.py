"""What the export counts about itself, and the metrics that show it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import product

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from ...semconv import Metric, sdk
from .lanes import LANES, Lane

SIGNALS = ("traces", "metrics", "logs")
DROP_REASONS = ("queue_full", "rejected", "not_encoded", "spool_full", "expired", "no_endpoint", "shutdown")
FAILURE_REASONS = ("connection", "timeout", "tls", "unauthorized", "throttled", "unavailable", "rejected")


class Counts:
    """Counters of the export. The series that can occur exist from the start, at zero.

    Args:
        logs: Whether log records are exported; without them their series are left out.

    They are written under the queue's lock or by the export thread alone, and read at each collection.

    Attributes:
        metric_exports: Metric exports that need to be sent no more, because they were answered or are on disk.
    """

    def __init__(self, logs: bool = False) -> None:
        self._signals = SIGNALS if logs else SIGNALS[:2]
        self.reset()

    def reset(self) -> None:
        """Start from zero, as a forked child does."""
        self.dropped: Counter[tuple[str, str, str]] = Counter(
            dict.fromkeys(product(set(self._signals) - {"metrics"}, map(str, LANES), DROP_REASONS), 0)
            | dict.fromkeys(product(("metrics",), (str(Lane.NORMAL),), DROP_REASONS), 0)
        )
        self.exported: Counter[str] = Counter(dict.fromkeys(self._signals, 0))
        self.failures: Counter[tuple[str, str]] = Counter(
            dict.fromkeys(product(self._signals, FAILURE_REASONS), 0)
        )
        self.metric_exports = 0

    def drop(self, signal: str, lane: Lane, reason: str, items: int = 1) -> None:
        """Count items that were given up."""
        self.dropped[signal, lane.value, reason] += items

    @property
    def total_dropped(self) -> int:
        """Items given up so far, for whatever reason."""
        return sum(self.dropped.values())

    def register(self, meter: Meter) -> None:
        """Create the metrics on `meter`."""

        def dropped(_: CallbackOptions) -> Iterable[Observation]:
            for (signal, lane, reason), value in list(self.dropped.items()):
                yield Observation(value, {sdk.SIGNAL: signal, sdk.LANE: lane, sdk.REASON: reason})

        def exported(_: CallbackOptions) -> Iterable[Observation]:
            for signal, value in list(self.exported.items()):
                yield Observation(value, {sdk.SIGNAL: signal})

        def failures(_: CallbackOptions) -> Iterable[Observation]:
            for (signal, reason), value in list(self.failures.items()):
                yield Observation(value, {sdk.SIGNAL: signal, sdk.REASON: reason})

        sdk.DROPPED.create(meter, [dropped])
        sdk.EXPORTED.create(meter, [exported])
        observe(sdk.METRIC_EXPORTS, meter, lambda: self.metric_exports + 1)
        sdk.EXPORT_FAILURES.create(meter, [failures])


class Life:
    """The heartbeat of the service, and its goodbye.

    Args:
        promised: Whether an end on purpose is told by a goodbye.
    """

    def __init__(self, promised: Callable[[], bool]) -> None:
        self._promised = promised
        self._goodbye = 0.0

    def say_goodbye(self) -> None:
        """Note that the service ends on purpose; the last export carries it."""
        self._goodbye = time.time()

    def reset(self) -> None:
        """Forget a goodbye, as a forked child does."""
        self._goodbye = 0.0

    def register(self, meter: Meter) -> None:
        """Create the metrics on `meter`."""
        observe(sdk.HEARTBEAT, meter, time.time)
        observe(sdk.GOODBYE, meter, lambda: self._goodbye)
        observe(sdk.GOODBYE_PROMISED, meter, lambda: int(self._promised()))


def observe(metric: Metric, meter: Meter, value: Callable[[], float]) -> None:
    """Create an observable `metric` on `meter` that has one series, read from `value`."""
    metric.create(meter, [lambda _: [Observation(value())]])
