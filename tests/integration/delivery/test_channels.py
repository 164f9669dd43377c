"""Messages arrive by mail and by Slack, whatever one of the two does meanwhile."""

from __future__ import annotations

import ssl
import statistics
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from botobs._ops.access.secrets import write_secret
from botobs._ops.components.ports import free_ports
from botobs._ops.drills.sinks import HttpSink, Inbox, MailSink, slack_sink
from tests.support.alerting import Alerting, Sinks, quiet_for
from tests.support.waiting import eventually

#: Builds an Alertmanager: see conftest.py.
Make = Callable[..., Alerting]

BOTH = ["email", "slack"]


def test_a_message_says_what_where_since_when_and_what_to_do(alerting: Alerting) -> None:
    alerting.fire("DatabaseDown", severity="critical", area="database", service_name="postgres")
    assert eventually(lambda: alerting.channels("DatabaseDown") == BOTH)
    for message in alerting.reported("DatabaseDown"):
        assert message.subject.startswith("[CRITICAL] DatabaseDown: postgres, test, since 20")
        for words in ("DatabaseDown is on", "It is 1 (limit 0).", "botobs runbook DatabaseDown"):
            assert words in message.text


def test_the_end_is_told_once_by_both(alerting: Alerting) -> None:
    alerting.fire("DatabaseDown", severity="critical", service_name="postgres")
    assert eventually(lambda: alerting.channels("DatabaseDown") == BOTH)
    alerting.resolve("DatabaseDown", severity="critical", service_name="postgres")
    assert eventually(lambda: alerting.channels("DatabaseDown", resolved=True) == BOTH)
    quiet_for(3)
    assert alerting.channels("DatabaseDown", resolved=True) == BOTH


def test_many_bots_are_one_message(alerting: Alerting) -> None:
    for number in range(5):
        alerting.fire(
            "BotFailed", severity="warning", area="bots", service_name="m", botobs_bot_id=f"b{number}"
        )
    assert eventually(lambda: alerting.channels("BotFailed") == BOTH)
    for message in alerting.reported("BotFailed"):
        assert "BotFailed (5): m, test" in message.subject
        assert "Bot b4." in message.text


def test_a_group_of_which_one_is_over_says_how_many_are_left(alerting: Alerting) -> None:
    for bot in ("b1", "b2"):
        alerting.fire("BotFailed", severity="warning", area="bots", service_name="m", botobs_bot_id=bot)
    assert eventually(lambda: alerting.channels("BotFailed") == BOTH)
    alerting.resolve("BotFailed", severity="warning", area="bots", service_name="m", botobs_bot_id="b1")
    assert eventually(lambda: alerting.channels("BotFailed") == sorted(BOTH * 2))
    for message in alerting.reported("BotFailed")[2:]:
        assert "BotFailed (1 of 2): m, test" in message.subject
        # Whoever is woken reads what is wrong before what no longer is.
        assert "Bot b2." in message.text
        assert "Bot b1." not in message.text
        assert "Over: 1 of 2: bot b1, after 1m" in message.text


def test_mail_with_a_login_over_starttls(make: Make, certificate: tuple[Path, ssl.SSLContext]) -> None:
    authority, context = certificate
    inbox = Inbox()
    with (
        MailSink(inbox, tls=context, login=("botobs", "a-mail-password")) as mail,
        slack_sink(inbox) as slack,
    ):
        alerting = make(
            mail.port,
            slack.url,
            inbox,
            BOTOBS_SMTP_REQUIRE_TLS="true",
            BOTOBS_SMTP_USERNAME="botobs",
            BOTOBS_SMTP_CA=str(authority),
        )
        write_secret(alerting.home.secrets / "alertmanager" / "smtp.password", "a-mail-password")
        alerting.start()
        alerting.fire("DatabaseDown", severity="critical")
        assert eventually(lambda: alerting.channels("DatabaseDown") == BOTH)
        assert set(mail.logins) == {"botobs"}


