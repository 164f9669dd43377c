"""Two Alertmanagers, every alert sent to both: people are told once per channel, with both and with one of them."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from botobs._ops.access.secrets import write_secret
from botobs._ops.drills.sinks import Inbox, MailSink, slack_sink
from testbed.stack import LiveStack
from tests.support.faults import held, pause
from tests.support.waiting import eventually

#: Seconds that the second waits for word of the first. Groups must be looked at more seldom (docs/scale-out.md).
_PEER_TIMEOUT, _GROUP_INTERVAL = 2, 8
#: Seconds after which a message too many would have come.
_QUIET = 12


@dataclass(frozen=True)
class Alerted:
    """A cluster, and who is told by it."""

    live: LiveStack
    inbox: Inbox

    def reported(self, instance: str, resolved: bool) -> list[str]:
        """Channels by which it was told that an instance cannot be scraped, each as often as it was."""
        return sorted(
            message.channel
            for message in self.inbox.since()
            if message.alert == "ScrapeDown" and message.resolved is resolved and instance in message.text
        )


@pytest.fixture(scope="module")
def alerted() -> Iterator[Alerted]:
    """A cluster that mails and writes to Slack, at a pace that keeps a test short."""
    inbox = Inbox()
    with MailSink(inbox) as mail, slack_sink(inbox) as slack:
        variables = {
            "BOTOBS_FOR_SHORT": "3s",
            "BOTOBS_ALERT_RESEND_DELAY": "3s",
            "BOTOBS_ALERT_GROUP_WAIT": "1s",
            "BOTOBS_ALERT_GROUP_INTERVAL": f"{_GROUP_INTERVAL}s",
            "BOTOBS_ALERT_RECEIVER": "email,slack",
            "BOTOBS_ALERTMANAGER_PEER_TIMEOUT": f"{_PEER_TIMEOUT}s",
            "BOTOBS_SMTP_HOST": "127.0.0.1",
            "BOTOBS_SMTP_PORT": str(mail.port),
            "BOTOBS_SMTP_REQUIRE_TLS": "false",
        }
        live = LiveStack(variables, cluster=True)
        live.home.create()
        write_secret(live.home.secrets / "alertmanager" / "slack.url", slack.url)
        with live:
            yield Alerted(live, inbox)


def _told_once(alerted: Alerted, part: str) -> None:
    both = ["email", "slack"]
    address = alerted.live.stack.addresses[part].removeprefix("https://")
    with held(alerted.live, part):
        assert eventually(lambda: alerted.reported(address, False) == both, within=120)
        pause(_QUIET)
        assert alerted.reported(address, False) == both
    assert eventually(lambda: alerted.reported(address, True) == both, within=120)
    pause(_QUIET)
    assert (alerted.reported(address, False), alerted.reported(address, True)) == (both, both)


def test_both_tell_once(alerted: Alerted) -> None:
    _told_once(alerted, "tempo-compactor")


def test_one_tells_once_when_the_other_is_dead(alerted: Alerted) -> None:
    live = alerted.live
    live.call(live.supervisor.hold("alertmanager-0", signal.SIGKILL))
    try:
        _told_once(alerted, "tempo-querier")
    finally:
        live.call(live.supervisor.resume("alertmanager-0"))
