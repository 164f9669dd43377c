"""`botobs status`: what runs, where, since when, how it is, and which alerts fire."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from rich.text import Text

from ..access import clients
from ..access.watched import StandsStill
from ..alerting import alertmanager
from ..alerting.alertmanager import Alert, faults
from ..components.table import BY_NAME
from ..console import err, name, out, print_json, styled
from ..console.arguments import add_home, home_of
from ..errors import StackError
from ..home import state
from ..processes import control
from ..processes.process import State
from ..settings import receivers

#: States of a component that works.
_WELL = frozenset(("ready", "running"))
_STILL = "stands still"
#: Seconds in which a part responds.
_PATIENCE = 3.0


@dataclass(frozen=True)
class Part:
    """The state of one component of the stack.

    Attributes:
        url: Its address.
        state: `ready`, `running`, `not ready (503)`, `unreachable`, `stands still`, or what the supervisor does with
            it.
        since: When its supervisor last saw it become so; None where that is not known.
        restarts: How often it was started again since the stack was; None where that is not known.
    """

    url: str
    state: str
    since: datetime | None = None
    restarts: int | None = None

    @property
    def history(self) -> str:
        """Since when, and how often it fell, for a person."""
        if self.since is None or self.restarts is None:
            return ""
        fell = f", {self.restarts} restart{'' if self.restarts == 1 else 's'}" if self.restarts else ""
        return f"since {self.since.astimezone(UTC):%m-%d %H:%M:%S} UTC{fell}"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs status` to the commands."""
    parser = subparsers.add_parser(
        "status",
        description="Show what runs, where, and which alerts fire, the worst first. Exit code 1 when a part does not "
        "run or a critical alert fires that is neither silenced nor inhibited.",
    )
    add_home(parser)
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Ask every component and print a line each."""
    running = state.require(home_of(options))
    parts = _parts(running)
    receiver = receivers.of_home(running.home)
    alerts, unknown = _alerts(running, parts)
    if options.json:
        print_json(
            {
                "home": running.home.path,
                "pid": running.pid,
                "environment": running.environment,
                "parts": {name: asdict(part) for name, part in parts.items()},
                "alerts": receiver and {"receiver": receiver.name, "channels": list(receiver.channels)},
                "firing": None if unknown else [_as_json(alert) for alert in alerts],
            }
        )
    else:
        _print_parts(parts)
        _print_alerts(alerts, unknown)
        if receiver is not None:
            out.print(f"\n{receiver.sentence}", markup=False, soft_wrap=True)
            for warning in receiver.warnings:
                err.print(f"warning: {warning}", markup=False, soft_wrap=True)
        if running.renamed_from is not None:
            err.print(
                f"warning: the home was {running.renamed_from} when the stack was started, and its programs look for "
                "their files there: botobs down, then botobs up",
                markup=False, soft_wrap=True,
            )  # fmt: skip
        out.print(
            f"\nhome {running.home.path}, supervisor pid {running.pid}, environment {running.environment}"
        )
    runs = all(part.state in _WELL for part in parts.values())
    critical = any(alert.severity == "critical" and alert.notifies for alert in alerts)
    return 0 if runs and not unknown and not critical else 1


def _parts(running: state.Running) -> dict[str, Part]:
    """Every part, as it responds and as the supervisor has it."""
    try:
        known = control.processes(running.home.control)
    except StackError:
        # It is about to start or to stop, or stands still itself.
        known = {}
    # Side by side: each that stands still is waited for.
    with ThreadPoolExecutor(max_workers=32) as pool:
        answers = pool.map(
            lambda part: _ask(running, part[0], part[1], known.get(part[0])), running.parts.items()
        )
        return {
            name: _part(url, answer, known.get(name))
            for (name, url), answer in zip(running.parts.items(), answers, strict=True)
        }


def _part(url: str, answer: str, known: Mapping[str, Any] | None) -> Part:
    if known is None:
        return Part(url, answer)
    # Why nothing responds, where the supervisor knows it.
    does = known["state"] if answer == "unreachable" and known["state"] != State.READY else answer
    return Part(url, does, datetime.fromtimestamp(known["since"], UTC), int(known["restarts"]))


def _print_parts(parts: Mapping[str, Part]) -> None:
    for part_name, part in parts.items():
        colour = "green" if part.state in _WELL else "red"
        line = styled(f"{part_name:18} ", (f"{part.state:12}", colour), f" {part.url}")
        if part.history:
            line.append(
                f"{'':{max(2, 30 - len(part.url))}}{part.history}",
                "yellow" if part.restarts else "bright_black",
            )
        out.print(line)


def _alerts(running: state.Running, parts: Mapping[str, Part]) -> tuple[list[Alert], str]:
    """The firing alerts, and why they are not known; the latter is empty where they are."""
    asked_of = [part for name, part in parts.items() if name.startswith("alertmanager")]
    if not asked_of:
        return [], ""
    if all(part.state not in _WELL for part in asked_of):
        return [], f"Alertmanager is {asked_of[0].state}"
    try:
        with alertmanager.connect(running) as asked:
            return asked.alerts(), ""
    except StackError as error:
        return [], error.problem


def _as_json(alert: Alert) -> dict[str, object]:
    return {
        "alert": alert.name,
        "severity": alert.severity,
        "state": alert.state,
        "since": alert.since,
        "summary": alert.summary,
        "labels": dict(alert.labels),
    }


def _print_alerts(alerts: list[Alert], unknown: str) -> None:
    out.print()
    if unknown:
        out.print(Text(f"nobody knows which alerts fire: {unknown}", style="red"))
        return
    firing = [alert for alert in alerts if alert.notifies]
    quiet = len(alerts) - len(firing)
    out.print(
        f"{len(firing) or 'no'} alert{'' if len(firing) == 1 else 's'} firing"
        + (f", {quiet} kept quiet" if quiet else "")
    )
    for alert, *others in faults(alerts):
        colour = "bright_black" if not alert.notifies else "red" if alert.severity == "critical" else "yellow"
        line = Text(f"  {alert.severity:9} ", style=colour)
        since = f"{alert.since.astimezone(UTC):%m-%d %H:%M:%S} UTC"
        line.append(f"{name(alert.name)}  {since}  {name(alert.summary or alert.where)}")
        if others:
            line.append(f", and {len(others)} more like it")
        out.print(line if alert.notifies else line.append(f"  ({alert.state})"))
    if firing:
        out.print(f"What to do: botobs runbook {name(firing[0].name)}")


def _ask(running: state.Running, part: str, url: str, known: Mapping[str, Any] | None) -> str:
    # The system takes connections for a process that is stopped.
    if known is not None and known.get("stopped"):
        return _STILL
    if not url.startswith("http"):
        return "running" if _listens(url) else "unreachable"
    health = _path(part)
    with clients.of_part(running, part, timeout=_PATIENCE) as http:
        try:
            response = http.get(health or "/")
        except StandsStill:
            return _STILL
        except httpx.HTTPError:
            return "unreachable"
    if health:
        return "ready" if response.status_code == 200 else f"not ready ({response.status_code})"
    return "running"


def _path(name: str) -> str:
    """The path by which a component's state is seen; empty where an operator is not shown it."""
    # One of several is called after its component.
    component = BY_NAME.get(name) or BY_NAME.get(name.split("-")[0])
    if component is None or component.health is None or component.health[0] != component.address:
        return ""
    return component.status or component.health[1]


def _listens(url: str) -> bool:
    import socket
    from urllib.parse import urlsplit

    address = urlsplit(url)
    try:
        place = address.hostname or "", address.port or 0
        socket.create_connection(place, timeout=_PATIENCE).close()
    except OSError:
        return False
    return True
