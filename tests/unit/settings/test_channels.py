"""Which alerts go by which channel: what people may write, and what Alertmanager gets."""

from __future__ import annotations

import pytest
import yaml

from botobs._ops.settings import channels
from botobs._ops.settings.channels import ALERTS, RECEIVERS
from botobs._ops.settings.values import gather
from tests.support import configs

CONFIG = configs.load("alertmanager/alertmanager.yml")


@pytest.mark.parametrize(
    ("text", "matchers"),
    [
        ("all", ['alertname!=""']),
        ("None", ['alertname=""']),
        ("severity=critical", ['severity="critical"']),
        ("area=orders|bots owner=trading", ['area=~"orders|bots"', 'owner="trading"']),
        ("severity!=warning,area!=bots|database", ['severity!="warning"', 'area!~"bots|database"']),
        ('[severity="critical", area=~"orders|bots"]', ['severity="critical"', 'area=~"orders|bots"']),
    ],
)
def test_what_people_write_is_a_list_of_matchers(text: str, matchers: list[str]) -> None:
    read = ALERTS.read(text)
    assert yaml.safe_load(read) == matchers
    assert ALERTS.read(read) == read


@pytest.mark.parametrize(
    "text", ["", "critical", "severity=", "[", "[1]", "[]", "severity=~(", 'a="b" c', "{a: b}", "a=b\nc=d]"]
)
def test_what_is_no_matcher_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        ALERTS.read(text)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("email", "email"),
        ("email_and_slack", "email,slack"),
        ("slack , email,slack", "slack,email"),
        ("nobody", "nobody"),
    ],
)
def test_several_channels_have_commas(text: str, read: str) -> None:
    assert RECEIVERS.read(text) == read


@pytest.mark.parametrize("text", ["pigeon", "email,", "email,nobody", ""])
def test_what_is_no_channel_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        RECEIVERS.read(text)


def test_a_channel_of_its_own_setting_wins_over_the_list() -> None:
    given = gather(
        None, {}, {"BOTOBS_ALERT_RECEIVER": "email,pagerduty", "BOTOBS_ALERT_PAGERDUTY": "area=orders"}
    )
    assert given.problems == ()
    assert given.texts["BOTOBS_ALERT_EMAIL"] == channels.ALL
    assert given.texts["BOTOBS_ALERT_PAGERDUTY"] == '[area="orders"]'
    assert given.origins["BOTOBS_ALERT_EMAIL"] == "environment"
    assert "BOTOBS_ALERT_SLACK" not in given.texts


def test_every_channel_has_a_route_a_receiver_and_secrets_in_files() -> None:
    receivers = {receiver["name"]: receiver for receiver in CONFIG["receivers"]}
    assert receivers.keys() == {*channels.BY_NAME, "nobody", "deadman"}
    routes = [route for route in CONFIG["route"]["routes"] if route["receiver"] in channels.BY_NAME]
    assert [route["receiver"] for route in routes] == list(channels.BY_NAME)
    assert all(route["continue"] and route["routes"] == routes[0]["routes"] for route in routes)
    for channel in channels.CHANNELS:
        text = str(receivers[channel.name])
        assert "'send_resolved': True" in text
        # Slack's address is in the part that all share.
        assert all(
            f"/secrets/alertmanager/{file}" in text + str(CONFIG["global"]) for file in channel.secrets
        )
