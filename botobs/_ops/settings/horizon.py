"""One setting, `BOTOBS_HORIZON`: the longest outage of a store after which nothing is missing.

What has to last as long is derived from it: the collector's queues by what services send, the disk by the queues. What
somebody has set is checked against it instead, because a queue that is filled sooner, or a store that forgets sooner,
would break the promise in silence. The windows for late data are the horizon itself, in the configuration files.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..._sdk import units
from ..errors import StackError

DEFAULT = "24h"
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
        default_rate: What that is when nobody says.
    """

    size: str
    rate: str
    default_rate: int


# As botobs/_ops/sizing/measured.json has it, a span takes some 350 bytes of a queue and a point some 85: a service
# with an exchange, one without, and thirty bots with a turn every two seconds send 110 spans and 400 points a second.
TRACES = Queue("BOTOBS_COLLECTOR_TRACES_QUEUE_BYTES", "BOTOBS_TRACES_BYTES_PER_SECOND", 40_000)
METRICS = Queue("BOTOBS_COLLECTOR_METRICS_QUEUE_BYTES", "BOTOBS_METRICS_BYTES_PER_SECOND", 35_000)
#: What must not forget before the horizon: its setting, its default, and how long what is too old still lies there.
_RETENTIONS = (
    ("BOTOBS_PROMETHEUS_RETENTION", "15d"),
    ("BOTOBS_TEMPO_RETENTION", "336h"),
    ("BOTOBS_MIMIR_RETENTION", "400d"),
)

_STORE = "BOTOBS_PROMETHEUS_RETENTION_SIZE"


@dataclass(frozen=True)
class Plan:
    """What follows from the horizon.

    Attributes:
        seconds: The horizon.
        variables: Settings that it decides.
        queue_disk: Bytes that the collector's queues may take on disk.
        store_disk: Bytes that Prometheus may take on disk.
    """

    seconds: float
    variables: Mapping[str, str]
    queue_disk: int
    store_disk: int


def plan(values: Mapping[str, str], mimir: bool = False) -> Plan:
    """Derive what follows from the horizon, and check what has been set against it.

    Args:
        values: The configuration's variables.
        mimir: Whether points wait in a second queue, for the long-term store.

    Raises:
        StackError: A setting cannot be read, or does not agree with the horizon.
    """
    text = values.get("BOTOBS_HORIZON") or DEFAULT
    seconds = length_of_time("BOTOBS_HORIZON", text)
    if seconds < _SHORTEST:
        raise StackError(f"BOTOBS_HORIZON={text} is shorter than a restart of a store may take: at least 10m")
    for variable, default in _RETENTIONS:
        _check_retention(variable, values.get(variable) or default, text, seconds)
    _check_spool(values, text, seconds)
    _check_thresholds(values)
    sizes = {queue.size: _queue_bytes(queue, values, text, seconds) for queue in (TRACES, METRICS)}
    copies = sizes[METRICS.size] * (2 if mimir else 1)
    return Plan(
        seconds,
        {name: str(size) for name, size in sizes.items()} | _as_programs_read_it(values),
        int((sizes[TRACES.size] + copies) * _OVERHEAD),
        bytes_of(
            "BOTOBS_PROMETHEUS_RETENTION_SIZE", values.get("BOTOBS_PROMETHEUS_RETENTION_SIZE") or "20GiB"
        ),
    )


def _as_programs_read_it(values: Mapping[str, str]) -> dict[str, str]:
    """What somebody has set, in units that every program of the stack has: Go knows no days, Prometheus' GB is 2^30."""
    times = ("BOTOBS_HORIZON", *(name for name, _ in _RETENTIONS))
    found = {name: units.duration(length_of_time(name, values[name])) for name in times if values.get(name)}
    if text := values.get(_STORE):
        found[_STORE] = f"{bytes_of(_STORE, text)}B"
    return {name: text for name, text in found.items() if text != values[name]}


def check_disk(made: Plan, data: Path) -> list[str]:
    """See whether the disk has room for an outage as long as the horizon.

    Args:
        made: What follows from the horizon.
        data: The folder of the parts' data.

    Returns:
        What a person should know, though it is in nobody's way yet.

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


def _check_retention(variable: str, text: str, horizon: str, seconds: float) -> None:
    if length_of_time(variable, text) <= seconds:
        raise StackError(
            f"{variable}={text} is not longer than BOTOBS_HORIZON={horizon}: what comes late would be deleted at once"
        )


def _check_spool(values: Mapping[str, str], horizon: str, seconds: float) -> None:
    text = values.get("BOTOBS_SPOOL_AGE")
    if text and float(length_of_time("BOTOBS_SPOOL_AGE", text)) > seconds:
        raise StackError(
            f"BOTOBS_SPOOL_AGE={text} is longer than BOTOBS_HORIZON={horizon}: services would keep what is then refused"
        )


def _check_thresholds(values: Mapping[str, str]) -> None:
    """The alerts on a filling queue come in their order, and before it is full."""
    names = ("BOTOBS_THRESHOLD_QUEUE_WARNING_RATIO", "BOTOBS_THRESHOLD_QUEUE_CRITICAL_RATIO")
    warning, critical = (
        _ratio(name, values.get(name) or default) for name, default in zip(names, ("0.5", "0.8"), strict=True)
    )
    if not warning < critical:
        raise StackError(f"{names[0]}={warning:g} must be below {names[1]}={critical:g}")


def _ratio(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1:
        raise StackError(f"{name}={text!r} is no part of a whole: a number between 0 and 1")
    return value


def _queue_bytes(queue: Queue, values: Mapping[str, str], horizon: str, seconds: float) -> int:
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
            f"sooner than BOTOBS_HORIZON={horizon}",
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
