"""Critical alerts that no drill of `botobs drill` raises reach the mailbox and Slack from a real fault, and end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from botobs._ops.access.secrets import write_secret
from botobs._ops.drills.profile import TEST
from botobs._ops.drills.sinks import Inbox, MailSink, slack_sink
from testbed.stack import LiveStack
from tests.drills._played import IN_FLIGHT, PLAYED, QUEUE, Played
from tests.support.waiting import eventually


@dataclass(frozen=True)
class Stage:
    """A stack without the demo, and who is told."""

    played: Played
    inbox: Inbox

    def reported(self, alert: str, since: float, what: str) -> set[str]:
        """Channels by which an alert was told with a severity, or as resolved."""
        return {
            each.channel
            for each in self.inbox.since(since)
            if each.alert == alert and each.subject.startswith(f"[{what.upper()}]")
        }


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """At the pace of the drills."""
    inbox = Inbox()
    with MailSink(inbox) as mail, slack_sink(inbox) as slack:
        live = LiveStack(
            {
                **TEST.variables,
                "BOTOBS_ALERT_RECEIVER": "email,slack",
                "BOTOBS_SMTP_HOST": "127.0.0.1",
                "BOTOBS_SMTP_PORT": str(mail.port),
                "BOTOBS_SMTP_REQUIRE_TLS": "false",
                "BOTOBS_COLLECTOR_TRACES_QUEUE_BYTES": str(QUEUE),
                "BOTOBS_THRESHOLD_ORDER_IN_FLIGHT_SECONDS": str(IN_FLIGHT),
            }
        )
        live.home.create()
        write_secret(live.home.secrets / "alertmanager" / "slack.url", slack.url)
        with live:
            yield Stage(Played(live, slack), inbox)


@pytest.mark.parametrize("alert", PLAYED)
def test_it_arrives_and_ends(stage: Stage, alert: str) -> None:
    case = PLAYED[alert]
    assert eventually(lambda: not stage.played.firing(alert), within=120)
    began = time.time()
    with case.fault(stage.played):
        assert eventually(
            lambda: stage.reported(alert, began, case.severity) >= set(case.channels), within=180
        )
    assert eventually(lambda: stage.reported(alert, began, "resolved") >= set(case.channels), within=180)
