"""What fires: the worst first, since when, whose it is, and where to go on."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import quote

import httpx
from markupsafe import Markup

from ...access.people import Role
from ...alerting.alertmanager import SHARED, Alert, Alertmanager, Silence, faults, urgency
from ...errors import StackError, UserError
from ...report import alerts as drawing
from ...report.backends import Refused
from ...why import active
from .. import frame
from ..request import Page, Request, address

#: Seconds between two looks: this is the page that somebody who was woken has open.
_REFRESH = 5
#: What a page about the same is narrowed by.
_LABELS = (*SHARED, "botobs_bot_id")


@dataclass(frozen=True)
class Shown:
    """An alert as it is shown.

    Attributes:
        state: `firing`, `silenced`, `inhibited` or `pending`.
        since: Seconds since the epoch.
        dashboard: The board that it belongs to; empty without.
    """

    name: str
    severity: str
    state: str
    where: str
    summary: str
    since: float
    owner: str
    labels: Mapping[str, str]
    dashboard: str = ""

    @property
    def age(self) -> float:
        """Seconds since it began."""
        return max(time.time() - self.since, 0.0)

    @property
    def why(self) -> str:
        """Where its causes are."""
        return address(f"/why/{quote(self.name, safe='')}", **self._about)

    @property
    def silence(self) -> str:
        """Where it can be silenced."""
        return address(f"/silences/{quote(self.name, safe='')}", **self._about)

    @property
    def _about(self) -> dict[str, str]:
        return {name: self.labels[name] for name in _LABELS if self.labels.get(name)}


def _faults(alerts: Iterable[Shown]) -> list[list[Shown]]:
    """What is shown as one: the alert that stands for the others stands before them."""
    return [[_in_common(group), *group] if len(group) > 1 else group for group in faults(alerts)]


def _in_common(alerts: Sequence[Shown]) -> Shown:
    """An alert that stands for all of them."""
    first = alerts[0]
    shared = {name: value for name in SHARED if (value := first.labels.get(name))}
    summary = f"{first.summary}, and {len(alerts) - 1} more like it"
    return replace(first, labels=shared, where=", ".join(shared.values()), summary=summary)


def page(request: Request) -> Page:
    """Alerts."""

    async def current() -> Markup:
        try:
            found = await request.ask(["alertmanager"], _held)
        except (Refused, StackError) as error:
            return await _of_prometheus(request, str(error))
        return _listed(found, request.role)

    async def silences() -> Markup:
        found = await request.ask(["alertmanager"], _silences)
        return frame.block("silences-list.html", silences=found, now=datetime.now(UTC), role=request.role)

    async def history() -> Markup:
        window = await request.window()
        found = await request.backends.lines(drawing.HISTORY, window)
        return frame.view(drawing.history(found, window), "history")

    blocks = {"alerts": current, "silences": silences, "history": history}
    return Page("Alerts", "alerts.html", "", blocks=blocks, refresh=_REFRESH)


async def _of_prometheus(request: Request, problem: str) -> Markup:
    """What Prometheus knows, where Alertmanager does not answer: no notification is sent for these now."""
    firing = [each for each in await request.ask(["prometheus"], _active) if each.state == "firing"]
    return _listed(firing, Role.READER, problem)


def _listed(alerts: Sequence[Shown], role: Role, problem: str = "") -> Markup:
    return frame.block("alerts-list.html", alerts=alerts, faults=_faults(alerts), role=role, problem=problem)


def _active(prometheus: httpx.Client | None) -> list[Shown]:
    if prometheus is None:
        raise UserError("Prometheus is not part of the running stack.")
    return [
        Shown(
            each.name,
            each.severity,
            "firing" if each.firing else "pending",
            each.about,
            each.summary,
            each.since,
            each.labels.get("owner", ""),
            each.labels,
        )
        for each in active(prometheus)
    ]


def _held(alertmanager: httpx.Client | None) -> list[Shown]:
    found = [_shown(each) for each in _of(alertmanager).alerts()]
    return sorted(found, key=lambda each: (each.state != "firing", urgency(each.severity), each.since))


def _silences(alertmanager: httpx.Client | None) -> list[Silence]:
    return [each for each in _of(alertmanager).silences() if each.state != "expired"]


def _of(alertmanager: httpx.Client | None) -> Alertmanager:
    if alertmanager is None:
        raise StackError("Alertmanager is not part of the running stack.")
    return Alertmanager(alertmanager)


def _shown(alert: Alert) -> Shown:
    return Shown(
        alert.name,
        alert.severity,
        alert.state,
        alert.where,
        alert.summary,
        alert.since.timestamp(),
        alert.labels.get("owner", ""),
        alert.labels,
        alert.dashboard,
    )
