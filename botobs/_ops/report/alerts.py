"""The alerts of the window: when each was pending and firing, and what Alertmanager does about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..alerting.alertmanager import urgency
from .backends import Series
from .panels import Episode, draw_episodes
from .panels.timeline import stretches
from .view import Cell, Table, View
from .window import Window

#: Alerts of the severity `none`, such as the watchdog, always fire.
HISTORY = 'ALERTS{severity!="none"}'
_COLOURS = {"firing": "bad", "pending": "throttle"}
#: Labels that distinguish the alerts of one name.
_ABOUT = ("service_name", "exchange_name", "botobs_bot_id", "slo", "sli")


def history(found: Sequence[Series], window: Window) -> View:
    """Each alert as a row of the time during which it was pending or firing."""
    episodes = [
        Episode(_name(series.labels), state, _COLOURS.get(state, "own"), start, end)
        for series in sorted(found, key=lambda each: (_name(each.labels), each.labels.get("alertstate", "")))
        for state in (series.labels.get("alertstate", ""),)
        for _, start, end in stretches(series.values, window)
    ]
    if not episodes:
        return View(note="No alert was pending or firing in this time.")
    return draw_episodes("Alerts over time", episodes, window)


def current(found: Iterable[Mapping[str, Any]]) -> View:
    """What Alertmanager holds now, and what keeps a notification back."""
    alerts = [alert for alert in found if alert["labels"].get("severity") != "none"]
    if not alerts:
        return View(note="Alertmanager holds no alert now.")
    rows = [_row(alert) for alert in sorted(alerts, key=_urgency)]
    return View(table=Table(("alert", "severity", "since", "state", "what"), rows))


def _urgency(alert: Mapping[str, Any]) -> tuple[bool, int, str]:
    """Sort key: alerts that notify before those that are silenced or inhibited, then by severity, then by age."""
    quiet = bool(alert["status"]["silencedBy"] or alert["status"]["inhibitedBy"])
    return quiet, urgency(alert["labels"].get("severity", "")), str(alert["startsAt"])


def _row(alert: Mapping[str, Any]) -> list[Cell]:
    labels, status = alert["labels"], alert["status"]
    reason = "silenced" if status["silencedBy"] else "inhibited" if status["inhibitedBy"] else status["state"]
    tone = "bad" if labels.get("severity") == "critical" else "warn"
    return [
        Cell(_name(labels)),
        Cell(labels.get("severity", ""), tone=tone),
        Cell(str(alert["startsAt"])[:19].replace("T", " ")),
        Cell(reason),
        Cell(alert["annotations"].get("summary", "")),
    ]


def _name(labels: Mapping[str, str]) -> str:
    about = " ".join(labels[name] for name in _ABOUT if labels.get(name))
    return f"{labels.get('alertname', '?')} {about}".strip()
