"""The sinks take what Alertmanager sends, over real sockets."""

from __future__ import annotations

import smtplib
import time

import httpx
import pytest

from botobs._ops.drills.deadman import ALERT, Deadman, Mailer
from botobs._ops.drills.sinks import Inbox, MailSink, Message, slack_sink
from tests.support.waiting import eventually


@pytest.mark.parametrize(
    ("subject", "alert", "resolved"),
    [
        ("[CRITICAL] DatabaseDown: postgres, test, since 2026-01-01 00:00:00 UTC", "DatabaseDown", False),
        ("[WARNING] BotFailed (3): okx, test, since 2026-01-01 00:00:00 UTC", "BotFailed", False),
        ("[WARNING] BotFailed (1 of 3): okx, test, since 2026-01-01 00:00:00 UTC", "BotFailed", False),
        ("[RESOLVED] DatabaseDown: test, since 2026-01-01 00:00:00 UTC", "DatabaseDown", True),
        ("Your invoice", "", False),
    ],
)
def test_subjects(subject: str, alert: str, resolved: bool) -> None:
    message = Message("email", subject, "", 0.0)
    assert (message.alert, message.resolved) == (alert, resolved)


def test_a_mail_arrives_as_it_was_sent() -> None:
    inbox = Inbox()
    before = time.time()
    with MailSink(inbox) as sink:
        Mailer("127.0.0.1", sink.port, starttls=False)("[CRITICAL] A: b, since c", "text of the mail\n")
    [message] = inbox.since()
    assert (message.channel, message.subject, message.text.strip()) == (
        "email",
        "[CRITICAL] A: b, since c",
        "text of the mail",
    )
    assert before <= message.at <= time.time()


def test_a_mail_server_that_wants_a_login_takes_nothing_without() -> None:
    inbox = Inbox()
    with MailSink(inbox, login=("me", "secret")) as sink, pytest.raises(smtplib.SMTPException):
        Mailer("127.0.0.1", sink.port, starttls=False)("subject", "text")
    assert inbox.since() == []


def test_mail_is_not_sent_in_the_clear_unless_that_is_said() -> None:
    inbox = Inbox()
    with MailSink(inbox) as sink, pytest.raises(smtplib.SMTPNotSupportedError):
        Mailer("127.0.0.1", sink.port)("subject", "text")
    assert inbox.since() == []


def test_slack_refuses_as_often_as_it_was_told_to() -> None:
    inbox = Inbox()
    body = {"attachments": [{"title": "[WARNING] A: b, since c", "text": "d"}]}
    with slack_sink(inbox, refuse=[429, 500]) as sink:
        statuses = [httpx.post(sink.url, json=body, trust_env=False).status_code for _ in range(3)]
    assert statuses == sink.statuses == [429, 500, 200]
    [message] = inbox.since()
    assert (message.channel, message.alert, message.text) == ("slack", "A", "d")


def test_a_switch_that_hears_nothing_says_so_and_says_when_it_hears_again() -> None:
    inbox = Inbox()
    with MailSink(inbox) as sink:
        tell = Mailer("127.0.0.1", sink.port, starttls=False)
        with Deadman(tell, "a stack", silence=1.0) as deadman:
            assert eventually(inbox.since)
            httpx.post(deadman.url, json={}, trust_env=False).raise_for_status()
            assert eventually(lambda: len(inbox.since()) >= 2)
    messages = inbox.since()
    assert messages[0].subject.startswith(f"[CRITICAL] {ALERT}: a stack, since 20")
    assert messages[1].subject.startswith(f"[RESOLVED] {ALERT}: a stack, since 20")


def test_a_switch_that_hears_something_is_quiet() -> None:
    inbox = Inbox()
    with Deadman(lambda subject, text: inbox.add("email", subject, text), silence=3600) as deadman:
        httpx.post(deadman.url, json={}, trust_env=False).raise_for_status()
        assert deadman.heard > 0
    assert inbox.since() == []


def test_a_switch_is_not_kept_quiet_by_strangers() -> None:
    with Deadman(lambda *_: None, secret="known-to-alertmanager") as deadman:
        stranger = deadman.url.replace("known-to-alertmanager", "guessed")
        assert httpx.post(stranger, json={}, trust_env=False).status_code == 404
        assert deadman.heard == 0


def test_a_switch_tries_again_when_the_mail_server_is_away() -> None:
    attempts: list[str] = []

    def tell(subject: str, _text: str) -> None:
        attempts.append(subject)
        if len(attempts) == 1:
            raise ConnectionRefusedError

    with Deadman(tell, silence=0.5):
        assert eventually(lambda: len(attempts) >= 2)
    assert attempts[0] == attempts[1]
