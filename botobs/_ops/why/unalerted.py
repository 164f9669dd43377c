"""What the table of alerts does not have: what changed, hosts without memory, and what all exchanges have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from .alerts import Alert
from .answer import Change, Evidence, Explanation
from .callers import one_caller
from .calls import below
from .causes import CAUSES, OF_A_VERSION, explains
from .failures import OF_THE_PROGRAM, Most, about_orders, most
from .measured import refused_by_ban
from .subject import Subject

#: Seconds by which a change, or the same alert of another exchange, may be seen later than what goes with it.
_SLACK = 60.0
#: Seconds within which what follows from a restart begins.
_AFTER_A_RESTART = 120.0
#: What it is where an alert is about every exchange at once: more likely ours than that of each of them.
_OURS = {
    "ExchangeDisconnected": ("own network", "our own way to the exchanges is lost, and not the exchanges"),
    "ExchangeClockOffset": ("own clock", "our own clock is wrong, and not those of the exchanges"),
}
#: What processes do that get no memory: they are late, and then they are killed.
_OF_MEMORY = frozenset(
    {
        *("ServiceMemoryGrowth", "OrdersLeftBehind"),
        *CAUSES["ServiceMemoryGrowth"].explains,
        *CAUSES["HostStarved"].explains,
    }
)


def unalerted(subject: Subject, evidence: Evidence, first: Mapping[Alert, float]) -> Iterator[Explanation]:
    """Explanations that no alert follows from by its name alone.

    Args:
        subject: What is asked about.
        evidence: What was measured.
        first: The score of each alert that it can follow from and that nothing that fires explains in turn.
    """
    yield from _bans(subject, evidence)
    yield from _changes(subject, evidence, first)
    yield from _hosts(subject, evidence, first)
    yield from _in_common(subject, evidence, first)
    yield from one_caller(subject, evidence, first)


def _bans(subject: Subject, evidence: Evidence) -> Iterator[Explanation]:
    """A ban behind refusals for the rate of requests: as a rule it is these that lead to it."""
    for alert in subject.alerts:
        refusals = refused_by_ban(alert, evidence.limited)
        for each in evidence.alerts if refusals else ():
            same = each.labels.get("exchange_name") == alert.labels.get("exchange_name")
            if each.name == "ExchangeBanned" and same:
                reason = f"all {refusals:.0f} refusals say that the address is banned"
                yield Explanation(each.name, each.summary, (reason,), 4.0, each.name)


def _changes(subject: Subject, evidence: Evidence, first: Mapping[Alert, float]) -> Iterator[Explanation]:
    # What is wrong with an exchange, a host or the database follows from no version of a service.
    if not about_orders(subject) and OF_A_VERSION.isdisjoint(alert.name for alert in subject.alerts):
        return
    failed = most(subject, evidence)
    service = subject.labels.get("service_name") or _caller(failed)
    called = {call.server for call in below(service, evidence.calls)} if service else set()
    for each in evidence.changes:
        own = each.service == service
        if not each.versions:
            if own and subject.labels.get("service_name") and subject.since - each.at <= _AFTER_A_RESTART:
                yield Explanation("restart", f"{service} has started anew", (_started(each, subject),), 1.5)
            continue
        # Calls that fail for a reason outside of the program speak for no version of it.
        outside = failed is not None and bool(failed.alerts)
        score = 1.25 if outside else 2.75 if own else 2.0 if each.service in called else 1.25
        reasons = [_started(each, subject)]
        led = [
            alert
            for alert in first
            if alert.name in OF_A_VERSION
            and alert.labels.get("service_name") == each.service
            and each.at <= alert.since + _SLACK
        ]
        if led:
            score = max(score, 0.25 + max(first[alert] for alert in led))
            reasons.append(f"it can lead to {_names(led)}")
        if failed is not None and failed.category in OF_THE_PROGRAM and (share := _share(each, failed)):
            score += 1.5 * share
            reasons.append(f"{share:.0%} of the calls that failed as {failed.category} are its")
        what = f"{each.service} runs a new version since: {', '.join(each.versions)}"
        yield Explanation("new version", what, tuple(reasons), score)


def _caller(failed: Most | None) -> str:
    """The service of most of the failed calls."""
    return max(failed.errors, key=lambda each: each.count).service if failed and failed.errors else ""


def _share(change: Change, failed: Most) -> float:
    """The part of the failed calls that come from a new version."""
    there = (
        each.count
        for each in failed.errors
        if each.service == change.service and each.version in change.versions
    )
    return sum(there) / failed.count


def _started(change: Change, subject: Subject) -> str:
    processes = "one process" if change.started == 1 else f"{change.started} processes"
    return f"{processes} started, the first {max(0.0, subject.since - change.at):.0f} s before"


def _hosts(subject: Subject, evidence: Evidence, first: Mapping[Alert, float]) -> Iterator[Explanation]:
    led = [alert for alert in (*subject.alerts, *first) if alert.name in _OF_MEMORY]
    if not led:
        return
    score = max([3.0, *(first[alert] + 0.25 for alert in led if alert in first)])
    for host, used in evidence.memory:
        reasons = (f"{used:.0%} of its memory is in use", f"that can lead to {_names(led)}")
        yield Explanation("host memory", f"{host} has no memory left", reasons, score, "ServiceMemoryGrowth")


def _in_common(subject: Subject, evidence: Evidence, first: Mapping[Alert, float]) -> Iterator[Explanation]:
    now = [alert for alert in evidence.alerts if alert.over is None]
    for name, (what, sentence) in _OURS.items():
        # What has a cause of its own at one exchange, such as a maintenance, is not ours there.
        same = [
            alert
            for alert in now
            if alert.name == name and not any(explains(each, alert, evidence.calls) for each in now)
        ]
        where = {alert.labels.get("exchange_name", "") for alert in same}
        led = [first[alert] for alert in same if alert in first]
        if len(where) < 2 or not where.issuperset(evidence.exchanges):
            continue
        at_once = max(alert.since for alert in same) - min(alert.since for alert in same) <= _SLACK
        if at_once and (led or any(alert in same for alert in subject.alerts)):
            reason = f"{name} is about all {len(where)} exchanges that are called, and began at once"
            yield Explanation(what, sentence, (reason,), max(led, default=3.0) + 0.5, name)


def _names(alerts: Iterable[Alert]) -> str:
    return ", ".join(sorted({alert.name for alert in alerts}))
