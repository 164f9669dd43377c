"""Orders what may be behind a subject by what speaks for it.

The score is a sum of a few points, not a probability: what began before counts more than what began later, what agrees
on exchange or service more than what could concern anybody, what explains much of what fires more than what explains
little, and what nothing else explains more than a link in a chain. Measured errors outweigh them.
"""

from __future__ import annotations

from .alerts import Alert
from .answer import Evidence, Explanation
from .causes import CAUSES, explains, shared
from .failures import from_failures, in_its_failures
from .measured import Points, in_its_calls, in_its_traces, refused_by_ban, spends_most
from .subject import Subject
from .unalerted import unalerted

#: Seconds by which a cause may be seen later than what follows from it: each is measured over a window of its own.
_SLACK = 60.0


def explanations(subject: Subject, evidence: Evidence) -> tuple[Explanation, ...]:
    """What may be behind it, the likeliest first."""
    candidates = Candidates(subject, evidence)
    found = [
        *candidates.explanations(),
        *from_failures(subject, evidence),
        *unalerted(subject, evidence, candidates.first()),
    ]
    return tuple(sorted(found, key=lambda each: -each.score))


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
            and not refused_by_ban(each, evidence.limited)
            and any(explains(each, symptom, evidence.calls) for symptom in step)
        ]
        found |= dict.fromkeys(step, distance)
    return found


class Candidates:
    """The alerts that a subject can follow from, and what speaks for each and against it."""

    def __init__(self, subject: Subject, evidence: Evidence) -> None:
        self._evidence = evidence
        self._steps = chain(subject, evidence)
        self._said = {cause: _points(cause, subject, evidence) for cause in self._steps}
        for cause, points in self._said.items():
            if not self._explained(cause):
                points.append((0.75, "nothing that fires explains it in turn"))
        self._scores: dict[Alert, float] = {}

    def explanations(self) -> list[Explanation]:
        """Each of them as an explanation, in any order."""
        return [
            Explanation(
                cause.name,
                cause.summary or cause.name,
                tuple(reason for _, reason in sorted(points, key=lambda each: -each[0])),
                self._score(cause, ()),
                cause.name,
            )
            for cause, points in self._said.items()
        ]

    def first(self) -> dict[Alert, float]:
        """The score of each that no other explains."""
        return {cause: self._score(cause, ()) for cause in self._said if not self._explained(cause)}

    def _opposed(self, cause: Alert) -> bool:
        return any(score < 0 for score, _ in self._said[cause])

    def _explained(self, cause: Alert) -> bool:
        """Whether another one that nothing speaks against explains it."""
        return any(
            explains(other, cause, self._evidence.calls) and not self._opposed(other)
            for other in self._said
            if other is not cause
        )

    def _score(self, cause: Alert, below: tuple[Alert, ...]) -> float:
        """What speaks for a link of the chain speaks for what it follows from, where nothing speaks against that."""
        if cause not in self._scores:
            own = 1.0 + sum(score for score, _ in self._said[cause]) - 0.25 * (self._steps[cause] - 1)
            links = [] if self._opposed(cause) else [link for link in self._said if self._leads(cause, link)]
            through = [
                self._score(link, (*below, cause)) + 0.25 for link in links if link not in (*below, cause)
            ]
            self._scores[cause] = max([own, *through])
        return self._scores[cause]

    def _leads(self, cause: Alert, link: Alert) -> bool:
        return cause.since <= link.since + _SLACK and explains(cause, link, self._evidence.calls)


def _points(cause: Alert, subject: Subject, evidence: Evidence) -> list[Points]:
    """What speaks for a cause, and against it."""
    others = [each for each in evidence.alerts if each.firing and each not in subject.alerts]
    points = [_time(cause, subject), _state(cause, subject)]
    if named := next((names for symptom in subject.alerts if (names := _named(cause, symptom))), []):
        points.append((1.0, f"both are about {', '.join(named)}"))
    explained = [each for each in others if each is not cause and explains(cause, each, evidence.calls)]
    if explained:
        names = sorted({each.name for each in explained})
        points.append((len(explained) / len(others), f"it explains what else fires: {', '.join(names)}"))
    measured = (
        in_its_failures(cause, subject, evidence),
        in_its_calls(cause, subject, evidence.calls),
        in_its_traces(cause, subject, evidence.origins),
        spends_most(cause, evidence.limited),
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
