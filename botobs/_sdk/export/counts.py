"""Counters of the export and the heartbeat, and the metrics that show them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from itertools import product

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from ...semconv import Metric, sdk
from .priority import PRIORITIES, Priority

SIGNALS = ("traces", "metrics", "logs")
DROP_REASONS = (
    "queue_full",
    "rejected",
    "not_encoded",
    "too_large",
    "spool_full",
    "spool_unreadable",
    "expired",
    "no_endpoint",
    "shutdown",
)
FAILURE_REASONS = (
    "connection",
    "timeout",
    "tls",
    "unauthorized",
    "throttled",
    "unavailable",
    "too_large",
    "rejected",
)


class Counts:
    """Counters of the export. Every series that can occur exists from the start, at zero.

    They are written under the queue's lock or by the export thread alone, and read at each collection.

    Args:
        logs: Whether log records are exported; without them their series are left out.

    Attributes:
        dropped: Dropped items by signal, priority and reason.
        exported: Delivered items by signal.
        failures: Failed requests by signal and reason.
        metric_exports: Metric exports that are done with: the collector has responded, or they are on disk.
    """

    def __init__(self, logs: bool = False) -> None:
        self._signals = SIGNALS if logs else SIGNALS[:2]
        self.reset()

    def reset(self) -> None:
        """Start from zero, as a forked child does."""
        self.dropped: Counter[tuple[str, str, str]] = Counter(
            dict.fromkeys(product(set(self._signals) - {"metrics"}, map(str, PRIORITIES), DROP_REASONS), 0)
            | dict.fromkeys(product(("metrics",), (str(Priority.NORMAL),), DROP_REASONS), 0)
        )
        self.exported: Counter[str] = Counter(dict.fromkeys(self._signals, 0))
        self.failures: Counter[tuple[str, str]] = Counter(
            dict.fromkeys(product(self._signals, FAILURE_REASONS), 0)
        )
        self.metric_exports = 0

    def drop(self, signal: str, priority: Priority, reason: str, items: int = 1) -> None:
        """Count dropped items."""
        self.dropped[signal, priority.value, reason] += items

    def register(self, meter: Meter) -> None:
        """Create the metrics on `meter`."""

        def dropped(_: CallbackOptions) -> Iterable[Observation]:
            for (signal, priority, reason), value in list(self.dropped.items()):
                yield Observation(value, {sdk.SIGNAL: signal, sdk.LANE: priority, sdk.REASON: reason})

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


def observe_reasons(metric: Metric, meter: Meter, counts: Callable[[], Mapping[str, int]]) -> None:
    """Create an observable `metric` on `meter` with one series for each reason in `counts`."""

    def read(_: CallbackOptions) -> Iterable[Observation]:
        return [Observation(value, {sdk.REASON: reason}) for reason, value in counts().items()]

    metric.create(meter, [read])


class Heartbeat:
    """The heartbeat of the service, and its end (the metrics `heartbeat`, `goodbye` and `death`).

    Args:
        reports_clean_stop: Whether this process is able to report a clean stop; see `process.exit`.
    """

    def __init__(self, reports_clean_stop: Callable[[], bool]) -> None:
        self._reports_clean_stop = reports_clean_stop
        self.reset()

    def stop_cleanly(self) -> None:
        """Note that the service stops on purpose, now; the last export carries it."""
        self._stopped_at = time.time()

    def die(self) -> None:
        """Note that the service ends without having wanted to, now; the last export carries it."""
        self._died_at = time.time()

    def reset(self) -> None:
        """Take the end back, as a forked child does."""
        self._stopped_at = self._died_at = 0.0

    def register(self, meter: Meter) -> None:
        """Create the metrics on `meter`."""
        observe(sdk.HEARTBEAT, meter, time.time)
        observe(sdk.GOODBYE, meter, lambda: self._stopped_at)
        observe(sdk.GOODBYE_PROMISED, meter, lambda: int(self._reports_clean_stop()))
        sdk.DEATH.create(meter, [self._death])

    def _death(self, _: CallbackOptions) -> Iterable[Observation]:
        return [Observation(self._died_at)] if self._died_at else []


def observe(metric: Metric, meter: Meter, value: Callable[[], float]) -> None:
    """Create an observable `metric` on `meter` with one series, whose value is read from `value`."""
    metric.create(meter, [lambda _: [Observation(value())]])