def test_no_mail_without_encryption_where_it_is_demanded(make: Make, sinks: Sinks) -> None:
    alerting = make(sinks.mail.port, sinks.slack.url, sinks.inbox, BOTOBS_SMTP_REQUIRE_TLS="true")
    alerting.start()
    alerting.fire("DatabaseDown", severity="critical")
    assert eventually(lambda: alerting.channels("DatabaseDown") == ["slack"])
    assert eventually(lambda: alerting.metric("alertmanager_notifications_failed_total", integration="email"))
    assert alerting.channels("DatabaseDown") == ["slack"]


def test_slack_delivers_while_the_mail_server_is_down_and_mail_follows(make: Make) -> None:
    inbox = Inbox()
    with slack_sink(inbox) as slack:
        late = MailSink(inbox)
        alerting = make(late.port, slack.url, inbox)
        alerting.start()
        alerting.fire("OrderOutcomeUnknown", severity="critical", area="orders")
        assert eventually(lambda: alerting.channels("OrderOutcomeUnknown") == ["slack"])
        with late:
            assert eventually(lambda: alerting.channels("OrderOutcomeUnknown") == BOTH, within=180)


def test_a_proxy_is_the_way_out(make: Make, sinks: Sinks) -> None:
    """To a host whose name nobody here resolves."""
    alerting = make(
        sinks.mail.port, "http://hooks.example/services/x", sinks.inbox, BOTOBS_ALERT_PROXY=sinks.slack.url
    )
    alerting.start()
    alerting.fire("DatabaseDown", severity="critical")
    assert eventually(lambda: alerting.channels("DatabaseDown") == BOTH)


def test_some_hosts_are_reached_without_the_proxy(make: Make, sinks: Sinks) -> None:
    nobody = f"http://127.0.0.1:{free_ports(1)[0]}"
    alerting = make(
        sinks.mail.port,
        sinks.slack.url,
        sinks.inbox,
        BOTOBS_ALERT_PROXY=nobody,
        BOTOBS_ALERT_NO_PROXY="hooks.example,127.0.0.0/8",
    )
    alerting.start()
    alerting.fire("DatabaseDown", severity="critical")
    assert eventually(lambda: alerting.channels("DatabaseDown") == BOTH)


@pytest.mark.parametrize("status", [429, 500])
def test_slack_is_tried_again(make: Make, status: int) -> None:
    inbox = Inbox()
    with MailSink(inbox) as mail, slack_sink(inbox, refuse=[status, status]) as slack:
        alerting = make(mail.port, slack.url, inbox)
        alerting.start()
        alerting.fire("DatabaseDown", severity="critical")
        assert eventually(lambda: alerting.channels("DatabaseDown") == BOTH, within=180)
        assert slack.statuses == [status, status, 200]


def test_mail_is_told_while_nobody_answers_for_slack(make: Make, sinks: Sinks) -> None:
    alerting = make(sinks.mail.port, f"http://127.0.0.1:{free_ports(1)[0]}", sinks.inbox)
    alerting.start()
    alerting.fire("DatabaseDown", severity="critical")
    assert eventually(lambda: alerting.channels("DatabaseDown") == ["email"])


def test_the_watchdog_is_posted_in_every_interval(make: Make, sinks: Sinks) -> None:
    heard: list[float] = []
    with HttpSink(lambda _path, _body: heard.append(time.monotonic())) as switch:
        settings = {"BOTOBS_DEADMAN_RECEIVER": "deadman", "BOTOBS_DEADMAN_INTERVAL": "1s"}
        alerting = make(sinks.mail.port, sinks.slack.url, sinks.inbox, **settings)
        write_secret(alerting.home.secrets / "alertmanager" / "deadman.url", switch.url)
        alerting.start()
        alerting.fire("Watchdog", severity="none")
        assert eventually(lambda: len(heard) > 8, within=120)
    # With every other one left out the middle one would be two.
    pauses = [later - earlier for earlier, later in pairwise(heard)]
    assert statistics.median(pauses) < 1.5
    assert sinks.inbox.since() == []
