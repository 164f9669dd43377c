"""Who receives alerts is said from the configuration that Alertmanager reads."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from botobs._ops.custom.overlay import with_routes
from botobs._ops.home.home import Home
from botobs._ops.settings import receivers
from botobs._ops.settings.values import gather
from tests.support import configs

TRADING = """
receivers:
  - name: trading
    slack_configs: [{channel: "#t", api_url_file: /secrets/alertmanager/trading.url}]
    webhook_configs: [{url: "http://127.0.0.1:1"}]
routes:
  - {receiver: trading, matchers: [owner="trading"], continue: true}
"""


def _receivers(tmp_path: Path, values: dict[str, str], *own: str) -> receivers.Receivers:
    folder = tmp_path / "config" / "alertmanager"
    folder.mkdir(parents=True)
    given = gather(None, values, {})
    assert given.problems == ()
    text = configs.render(configs.ROOT / "alertmanager" / "alertmanager.yml", given.texts)
    layers = [yaml.safe_load(each) for each in own]
    (folder / "alertmanager.yml").write_text(with_routes(text, layers), encoding="utf-8")
    found = receivers.of_home(Home(tmp_path))
    assert found is not None
    return found


def test_nobody_is_a_warning(tmp_path: Path) -> None:
    found = _receivers(tmp_path, {})
    assert found.sentence == "alerts go to nobody"
    [warning] = found.warnings
    assert "nobody receives alerts" in warning
    assert "botobs config set alert_receiver email" in warning


@pytest.mark.parametrize(
    ("receiver", "channel"),
    [
        ("email", "mail to ops@example.com over smtp.example.com:587"),
        ("slack", "Slack to #orders"),
    ],
)
def test_one_channel_is_named_and_warned_of(tmp_path: Path, receiver: str, channel: str) -> None:
    values = {
        "BOTOBS_ALERT_RECEIVER": receiver,
        "BOTOBS_ALERT_EMAIL_TO": "ops@example.com",
        "BOTOBS_SMTP_HOST": "smtp.example.com",
        "BOTOBS_SMTP_PORT": "587",
        "BOTOBS_SLACK_CHANNEL": "#orders",
    }
    found = _receivers(tmp_path, values)
    assert found.sentence == f"alerts go by {channel}"
    warning = found.warnings[-1]
    assert f"go by {receiver} alone" in warning


def test_two_channels_are_no_warning(tmp_path: Path) -> None:
    _secret(tmp_path, "slack.url", "https://hooks.example.com/x\n")
    found = _receivers(tmp_path, {"BOTOBS_ALERT_RECEIVER": "email_and_slack"})
    assert len(found.channels) == 2
    assert found.warnings == []


def test_what_orders_do_not_reach_is_no_second_way(tmp_path: Path) -> None:
    _secret(tmp_path, "slack.url", "https://hooks.example.com/x\n")
    values = {"BOTOBS_ALERT_RECEIVER": "email", "BOTOBS_ALERT_SLACK": "area=database|pipeline"}
    found = _receivers(tmp_path, values)
    assert 'Slack to #alerts (area=~"database|pipeline")' in found.sentence
    [warning] = found.warnings
    assert "alerts about orders go by email alone" in warning


@pytest.mark.parametrize(
    ("channel", "secrets", "said"),
    [
        ("slack", {}, "slack.url is missing or empty; it holds the address of an incoming webhook"),
        ("discord", {"discord.url": " \n"}, "discord.url is missing or empty"),
        ("pushover", {"pushover.token": "a", "pushover.user": "u\n"}, "pushover.user has a line end"),
        ("telegram", {"telegram.token": "1:a"}, "no chat is set"),
    ],
)
def test_a_channel_without_its_secrets_is_a_warning(
    tmp_path: Path, channel: str, secrets: dict[str, str], said: str
) -> None:
    for file, text in secrets.items():
        _secret(tmp_path, file, text)
    found = _receivers(tmp_path, {"BOTOBS_ALERT_RECEIVER": f"email,{channel}"})
    assert any(said in warning for warning in found.warnings), found.warnings


def _secret(home: Path, file: str, text: str) -> None:
    folder = home / "secrets" / "alertmanager"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file).write_text(text, encoding="utf-8")


def test_receivers_of_ones_own_count(tmp_path: Path) -> None:
    found = _receivers(tmp_path, {}, TRADING)
    assert found.name == "trading"
    assert found.channels == (
        'Slack to #t for trading (owner="trading")',
        'webhook for trading (owner="trading")',
    )
    missing = tmp_path / "secrets" / "alertmanager" / "trading.url"
    [warning] = found.warnings
    assert warning == f"alerts cannot go by trading: {missing} is missing or empty"
    found = _receivers(tmp_path / "mail", {"BOTOBS_ALERT_RECEIVER": "email"}, TRADING)
    ways = found.ways_of({"alertname": "A", "owner": "trading"})
    assert [way.channel.name for way in ways] == ["trading", "trading", "email"]
    assert found.name == "trading,email"


def test_a_route_of_ones_own_that_takes_alerts_away_from_the_others_is_heeded(tmp_path: Path) -> None:
    desk = "receivers: [{name: desk, webhook_configs: [{url: http://127.0.0.1:1}]}]\n"
    silent = "receivers: [{name: silent}]\nroutes: [{receiver: silent, matchers: [area=orders]}]\n"
    _secret(tmp_path, "slack.url", "https://hooks.example.com/x\n")
    values = {"BOTOBS_ALERT_RECEIVER": "email,slack"}
    found = _receivers(tmp_path, values, desk + "routes: [{receiver: desk, matchers: [area=orders]}]\n")
    assert "alerts about orders go by desk alone" in found.warnings[-1]
    _secret(tmp_path / "b", "slack.url", "https://hooks.example.com/x\n")
    assert "alerts about orders go to nobody" in _receivers(tmp_path / "b", values, silent).warnings[-1]


def test_a_home_that_was_never_rendered_has_none(tmp_path: Path) -> None:
    assert receivers.of_home(Home(tmp_path)) is None
