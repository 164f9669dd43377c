"""Prometheus falls while a slow alert fires: it is neither told to be over nor told anew."""

from __future__ import annotations

import signal

import pytest

from botobs.drills.sinks import Inbox, MailSink, slack_sink
from botobs.stack.secrets import write_secret
from tests.support.faults import held, pause, struck
from tests.support.stack import LiveStack, eventually

#: Alertmanager takes an alert for over after four resend delays, and a new one would need its `for` again.
RESEND, LASTING = 4, 40


def test_a_firing_alert_is_neither_over_nor_new_after_a_restart(long_profile: bool) -> None:
    if not long_profile:
        pytest.skip("takes some minutes: make drills")
    inbox = Inbox()
    with MailSink(inbox) as mail, slack_sink(inbox) as slack:
        variables = {
            "BOTOBS_FOR_SHORT": f"{LASTING}s",
            "BOTOBS_ALERT_RESEND_DELAY": f"{RESEND}s",
            "BOTOBS_ALERT_GROUP_WAIT": "1s",
            "BOTOBS_ALERT_GROUP_INTERVAL": "1s",
            "BOTOBS_ALERT_RECEIVER": "email_and_slack",
            "BOTOBS_SMTP_HOST": "127.0.0.1",
            "BOTOBS_SMTP_PORT": str(mail.port),
            "BOTOBS_SMTP_REQUIRE_TLS": "false",
        }
        live = LiveStack(variables)
        live.home.create()
        write_secret(live.home.secrets / "alertmanager" / "slack.url", slack.url)

        def told(resolved: bool) -> list[str]:
            messages = [each for each in inbox.since() if each.alert == "ScrapeDown"]
            return sorted(message.channel for message in messages if message.resolved is resolved)

        with live:
            with held(live, "tempo"):
                assert eventually(lambda: told(False) == ["email", "slack"], within=240)
                struck(live, "prometheus", signal.SIGKILL)
                pause(LASTING + 4 * RESEND)
                assert (told(False), told(True)) == (["email", "slack"], [])
            assert eventually(lambda: told(True) == ["email", "slack"], within=120)
