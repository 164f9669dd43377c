"""Prometheus falls while an alert is pending, and while it fires: its time counts, and nobody is told twice."""

from __future__ import annotations

from datetime import datetime

import pytest

from botobs._ops.access.secrets import write_secret
from botobs._ops.drills.sinks import Inbox, MailSink, slack_sink
from testbed.stack import LiveStack
from tests.support.faults import held, pause, struck
from tests.support.waiting import eventually

#: Alertmanager takes an alert for over after four resend delays, and a new one would need its `for` again.
RESEND, LASTING = 4, 60


def test_an_alert_goes_on_where_it_was_after_a_restart(long_profile: bool) -> None:
    if not long_profile:
        pytest.skip("takes some minutes: make drills")
    inbox = Inbox()
    with MailSink(inbox) as mail, slack_sink(inbox) as slack:
        variables = {
            "BOTOBS_FOR_SHORT": f"{LASTING}s",
            "BOTOBS_ALERT_RESEND_DELAY": f"{RESEND}s",
            "BOTOBS_ALERT_GROUP_WAIT": "1s",
            "BOTOBS_ALERT_GROUP_INTERVAL": "1s",
            "BOTOBS_ALERT_GROUP_INTERVAL_CRITICAL": "1s",
            "BOTOBS_ALERT_GROUP_INTERVAL_ORDERS": "1s",
            "BOTOBS_ALERT_RECEIVER": "email,slack",
            "BOTOBS_SMTP_HOST": "127.0.0.1",
            "BOTOBS_SMTP_PORT": str(mail.port),
            "BOTOBS_SMTP_REQUIRE_TLS": "false",
        }
        live = LiveStack(variables)
        live.home.create()
        write_secret(live.home.secrets / "alertmanager" / "slack.url", slack.url)

        def reported(resolved: bool) -> list[str]:
            messages = [each for each in inbox.since() if each.alert == "ScrapeDown"]
            return sorted(message.channel for message in messages if message.resolved is resolved)

        def begun() -> list[datetime]:
            with live.client("prometheus") as http:
                alerts = http.get("/api/v1/alerts").json()["data"]["alerts"]
            mine = [alert for alert in alerts if alert["labels"]["alertname"] == "ScrapeDown"]
            return [datetime.fromisoformat(alert["activeAt"]) for alert in mine]

        with live:
            with held(live, "tempo"):
                assert eventually(begun, within=120)
                [before] = begun()
                pause(LASTING / 3)
                struck(live, "prometheus")

                def went_on() -> bool:
                    # The time without Prometheus does not count, the time before does.
                    return any((moment - before).total_seconds() < LASTING / 6 for moment in begun())

                # It is restored after the first evaluation.
                assert eventually(went_on, within=15)

                assert eventually(lambda: reported(False) == ["email", "slack"], within=240)
                struck(live, "prometheus")
                pause(LASTING + 4 * RESEND)
                assert (reported(False), reported(True)) == (["email", "slack"], [])
            assert eventually(lambda: reported(True) == ["email", "slack"], within=120)
