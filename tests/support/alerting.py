"""A real Alertmanager that tests post alerts to, start, stop and kill."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from botobs._ops.access import clients
from botobs._ops.drills.sinks import HttpSink, Inbox, MailSink, Message
from botobs._ops.home.home import Home
from tests.support.own_metrics import own_series
from tests.support.waiting import eventually

#: What every alert of ours carries.
ENVIRONMENT = {"deployment_environment_name": "test"}


@dataclass
class Alerting:
    """An Alertmanager that a test starts, stops and kills."""

    home: Home
    inbox: Inbox
    command: list[str]
    url: str
    process: subprocess.Popen[bytes] | None = None
    _http: httpx.Client | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        log = (self.home.logs / "alertmanager.log").open("ab")
        with log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, cwd=self.home.path)
        assert eventually(self._answers, within=120), (self.home.logs / "alertmanager.log").read_text()

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop it in good order, or kill it."""
        if self._http is not None:
            self._http.close()
            self._http = None
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait()
            self.process = None

    def http(self) -> httpx.Client:
        """An operator's client, until the next end."""
        if self._http is None:
            self._http = clients.client(self.home.secrets, self.url)
        return self._http

    def fire(self, name: str, since: datetime | None = None, /, **labels: str) -> None:
        """Post an alert as Prometheus does."""
        self._post(name, labels, since or datetime.now(UTC), timedelta(minutes=10))

    def fire_many(self, name: str, labels: Sequence[Mapping[str, str]], **annotations: str) -> None:
        """Post alerts of one name at once, with annotations of their own."""
        now = datetime.now(UTC)
        made = [self._alert(name, each, now, timedelta(minutes=10)) for each in labels]
        for alert in made:
            alert["annotations"] |= annotations
        self.http().post("/api/v2/alerts", json=made).raise_for_status()

    def resolve(self, name: str, since: datetime | None = None, /, **labels: str) -> None:
        """Say that an alert is over."""
        self._post(name, labels, since or datetime.now(UTC) - timedelta(minutes=1), timedelta(0))

    def _post(self, name: str, labels: Mapping[str, str], since: datetime, lasts: timedelta) -> None:
        alert = self._alert(name, labels, since, lasts)
        self.http().post("/api/v2/alerts", json=[alert]).raise_for_status()

    def _alert(
        self, name: str, labels: Mapping[str, str], since: datetime, lasts: timedelta
    ) -> dict[str, Any]:
        return {
            "labels": {"alertname": name, **ENVIRONMENT, **labels},
            "annotations": {
                "summary": f"{name} is on",
                "description": "It is 1 (limit 0).",
                "last_error": "RequestTimeout (timeout)",
                "runbook_url": f"docs/runbooks/{name}.md",
                "dashboard": "botobs-overview",
            },
            "startsAt": since.isoformat(),
            "endsAt": (datetime.now(UTC) + lasts).isoformat(),
        }

    def get(self, path: str) -> Any:
        """What Alertmanager's API returns for a path, parsed."""
        response = self.http().get(path)
        response.raise_for_status()
        return response.json()

    def metric(self, name: str, **labels: str) -> float:
        """Sum of one of its own counters over the series with these labels."""
        return sum(own_series(self.http(), name, **labels))

    def reported(self, alert: str, resolved: bool = False) -> list[Message]:
        """Messages about an alert that have arrived."""
        return [each for each in self.inbox.since() if each.alert == alert and each.resolved is resolved]

    def channels(self, alert: str, resolved: bool = False) -> list[str]:
        """Channels by which it was told, each as often as it was."""
        return sorted(message.channel for message in self.reported(alert, resolved))

    def _answers(self) -> bool:
        try:
            return self.http().get("/-/ready").status_code == 200
        except httpx.HTTPError:
            return False


@dataclass
class Sinks:
    """Where messages arrive."""

    inbox: Inbox
    mail: MailSink
    slack: HttpSink


def quiet_for(seconds: float) -> None:
    """Let a time pass in which a message too many would have come."""
    time.sleep(seconds)
