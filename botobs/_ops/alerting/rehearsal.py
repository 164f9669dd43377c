"""Sends a firing and a resolved test message by each channel, and reports the response of each receiver.

An Alertmanager of its own does it, with the configuration and secrets of the stack's, one receiver at a time: people
get what an alert would send, nobody's groups and silences are touched, and its log is about these messages alone.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import yaml

from ..access import clients
from ..components.ports import free_ports
from ..errors import StackError
from ..home.home import Home
from ..settings.receivers import Way, configs_of
from .alertmanager import Alertmanager, urgency

#: Seconds in which the receiver must accept one message: Alertmanager retries meanwhile.
PATIENCE = 20.0
_LOOK = 0.1
#: Labels of the test message.
TEST = {
    "alertname": "BotobsTest",
    "severity": "warning",
    "area": "pipeline",
    "owner": "whoever has run botobs alert test",
}
#: Waits of the route: the second message follows the first within a second.
_PACE = {"group_wait": "0s", "group_interval": "1s", "repeat_interval": "1h"}
#: Integrations that notify of resolved alerts only with `send_resolved: true` (Alertmanager's `config/notifiers.go`).
_ENDS_SILENTLY = frozenset(("email", "slack", "wechat", "rocketchat"))
_REASON = re.compile(r"\berr=(\"(?:[^\"\\]|\\.)*\"|\S+)")


@dataclass(frozen=True)
class Answer:
    """The result of one message.

    Attributes:
        channel: Its name.
        status: `firing` or `resolved`.
        taken: Whether the other side took it.
        said: The receiver's error where it refused, in Alertmanager's words.
        seconds: How long it took.
    """

    channel: str
    status: str
    taken: bool
    said: str
    seconds: float


def labels_of_rule(home: Home, name: str) -> dict[str, str]:
    """The labels by which an alert of a stack's rules is routed; those of the worst, where it has two severities.

    Raises:
        StackError: No rule is called so.
    """
    files = sorted((home.config / "prometheus" / "rules").glob("*.yml"))
    found = [
        rule["labels"]
        for file in files
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
        if rule.get("alert") == name
    ]
    if not found:
        raise StackError(f"no rule is called {name!r}", "botobs runbook lists the alerts.")
    worst = min(found, key=lambda labels: urgency(labels.get("severity", "")))
    # What is worked out when an alert fires is left out.
    return {"alertname": name, **{key: text for key, text in worst.items() if "{{" not in text}}


def rehearse(
    home: Home, program: Path, ways: list[Way], labels: Mapping[str, str] = TEST, patience: float = PATIENCE
) -> Iterator[Answer]:
    """Send both messages by each way, one way after the other.

    Args:
        home: Whose configuration and secrets.
        program: Alertmanager.
        ways: By which channels.
        labels: Of the alert that is sent.
        patience: Seconds in which the receiver must accept each message.

    Raises:
        StackError: Alertmanager does not start.
    """
    for way in ways:
        if way.missing:
            yield Answer(way.channel.name, "firing", False, "; ".join(way.missing), 0.0)
            continue
        with _started(home, program, way) as (alertmanager, log):
            firing = _sent(home, alertmanager, log, way, labels, "firing", patience)
            yield firing
            if firing.taken and _messages(home, way, "resolved"):
                yield _sent(home, alertmanager, log, way, labels, "resolved", patience)


def _sent(
    home: Home,
    alertmanager: Alertmanager,
    log: Path,
    way: Way,
    labels: Mapping[str, str],
    status: str,
    patience: float,
) -> Answer:
    name = way.channel.name
    done = _done(alertmanager) + _messages(home, way, status)
    begun = time.monotonic()
    alertmanager.post([_alert(labels, status)])
    taken = _wait(lambda: _done(alertmanager) >= done, patience)
    said = "" if taken else _reason(log) or f"no answer within {patience:g} s"
    return Answer(name, status, taken, said, round(time.monotonic() - begun, 2))


def _messages(home: Home, way: Way, status: str) -> int:
    """How many messages the receiver sends of each alert: a user's own may have several ways, and none for an end."""
    content = yaml.safe_load((home.config / "alertmanager" / "alertmanager.yml").read_text(encoding="utf-8"))
    return sum(
        status == "firing" or bool(settings.get("send_resolved", kind not in _ENDS_SILENTLY))
        for receiver in content["receivers"]
        if receiver["name"] == way.channel.name
        for kind, settings in configs_of(receiver)
    )


