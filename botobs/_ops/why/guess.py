"""Orders what may be behind a subject by what speaks for it.

The score is a sum of a few points, not a probability: what began before counts more than what began later, what agrees
on exchange or service more than what could concern anybody, what explains much of what fires more than what explains
little, and what nothing else explains more than a link in a chain. Measured errors outweigh them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from ..._sdk.instrument.exchange.names import SUBMITS
from .alerts import Alert
from .answer import Change, Errors, Evidence, Explanation
from .causes import CATEGORIES, CAUSES, explains, shared
from .measured import Points, in_its_calls, in_its_traces
from .subject import Subject

#: Seconds by which a cause may be seen later than what follows from it: each is measured over a window of its own.
_SLACK = 60.0
#: Share of the failed calls from which their most frequent category is the explanation.
_MOST = 0.5
#: Alerts about the submission of orders.
_OF_SUBMISSIONS = frozenset({"OrderRejectsHigh", "OrderOutcomeUnknown"})
#: What an exchange says of the orders and the account themselves, whatever else is wrong.
_OWN = {
    "funds": "the balance does not suffice",
    "order": "the exchange refuses the orders as they are: size, price or state",
    "auth": "the exchange refuses the key: it is wrong, expired, or lacks a right",
    "symbol": "the market is closed or not known",
    "request": "the requests are not what the exchange takes",
}


def explanations(subject: Subject, evidence: Evidence) -> tuple[Explanation, ...]:
    """What may be behind it, the likeliest first."""
    found = [
        *_alerts(subject, evidence),
        *_errors(subject, evidence.errors),
        *_before_its_alert(subject, evidence),
        *_changes(subject, evidence.changes),
    ]
    return tuple(sorted(found, key=lambda each: -each.score))


def dominant(errors: Sequence[Errors]) -> tuple[str, float, float] | None:
    """The category of most failed calls, their number, and that of all; None where there are none."""
    counts: defaultdict[str, float] = defaultdict(float)
    for each in errors:
        counts[each.category] += each.count
    if not counts:
        return None
    category = max(counts, key=counts.__getitem__)
    return category, counts[category], sum(counts.values())


def chain(subject: Subject, evidence: Evidence) -> dict[Alert, int]:
    """The alerts that the subject can follow from, and over how many steps."""
    found: dict[Alert, int] = {}
    step = [*subject.alerts]
    distance = 0
    while step:
        distance += 1
        step = [
            each
            for each in evidence.alerts
            if each not in found
            and each not in subject.alerts
            and any(explains(each, symptom, evidence.calls) for symptom in step)
        ]
        found |= dict.fromkeys(step, distance)
    return found


def _alerts(subject: Subject, evidence: Evidence) -> Iterator[Explanation]:
    causes = chain(subject, evidence)
    said = {cause: _points(cause, causes, subject, evidence) for cause in causes}
    scores: dict[Alert, float] = {}

    def score_of(cause: Alert, below: tuple[Alert, ...]) -> float:
        """What speaks for a link of the chain speaks for what it follows from, where nothing speaks against that."""
        if cause not in scores:
            own = 1.0 + sum(score for score, _ in said[cause]) - 0.25 * (causes[cause] - 1)
            opposed = any(score < 0 for score, _ in said[cause])
            links = [] if opposed else [link for link in causes if _leads(cause, link, evidence)]
            through = [
                score_of(link, (*below, cause)) + 0.25 for link in links if link not in (*below, cause)
            ]
            scores[cause] = max([own, *through])
        return scores[cause]

    for cause, points in said.items():
        reasons = tuple(reason for _, reason in sorted(points, key=lambda each: -each[0]))
        yield Explanation(cause.name, cause.summary or cause.name, reasons, score_of(cause, ()), cause.name)


def _leads(cause: Alert, link: Alert, evidence: Evidence) -> bool:
    return cause.since <= link.since + _SLACK and explains(cause, link, evidence.calls)


def _points(cause: Alert, causes: Mapping[Alert, int], subject: Subject, evidence: Evidence) -> list[Points]:
    """What speaks for a cause, and against it."""
    others = [each for each in evidence.alerts if each.firing and each not in subject.alerts]
    points = [_time(cause, subject), _state(cause, subject)]
    if named := next((names for symptom in subject.alerts if (names := _named(cause, symptom))), []):
        points.append((1.0, f"both are about {', '.join(named)}"))
    explained = [each for each in others if each is not cause and explains(cause, each, evidence.calls)]
    if explained:
        names = sorted({each.name for each in explained})
        points.append((len(explained) / len(others), f"it explains what else fires: {', '.join(names)}"))
    if not any(explains(other, cause, evidence.calls) for other in causes if other is not cause):
        points.append((0.75, "nothing that fires explains it in turn"))
    measured = (
        _category(cause, subject, evidence),
        in_its_calls(cause, subject, evidence.calls),
        in_its_traces(cause, evidence.origins),
    )
    return [*points, *(each for each in measured if each)]


def _named(cause: Alert, symptom: Alert) -> list[str]:
    return shared(cause, symptom) if symptom.name in CAUSES[cause.name].explains else []


def _time(cause: Alert, subject: Subject) -> Points:
    before = subject.since - cause.since
    if before >= 0:
        return 1.0, f"it began {before:.0f} s before"
    if before >= -_SLACK:
        return 0.5, "it began at the same time"
    return -1.0, f"but it began {-before:.0f} s later"


def _state(cause: Alert, subject: Subject) -> Points:
    if cause.over is not None and cause.over <= subject.since:
        return -1.0, f"but it was over {subject.since - cause.over:.0f} s before"
    if not cause.firing:
        return (0.0, "it is pending: its time is not up") if cause.over is None else (0.25, "it fired then")
    return 0.5, "it fires"


def _category(cause: Alert, subject: Subject, evidence: Evidence) -> Points | None:
    most = _most(subject, evidence.errors)
    if most is None or not cause.name.startswith("Exchange"):
        return None
    category, count, total = most
    where = cause.labels.get("exchange_name", "")
    of = [each for each in _of(subject, evidence.errors) if each.category == category]
    if cause.name in CATEGORIES.get(category, ()):
        # The same category of another exchange speaks for the other's alert.
        if of and where and not any(each.exchange == where for each in of):
            return None
        return 1.5, f"{count:.0f} of {total:.0f} failed calls are of the category {category}"
    if category in _OWN:
        return -1.0, f"but {count:.0f} of {total:.0f} failed calls are of the category {category}"
    return None


def _most(subject: Subject, errors: Sequence[Errors]) -> tuple[str, float, float] | None:
    if subject.category:
        return subject.category, 1, 1
    most = dominant(_of(subject, errors))
    return most if most is not None and most[1] >= _MOST * most[2] else None


def _of(subject: Subject, errors: Sequence[Errors]) -> list[Errors]:
    """The failed calls that can matter: to its exchange, where it names one; for submitted orders, theirs alone."""
    exchange = subject.labels.get("exchange_name", "")
    submitted = any(alert.name in _OF_SUBMISSIONS for alert in subject.alerts)
    return [
        each
        for each in errors
        if (not exchange or each.exchange == exchange) and (not submitted or each.operation in SUBMITS)
    ]


def _errors(subject: Subject, errors: Sequence[Errors]) -> Iterator[Explanation]:
    most = _most(subject, errors)
    if most is None or most[0] not in _OWN or not any(_of_orders(alert) for alert in subject.alerts):
        return
    category, count, total = most
    of = [each for each in _of(subject, errors) if each.category == category]
    reasons = [f"{count:.0f} of {total:.0f} failed calls are of the category {category}"]
    reasons += [
        f"{each.exchange}: {each.operation} failed {each.count:.0f} times with {each.type}" for each in of[:3]
    ]
    yield Explanation(
        f"errors: {category}", _OWN[category], tuple(reasons), 1.0 + 3.0 * count / total, "OrderRejectsHigh"
    )


def _of_orders(alert: Alert) -> bool:
    """Whether an alert is about submitted orders, or can follow from their being refused."""
    return alert.name in _OF_SUBMISSIONS or alert.name in CAUSES["OrderRejectsHigh"].explains


def _before_its_alert(subject: Subject, evidence: Evidence) -> Iterator[Explanation]:
    """Explanations from failed calls whose alert does not fire yet; that on an unknown order fires at once."""
    most = _most(subject, evidence.errors)
    names = CATEGORIES.get(most[0], ()) if most is not None else ()
    seen = {alert.name for alert in (*evidence.alerts, *subject.alerts)}
    if most is None or not names or not seen.isdisjoint(names):
        return
    if any(alert.name in CAUSES[names[0]].explains for alert in subject.alerts):
        category, count, total = most
        reason = f"{count:.0f} of {total:.0f} failed calls are of the category {category}"
        what = f"calls to {subject.labels.get('exchange_name') or 'an exchange'} fail: {category}"
        yield Explanation(names[0], what, (reason,), 2.5, names[0])


def _changes(subject: Subject, changes: Sequence[Change]) -> Iterator[Explanation]:
    service = subject.labels.get("service_name")
    for each in changes:
        own = each.service == service
        if each.versions:
            what = f"{each.service} runs a new version since: {', '.join(each.versions)}"
            yield Explanation("new version", what, (_started(each),), 2.75 if own else 1.25)
        elif own:
            yield Explanation("restart", f"{each.service} has started anew", (_started(each),), 1.5)


def _started(change: Change) -> str:
    processes = "one process" if change.started == 1 else f"{change.started} processes"
    return f"{processes} started in the quarter of an hour before"
