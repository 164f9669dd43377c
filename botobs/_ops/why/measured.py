"""What the calls and failed traces of a service say for or against a cause, beside alerts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .alerts import Alert
from .answer import Limited, Origin
from .calls import Call, about_a_callee, below, culprits, leads_to
from .subject import Subject

#: By how much something counts, and what it says.
Points = tuple[float, str]

#: Words in the names of alerts about what takes long, where failed calls say little.
_LONG = ("Latency", "Slow", "Stuck", "Heartbeat", "InFlight")
#: Alerts about services that answer no call any more.
_DEATHS = ("ServiceHeartbeatLost", "ServiceInstanceLost", "ServiceCrashLoop")
#: Part of what fails or lasts long below which a call is not where it comes from.
_FEW = 0.1
#: How the names of alerts begin about what an exchange allows.
_OF_LIMITS = ("ExchangeRateLimit", "ExchangeCallRate", "ExchangeBanned")
#: Failed traces from which on it says something that none of them fails there.
_ENOUGH = 3


def in_its_calls(cause: Alert, subject: Subject, calls: Sequence[Call]) -> Points | None:
    """Whether the service calls what the cause is about, and which part of what fails or lasts long it is."""
    service = subject.labels.get("service_name", "")
    mine = below(service, calls)
    if not mine or not about_a_callee(cause) or cause.labels.get("service_name") == service:
        return None
    there = [call for call in mine if leads_to(call, cause)]
    if not there:
        what = cause.labels.get("exchange_name") or cause.labels.get("service_name") or "a database"
        return -1.0, f"but {service} has not called {what} for an hour"
    measures: tuple[Callable[[Call], float], ...] = (_extra,) if _long(subject) else (_failed, _extra)
    for weight in measures:
        if weighing := culprits(mine, weight):
            share = sum(weighing.get(call, 0.0) for call in there) / sum(weighing.values())
            if share < _FEW and cause.name in _DEATHS:
                # Calls that nobody takes are not seen to go there.
                return None
            return _said(share, max(there, key=weight), weight)
    return None


def _long(subject: Subject) -> bool:
    return any(word in alert.name for alert in subject.alerts for word in _LONG)


def _said(share: float, call: Call, weight: Callable[[Call], float]) -> Points | None:
    who = f"calls of {call.client} to {call.server}"
    if share < _FEW:
        if call.database:
            # A statement that waits for a lock is no call yet: that none failed or lasted long says nothing.
            return None
        what = "fail" if weight is _failed else "take longer than usual"
        return -0.75, f"but few or none of the {who} {what}, and others do"
    if weight is _failed:
        return 1.5 * share, f"{call.failed:.0f} of {call.count:.0f} {who} failed"
    return 1.5 * share, f"{who} take {call.duration:.2g} s, usually {call.usual:.2g} s"


def in_its_traces(cause: Alert, subject: Subject, origins: Sequence[Origin]) -> Points | None:
    """Whether the failed traces of the subject fail first at what the cause is about."""
    known = [origin for origin in origins if origin.kind != "service"]
    total = sum(origin.traces for origin in known)
    if not total or not about_a_callee(cause) or cause.name.startswith("Service"):
        return None
    # Where they were looked for by their exchange, all of them fail there.
    if not subject.labels.get("service_name") or _long(subject):
        return None
    there = sum(origin.traces for origin in known if _is_there(origin, cause))
    if there:
        return there / total, f"{there} of {total} failed calls in its traces went there"
    if total < _ENOUGH or (cause.name.startswith("Database") and cause.name != "DatabaseDown"):
        # What waits for a database has not failed yet.
        return None
    return -0.5, "but its traces fail elsewhere"


def spends_most(cause: Alert, limited: Sequence[Limited]) -> Points | None:
    """Who sends most of the requests that an exchange limits, where more than one service does."""
    here = [each for each in limited if each.exchange == cause.labels.get("exchange_name")]
    sent = sum(each.sent for each in here)
    if not cause.name.startswith(_OF_LIMITS) or not sent or len(here) < 2:
        return None
    most = max(here, key=lambda each: each.sent)
    return 0.0, f"{most.sent / sent:.0%} of the requests are {most.service}'s"


def refused_by_ban(alert: Alert, limited: Sequence[Limited]) -> float:
    """How many refusals for the rate of requests are all there are, and say that the address is banned already."""
    if alert.name != "ExchangeRateLimited":
        return 0.0
    here = [each for each in limited if each.exchange == alert.labels.get("exchange_name")]
    return 0.0 if any(each.refused for each in here) else sum(each.banned for each in here)


def _is_there(origin: Origin, cause: Alert) -> bool:
    if origin.kind == "database":
        return cause.name.startswith("Database")
    return cause.labels.get("exchange_name") == origin.name


def _failed(call: Call) -> float:
    return call.failed


def _extra(call: Call) -> float:
    return call.extra
