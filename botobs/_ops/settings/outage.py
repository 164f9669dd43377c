"""One setting, `BOTOBS_HORIZON`: the maximum outage of a store after which nothing is missing.

What has to last as long is derived from it: the collector's queues by what services send, the disk by the queues. What
somebody has set is checked against it instead, because a queue that is filled sooner, or a store that forgets sooner,
would break the promise in silence. The windows for late data are the maximum outage itself, in the configuration files.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..._sdk import units
from ..errors import StackError
from .table import TABLE

#: Below this a restart of a store would already be an outage.
_SHORTEST = 10 * 60.0
#: What a queue's file takes beyond its content: pages that are half full, and the copy while it is compacted.
_OVERHEAD = 1.25
#: The largest request that the collector takes; it has to fit into a queue as a whole.
_LARGEST_REQUEST = 16 * 2**20


@dataclass(frozen=True)
class Queue:
    """A kind of the collector's queues.

    Attributes:
        size: The setting of its bytes.
        rate: The setting of the bytes that come for it in a second, on average.
        default_rate: The default of that setting.
    """

    size: str
    rate: str
    default_rate: int


# As botobs/_ops/sizing/measured.json has it, a span takes some 350 bytes of a queue and a point some 85: a service
# with an exchange, one without, and thirty bots with a turn every two seconds send 110 spans and 400 points a second.
TRACES = Queue("BOTOBS_COLLECTOR_TRACES_QUEUE_BYTES", "BOTOBS_TRACES_BYTES_PER_SECOND", 40_000)
METRICS = Queue("BOTOBS_COLLECTOR_METRICS_QUEUE_BYTES", "BOTOBS_METRICS_BYTES_PER_SECOND", 35_000)
#: What must not forget before it is over.
_RETENTIONS = ("BOTOBS_PROMETHEUS_RETENTION", "BOTOBS_TEMPO_RETENTION", "BOTOBS_MIMIR_RETENTION")
_STORE = "BOTOBS_PROMETHEUS_RETENTION_SIZE"


@dataclass(frozen=True)
class Plan:
    """The sizes derived from the maximum outage.

    Attributes:
        seconds: The maximum outage.
        variables: Settings that it decides.
        queue_disk: Bytes that the collector's queues may take on disk.
        store_disk: Bytes that Prometheus may take on disk.
    """

    seconds: float
    variables: Mapping[str, str]
    queue_disk: int
    store_disk: int


def plan(values: Mapping[str, str], mimir: bool = False) -> Plan:
    """Derive sizes from the maximum outage, and check the settings against them.

    Args:
        values: The configuration's variables.
        mimir: Whether points wait in a second queue, for the long-term store.

    Raises:
        StackError: A setting cannot be read, or does not agree with the maximum outage.
    """
    text = _given(values, "BOTOBS_HORIZON")
    seconds = length_of_time("BOTOBS_HORIZON", text)
    if seconds < _SHORTEST:
        raise StackError(f"BOTOBS_HORIZON={text} is shorter than a restart of a store may take: at least 10m")
    for variable in _RETENTIONS:
        _check_retention(variable, _given(values, variable), text, seconds)
    _check_spool(values, text, seconds)
    sizes = {queue.size: _queue_bytes(queue, values, text, seconds) for queue in (TRACES, METRICS)}
    copies = sizes[METRICS.size] * (2 if mimir else 1)
    return Plan(
        seconds,
        {name: str(size) for name, size in sizes.items()},
        int((sizes[TRACES.size] + copies) * _OVERHEAD),
        bytes_of(_STORE, _given(values, _STORE)),
    )


def _given(values: Mapping[str, str], name: str) -> str:
    return values.get(name) or TABLE[name].default


def check_disk(made: Plan, data: Path) -> list[str]:
    """See whether the disk has room for the maximum outage.

    Args:
        made: The sizes derived from the maximum outage.
        data: The folder of the components' data.

    Returns:
        Warnings for the operator; empty where there is room enough.

    Raises:
        StackError: The queues would find no room.
    """
    free = shutil.disk_usage(data).free
    queues = max(0, made.queue_disk - _used(data / "collector" / "queue"))
    if free < queues:
        longest = made.seconds * free / queues / 3600
        raise StackError(
            f"an outage as long as BOTOBS_HORIZON needs {_gigabytes(queues)} for the collector's queues, and "
            f"{_gigabytes(free)} are free where {data} is",
            f"Free some, or promise less: there is room for a BOTOBS_HORIZON of {int(longest)}h. What services send "
            f"in a second is estimated; say it with {TRACES.rate} and {METRICS.rate}.",
        )
    store = max(0, made.store_disk - _used(data / "prometheus"))
    if free < queues + store:
        return [
            f"{_gigabytes(free)} are free where {data} is; the collector's queues may take {_gigabytes(queues)} and "
            f"Prometheus {_gigabytes(store)} more (BOTOBS_PROMETHEUS_RETENTION_SIZE)"
        ]
    return []


def _check_retention(variable: str, text: str, longest: str, seconds: float) -> None:
    if length_of_time(variable, text) <= seconds:
        raise StackError(
            f"{variable}={text} is not longer than BOTOBS_HORIZON={longest}: what comes late would be deleted at once"
        )


def _check_spool(values: Mapping[str, str], longest: str, seconds: float) -> None:
    text = values.get("BOTOBS_SPOOL_AGE")
    if text and float(length_of_time("BOTOBS_SPOOL_AGE", text)) > seconds:
        raise StackError(
            f"BOTOBS_SPOOL_AGE={text} is longer than BOTOBS_HORIZON={longest}: services would keep what is then refused"
        )


def _queue_bytes(queue: Queue, values: Mapping[str, str], longest: str, seconds: float) -> int:
    given_size, given_rate = values.get(queue.size), values.get(queue.rate)
    rate = bytes_of(queue.rate, given_rate) if given_rate else queue.default_rate
    if not given_size:
        return max(_LARGEST_REQUEST, int(rate * seconds))
    size = bytes_of(queue.size, given_size)
    if size < _LARGEST_REQUEST:
        raise StackError(
            f"{queue.size}={given_size} is less than the largest request, {_LARGEST_REQUEST}, that must fit"
        )
    if given_rate and size < rate * seconds:
        raise StackError(
            f"{queue.size}={given_size} is filled after {size / rate / 3600:.1f} h at {queue.rate}={given_rate}, "
            f"sooner than BOTOBS_HORIZON={longest}",
            f"Leave {queue.size} unset to have it derived, which gives {int(rate * seconds)}.",
        )
    return size


def length_of_time(name: str, text: str) -> float:
    """Seconds of a length of time; see `units.seconds`.

    Args:
        name: Of the setting, for the error.

    Raises:
        StackError: It is none.
    """
    try:
        return units.seconds(text)
    except units.UnitError as error:
        raise StackError(f"{name}={error}") from error


def bytes_of(name: str, text: str) -> int:
    """Bytes of a size above 0; see `units.size`.

    Args:
        name: Of the setting, for the error.

    Raises:
        StackError: It is none.
    """
    try:
        found = units.size(text)
    except units.UnitError as error:
        raise StackError(f"{name}={error}") from error
    if not found:
        raise StackError(f"{name}={text!r} must be {units.SIZE}, above 0")
    return found


def _used(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _gigabytes(number: float) -> str:
    return f"{number / 2**30:.1f} GiB"