def _done(alertmanager: Alertmanager) -> float:
    """Messages that the other side has taken."""
    tried = alertmanager.counter("alertmanager_notification_requests_total")
    return tried - alertmanager.counter("alertmanager_notification_requests_failed_total")


def _alert(labels: Mapping[str, str], status: str) -> Mapping[str, Any]:
    now = datetime.now(UTC)
    ends = now + timedelta(minutes=5) if status == "firing" else now
    return {
        "labels": dict(labels),
        "annotations": {
            "summary": "A test of this channel",
            "description": "Nothing is wrong: somebody has run botobs alert test. A second message ends it.",
        },
        "startsAt": (now - timedelta(seconds=1)).isoformat(),
        "endsAt": ends.isoformat(),
    }


def _reason(log: Path) -> str:
    """The last error in Alertmanager's log, without the address, which may be a secret."""
    found = _REASON.findall(log.read_text(encoding="utf-8", errors="replace"))
    if not found:
        return ""
    text = found[-1].strip('"').replace('\\"', '"').replace("\\n", " ")
    return re.sub(r"https?://\S+", "<address>", text)


@contextmanager
def _started(home: Home, program: Path, way: Way) -> Iterator[tuple[Alertmanager, Path]]:
    with tempfile.TemporaryDirectory(prefix="botobs-alert-test-") as name:
        folder = Path(name)
        config = folder / "alertmanager.yml"
        config.write_text(_configuration(home, way), encoding="utf-8")
        (port,) = free_ports(1)
        command = [
            str(program), f"--config.file={config}", f"--storage.path={folder / 'data'}", "--cluster.listen-address=",
            f"--web.listen-address=127.0.0.1:{port}", f"--web.config.file={home.secrets / 'web.yml'}",
        ]  # fmt: skip
        log = folder / "log"
        with log.open("wb") as file:
            process = subprocess.Popen(command, stdout=file, stderr=file, cwd=folder)
        try:
            with clients.client(home.secrets, f"https://127.0.0.1:{port}") as http:
                if (
                    not _wait(lambda: process.poll() is not None or _ready(http), 60.0)
                    or process.poll() is not None
                ):
                    raise StackError("Alertmanager did not start", log.read_text(encoding="utf-8")[-2000:])
                yield Alertmanager(http), log
        finally:
            process.terminate()
            process.wait()


def _configuration(home: Home, way: Way) -> str:
    """The stack's own, with one route to one receiver."""
    source = home.config / "alertmanager"
    content = yaml.safe_load((source / "alertmanager.yml").read_text(encoding="utf-8"))
    content["templates"] = [str(source / place / "*.tmpl") for place in ("templates", "custom")]
    content["route"] = {"receiver": way.channel.name, "group_by": ["alertname"], **_PACE}
    content["receivers"] = [each for each in content["receivers"] if each["name"] == way.channel.name]
    content["inhibit_rules"] = []
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=10**9)
    # In a container they are elsewhere.
    there = content["global"]["slack_api_url_file"].removesuffix("/alertmanager/slack.url")
    return text.replace(f"{there}/", f"{home.secrets}/")


def _ready(http: httpx.Client) -> bool:
    try:
        return http.get("/-/ready").status_code == 200
    except httpx.HTTPError:
        return False


def _wait(condition: Callable[[], bool], limit: float) -> bool:
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK)
    return True
