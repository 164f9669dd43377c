"""amtool says where each alert of the rules goes."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest

from botobs._ops.home.render import render_tree
from botobs._ops.programs.binaries import Binaries, Silent
from botobs._ops.settings import channels
from tests.support import rules
from tests.support.alerting import Alerting, Sinks
from tests.support.configs import ROOT
from tests.support.rules import Rule
from tests.support.waiting import eventually

_SETTINGS = {
    "BOTOBS_SECRETS": "/secrets",
    "BOTOBS_ALERT_EMAIL": channels.ALL,
    "BOTOBS_ALERT_SLACK": channels.ALL,
    "BOTOBS_DEADMAN_RECEIVER": "deadman",
}
#: The routes, as amtool draws them.
SWITCH, ORDERS, URGENT, CAUSE, CRITICAL, DEFAULT = (
    '{alertname="Watchdog"}',
    '{area="orders"}',
    '{urgency="now"}',
    '{depends_on="",severity="critical"}',
    '{severity="critical"}',
    "default-route",
)


def _config(folder: Path, **settings: str) -> Path:
    render_tree(ROOT / "alertmanager", folder, {**_SETTINGS, **settings}, frozenset({"build"}))
    return folder / "alertmanager.yml"


@pytest.fixture(scope="module")
def amtool() -> Path:
    """The program."""
    binaries = Binaries()
    binaries.require(["alertmanager"], Silent())
    return binaries["amtool"]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Alertmanager's configuration with everything set up."""
    return _config(tmp_path_factory.mktemp("alertmanager"))


def _route(amtool: Path, config: Path, labels: Mapping[str, str]) -> tuple[str, str]:
    # A label that is worked out when the alert fires is no part of any route.
    words = [f"{name}={value}" for name, value in labels.items() if "{{" not in value]
    command: list[str | Path] = [amtool, "config", "routes", "test", f"--config.file={config}", "--tree"]
    done = subprocess.run([*command, *words], capture_output=True, text=True, check=True)
    *tree, receivers = done.stdout.strip().splitlines()
    [route] = [each for each in (SWITCH, ORDERS, URGENT, CAUSE, CRITICAL) if each in "".join(tree)] or [
        DEFAULT
    ]
    return route, receivers


def _expected(rule: Rule) -> tuple[str, str]:
    if rule.name == "Watchdog":
        return SWITCH, "deadman"
    if rule.labels["area"] == "orders":
        return ORDERS, "email,slack"
    if rule.labels.get("urgency") == "now":
        return URGENT, "email,slack"
    critical = CRITICAL if "depends_on" in rule.labels else CAUSE
    return (critical if rule.labels["severity"] == "critical" else DEFAULT), "email,slack"


def _alerts(folder: Path) -> list[Rule]:
    return [rule for rule in rules.read(rules.render(folder)) if rule.is_alert]


def test_every_alert_has_its_route(amtool: Path, config: Path, tmp_path: Path) -> None:
    alerts = _alerts(tmp_path)
    found = {rule.title: _route(amtool, config, {"alertname": rule.name, **rule.labels}) for rule in alerts}
    assert found == {rule.title: _expected(rule) for rule in alerts}
    assert {route for route, _ in found.values()} == {SWITCH, ORDERS, URGENT, CAUSE, CRITICAL, DEFAULT}


@pytest.mark.parametrize(
    ("receiver", "found"), [("nobody", "nobody"), ("email", "email"), ("teams,webhook", "teams,webhook")]
)
def test_the_receiver_is_a_setting(amtool: Path, tmp_path: Path, receiver: str, found: str) -> None:
    folder = tmp_path / "config"
    settings = {"BOTOBS_SECRETS": "/secrets", **channels.expanded({"BOTOBS_ALERT_RECEIVER": receiver})}
    render_tree(ROOT / "alertmanager", folder, settings, frozenset({"build"}))
    for labels in ({"severity": "warning"}, {"severity": "critical"}, {"area": "orders"}):
        receivers = _route(amtool, folder / "alertmanager.yml", {"alertname": "A", **labels})[1]
        assert receivers == found


URGENT_ALERTS = [
    pytest.param("OrderOutcomeUnknown", {"area": "orders"}, "ORDERS", id="orders"),
    pytest.param("ServiceHeartbeatLost", {"urgency": "now", "depends_on": "pipeline"}, "ORDERS", id="now"),
    pytest.param("DatabaseDown", {"cause": "database"}, "ORDERS", id="no cause"),
    pytest.param("BotHeartbeatLost", {"depends_on": "pipeline"}, "CRITICAL", id="critical"),
]


@pytest.mark.parametrize(("name", "labels", "pace"), URGENT_ALERTS)
def test_another_alert_of_a_group_that_was_told_of_does_not_wait_for_the_next_minute(
    make: Callable[..., Alerting], sinks: Sinks, name: str, labels: dict[str, str], pace: str
) -> None:
    never, at_once = {"BOTOBS_ALERT_GROUP_INTERVAL": "1h"}, {f"BOTOBS_ALERT_GROUP_INTERVAL_{pace}": "1s"}
    alerting = make(sinks.mail.port, sinks.slack.url, sinks.inbox, **never, **at_once)
    alerting.start()
    for number in range(1, 4):
        alerting.fire(name, severity="critical", botobs_bot_id=f"bot-{number}", **labels)
        # The first message, and one for each that joins the group.
        assert eventually(partial(_is_told, alerting, name, number))


def _is_told(alerting: Alerting, name: str, times: int) -> bool:
    return alerting.channels(name) == sorted(["email", "slack"] * times)
