"""The report on a subject: its causes, the evidence, and how to read on."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..traces import Summary
from .alerts import Alert
from .calls import Call
from .subject import Subject


def times(count: float) -> str:
    """How often, as a person says it."""
    return "once" if round(count) == 1 else f"{count:.0f} times"


@dataclass(frozen=True)
class Explanation:
    """One thing that may be behind it.

    Attributes:
        name: The alert that stands for the cause, or what was found, such as `new version`.
        what: One sentence.
        reasons: What speaks for it, the strongest first.
        score: By which explanations are ordered.
        runbook: Name of the runbook to follow; empty where there is none.
    """

    name: str
    what: str
    reasons: tuple[str, ...]
    score: float
    runbook: str = ""


@dataclass(frozen=True)
class Errors:
    """Failed calls of one kind to an exchange, since what is asked about began.

    Attributes:
        service: `service.name` of whoever called.
        version: Its `service.version`.
    """

    exchange: str
    operation: str
    category: str
    type: str
    count: float
    service: str = ""
    version: str = ""


@dataclass(frozen=True)
class Limited:
    """What an exchange did with one service's requests, since what is asked about began.

    Attributes:
        sent: Requests that count towards its limits.
        refused: Requests that it refused for their rate.
        banned: Requests that it refused because the address is banned.
    """

    exchange: str
    service: str
    sent: float = 0.0
    refused: float = 0.0
    banned: float = 0.0


@dataclass(frozen=True)
class Change:
    """A service that changed shortly before it began.

    Attributes:
        started: Processes that started.
        versions: Versions that did not run just before.
        at: When the first of them gave its first sign of life, in seconds since the epoch.
    """

    service: str
    started: int
    versions: tuple[str, ...] = ()
    at: float = 0.0


@dataclass(frozen=True)
class Origin:
    """Where failed traces fail first: in the last failed call of each, as none that it made failed.

    Attributes:
        kind: `database`, `exchange`, or `service` for what no call of it explains.
        name: Of the database, the exchange, or the service.
        traces: Failed traces in which it is so.
    """

    kind: str
    name: str
    traces: int


@dataclass(frozen=True)
class Evidence:
    """What was measured.

    Attributes:
        alerts: All that fire or wait for their time, and those that fired when it began.
        errors: Since it began, most first.
        calls: Who calls what, and how many calls failed since it began.
        origins: Where its failed traces fail first.
        limited: What exchanges refused for the rate of requests, and who sent how many.
        exchanges: Those that were called in the hour before.
        memory: Part of each host's memory that is in use, by `host.name`, where it is nearly all.
        changes: What changed in the quarter of an hour before.
        traces: Newest first.
        messages: What failed spans of these traces say, most frequent first.
        problems: What could not be asked, for a person.
    """

    alerts: tuple[Alert, ...] = ()
    errors: tuple[Errors, ...] = ()
    calls: tuple[Call, ...] = ()
    origins: tuple[Origin, ...] = ()
    limited: tuple[Limited, ...] = ()
    exchanges: tuple[str, ...] = ()
    memory: tuple[tuple[str, float], ...] = ()
    changes: tuple[Change, ...] = ()
    traces: tuple[Summary, ...] = ()
    messages: tuple[tuple[str, int], ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """All of it.

    Attributes:
        explanations: The first is the guess; empty where nothing explains it.
    """

    subject: Subject
    evidence: Evidence
    explanations: tuple[Explanation, ...] = field(default=())

    @property
    def guess(self) -> Explanation | None:
        """The first guess."""
        return self.explanations[0] if self.explanations else None
