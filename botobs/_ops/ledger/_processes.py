"""What one process has reported of its spans, between two of its reports."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from ._account import Spans

#: Seconds by which a report's counters may be older than the time that it bears.
_BLUR = 0.1
#: Seconds within which the counters of one report bear different times.
_TOGETHER = 0.2

#: Times, in seconds since the epoch, and values of a counter, as they are stored.
Samples = Sequence[tuple[float, float]]


@dataclass
class Process:
    """The counters of one process.

    Attributes:
        older: Whether it has reported before the first of `started`.
        after: When another process of the same name reported last before it, in seconds since the epoch.
    """

    service: str
    instance: str
    started: Samples
    exported: Samples = ()
    dropped: dict[str, Samples] = field(default_factory=dict)
    older: bool = False
    after: float | None = None


@dataclass(frozen=True)
class Reported:
    """What a process has reported within a window that begins and ends with one of its reports.

    Attributes:
        begin: Of the window, in seconds since the epoch; None for before the process.
        end: The same.
        spans: All but what is stored.
    """

    begin: float | None
    end: float
    spans: Spans


def between(process: Process, begin: float, until: float) -> Reported | None:
    """The account of a process from its last report before `begin` to its last before `until`; None without any.

    What was on its way at the end is known from later reports: what is never settled in any of them may be open still.
    """
    times = [time for time, _ in process.started]
    last = bisect_right(times, until) - 1
    first = bisect_right(times, begin) - 1
    if first < 0 and process.older:
        first = 0
    if last < 0 or last <= first:
        return None
    start, end = (times[first] if first >= 0 else None), times[last]
    produced = process.started[last][1] - (process.started[first][1] if first >= 0 else 0)
    latest = times[-1]
    dropped = {
        reason: round(_at(samples, latest) - _at(samples, start))
        for reason, samples in process.dropped.items()
    }
    unsettled = min(_on_their_way(process, time, value) for time, value in process.started[last:])
    rate = produced / max(end - (begin if start is None else start), 1.0)
    return Reported(
        process.after if start is None else start,
        end,
        Spans(
            produced=round(produced),
            dropped={reason: count for reason, count in dropped.items() if count},
            acknowledged=round(_at(process.exported, end) - _at(process.exported, start)),
            unsettled=max(0, round(unsettled)),
            blurred=round(rate * _BLUR),
        ),
    )


def _on_their_way(process: Process, time: float, started: float) -> float:
    return started - _at(process.exported, time) - sum(_at(each, time) for each in process.dropped.values())


def _at(samples: Samples, time: float | None) -> float:
    """The value of a counter that starts at zero with its process."""
    if time is None:
        return 0.0
    place = bisect_right([at for at, _ in samples], time + _TOGETHER)
    return samples[place - 1][1] if place else 0.0


def by_process(
    started: Mapping[tuple[str, str], Samples],
    exported: Mapping[tuple[str, str], Samples],
    dropped: Mapping[tuple[str, str, str], Samples],
    older_ones: set[tuple[str, str]],
) -> list[Process]:
    """The counters put together: by service and instance, those of drops by reason as well."""
    processes = []
    for key, samples in started.items():
        after = None
        for run in _runs(samples):
            begin, end = run[0][0] - _TOGETHER, run[-1][0] + _TOGETHER

            def cut(of: Samples, begin: float = begin, end: float = end) -> Samples:
                return [one for one in of if begin <= one[0] <= end]

            reasons = {name[2]: cut(each) for name, each in dropped.items() if name[:2] == key}
            older = after is None and key in older_ones
            processes.append(Process(*key, run, cut(exported.get(key, ())), reasons, older, after))
            after = run[-1][0]
    return processes


#: A counter that falls so often may still be that of one process after the other.
_RESTARTS = 3
#: Reports within which a counter is back where it was, if it never fell.
_SOON = 2


def are_mixed(samples: Samples) -> bool:
    """Whether the reports of two processes stand among each other, or of one whose clock was set back.

    Then the counter falls again and again, is back above where it was at once, and falls less deep each time. What
    each made cannot be told apart. A process that starts again begins near zero, and needs as long as the one before.
    """
    values = [value for _, value in samples]
    falls = [place for place in range(1, len(values)) if values[place] < values[place - 1]]
    depths = [values[place] for place in falls]
    return (
        len(falls) > _RESTARTS
        and depths == sorted(depths)
        and all(max(values[place : place + _SOON + 1]) >= values[place - 1] for place in falls[:-1])
    )


def is_silent(samples: Samples, until: float, patience: float) -> bool:
    """Whether a process has not reported for so many seconds, and for three times its usual interval."""
    times = [time for time, _ in samples if time <= until]
    if not times:
        return False
    usual = median(b - a for a, b in pairwise(times)) if len(times) > 1 else 0.0
    return until - times[-1] > max(patience, 3 * usual)


def _runs(samples: Samples) -> list[list[tuple[float, float]]]:
    """The reports of each process that bore a name: a counter that falls has started over."""
    runs: list[list[tuple[float, float]]] = []
    for one in samples:
        if runs and one[1] >= runs[-1][-1][1]:
            runs[-1].append(one)
        else:
            runs.append([one])
    return runs
