"""What services changed just before a moment: processes that started, and versions that did not run until then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from ..prometheus import PrometheusClient
from .answer import Change
from .calls import selector

#: Seconds before a moment in which a change counts.
_BEFORE = 900
#: Seconds after it in which a process that had started before may give its first sign of life: an export, and a little.
_FIRST_SIGN = 15.0
#: Seconds between the first signs of life of processes that start together, at most.
_TOGETHER = 60.0


@dataclass(frozen=True)
class Life:
    """A process.

    Attributes:
        first: Its first sign of life of those that are looked at, in seconds since the epoch.
    """

    service: str
    version: str
    first: float


def read_changes(metrics: PrometheusClient, environment: str, since: float, now: float) -> tuple[Change, ...]:
    """What changed in the quarter of an hour before a moment.

    Args:
        metrics: Prometheus.
        environment: Of this deployment alone; of all where it is empty.
        since: The moment, in seconds since the epoch.
        now: The present.

    Raises:
        PrometheusError: Prometheus cannot be asked.
    """
    at = min(now, since + 4 * _FIRST_SIGN)
    series = f"botobs_service_heartbeat_timestamp_seconds{selector(environment)}"
    beats = f"{series}[{at - since + _BEFORE:.0f}s]"
    found = metrics.samples(
        f"min by (service_name, service_version, service_instance_id) (min_over_time({beats}))", at
    )
    lives = (
        Life(each.labels.get("service_name", ""), each.labels.get("service_version", ""), each.value)
        for each in found
    )
    return changes(lives, since)


def changes(lives: Iterable[Life], since: float) -> tuple[Change, ...]:
    """The changes of these processes until a moment. When a whole service starts, that is none."""
    by_service: defaultdict[str, list[Life]] = defaultdict(list)
    for life in lives:
        if life.service and life.first <= since + _FIRST_SIGN:
            by_service[life.service].append(life)
    found = []
    for service, known in sorted(by_service.items()):
        begin = min(life.first for life in known) + _TOGETHER
        new = [life for life in known if life.first > begin]
        if new:
            before = {life.version for life in known if life.first <= begin}
            versions = sorted({life.version for life in new} - before - {""})
            found.append(Change(service, len(new), tuple(versions), min(life.first for life in new)))
    return tuple(found)
