"""`botobs alert test`, `botobs silence`, `botobs status` and `botobs runbook` against a real Alertmanager."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from botobs._ops.access.secrets import write_secret
from botobs._ops.cli import main
from botobs._ops.custom.overlay import with_routes
from botobs._ops.drills.sinks import Inbox, MailSink
from botobs._ops.home import state
from tests.support.alerting import Alerting
from tests.support.channels import Fake
from tests.support.waiting import eventually

Make = Callable[..., Alerting]
RULES = """
groups:
  - rules:
      - {alert: OrderGhost, labels: {severity: critical, area: orders, owner: trading, cause: "{{ $labels.x }}"}}
"""
Json = Callable[..., Any]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Json:
    """Runs a command with --json; returns its exit code and what it printed."""

    def call(alerting: Alerting, *words: str) -> tuple[int, Any]:
        capsys.readouterr()
        code = main([*words, "--home", str(alerting.home.path), "--json"])
        return code, json.loads(capsys.readouterr().out)

    return call


@pytest.fixture
def three(make: Make) -> Iterator[tuple[Alerting, Inbox, dict[str, Fake]]]:
    """An Alertmanager of a stack that runs, with mail, Slack and Telegram."""
    inbox = Inbox()
    with ExitStack() as around:
        mail = around.enter_context(MailSink(inbox))
        fakes = {name: around.enter_context(Fake(name)) for name in ("slack", "telegram")}
        alerting = make(
            mail.port,
            fakes["slack"].url,
            inbox,
            BOTOBS_ALERT_RECEIVER="email,slack,telegram",
            BOTOBS_TELEGRAM_URL=fakes["telegram"].address,
            BOTOBS_TELEGRAM_CHAT="-1001234567890",
        )
        write_secret(alerting.home.secrets / "alertmanager" / "telegram.token", "12:token\n")
        yield alerting, inbox, fakes


def test_a_test_goes_by_every_channel_and_the_answers_are_told(
    three: tuple[Alerting, Inbox, dict[str, Fake]], run: Json
) -> None:
    alerting, inbox, fakes = three
    code, answers = run(alerting, "alert", "test")
    assert code == 0, answers
    expected = [
        (name, status) for name in ("email", "slack", "telegram") for status in ("firing", "resolved")
    ]
    assert [(each["channel"], each["status"]) for each in answers] == expected
    firing, resolved = inbox.since()
    assert firing.subject.startswith("[WARNING] BotobsTest: ")
    assert resolved.subject.startswith("[RESOLVED] BotobsTest: ")
    assert [len(fake.taken) for fake in fakes.values()] == [2, 2]

    # The other side refuses, one secret is missing, and one channel is not set up.
    write_secret(
        alerting.home.secrets / "alertmanager" / "slack.url", f"{fakes['slack'].address}/services/other\n"
    )
    (alerting.home.secrets / "alertmanager" / "telegram.token").unlink()
    code, (slack, telegram) = run(
        alerting, "alert", "test", "--channel", "slack", "--channel", "telegram", "--patience", "8"
    )
    assert code == 1
    assert not slack["taken"]
    assert "404" in slack["said"]
    assert "no_service" in slack["said"]
    assert "/services/" not in slack["said"], "an address may be a secret"
    assert "telegram.token is missing or empty" in telegram["said"]
    rules = alerting.home.config / "prometheus" / "rules"
    rules.mkdir(parents=True)
    (rules / "a.yml").write_text(RULES, encoding="utf-8")
    code, answers = run(alerting, "alert", "test", "--as", "OrderGhost", "--channel", "email")
    assert code == 0, answers
    assert inbox.since()[-2].subject.startswith("[CRITICAL] OrderGhost: ")
    assert "First: Pause the bot" in inbox.since()[-2].text
    assert run(alerting, "alert", "test", "--as", "OrderGost")[0] == 1
    code, error = run(alerting, "alert", "test", "--channel", "discord")
    assert (code, error["error"]) == (1, "no alert goes by discord as the stack was last started")


def test_receivers_of_ones_own_are_tried_too(
    three: tuple[Alerting, Inbox, dict[str, Fake]], run: Json
) -> None:
    alerting, inbox, fakes = three
    config = alerting.home.config / "alertmanager" / "alertmanager.yml"
    slack = {
        "channel": "#desk",
        "api_url": fakes["slack"].url,
        "text": '{{ template "botobs.text" . }}',
        "mrkdwn_in": ["pretext"],
        "send_resolved": True,
    }
    desk = {
        "receivers": [
            {
                "name": "desk",
                "slack_configs": [slack],
                "email_configs": [{"to": "desk@example.com"}],
            }
        ],
        "routes": [{"receiver": "desk", "matchers": ['owner="trading"'], "continue": True}],
    }
    write_secret(config, with_routes(config.read_text(encoding="utf-8"), [desk]))
    code, answers = run(alerting, "alert", "test", "--channel", "desk")
    assert code == 0, answers
    assert [(each["channel"], each["status"]) for each in answers] == [
        ("desk", "firing"),
        ("desk", "resolved"),
    ]
    # By both of its ways; mail is not told of an end where nobody has asked for it.
    assert (len(fakes["slack"].taken), len(inbox.since())) == (2, 1)


def test_alerts_are_seen_by_urgency_silenced_and_looked_up(
    three: tuple[Alerting, Inbox, dict[str, Fake]], run: Json
) -> None:
    alerting, _, _ = three
    alerting.start()
    state.write(alerting.home, "test", "http://127.0.0.1:1", {"alertmanager": alerting.url}, publish=False)
    assert run(alerting, "status")[0] == 0
    for number in range(5):
        alerting.fire(f"AWarning{number}", severity="warning", service_name="m")
    assert run(alerting, "status")[0] == 0
    alerting.fire("ServiceErrorsHigh", severity="critical", service_name='eng"ine')
    alerting.fire("OrderGhost", severity="critical", area="orders", service_name="m", exchange_name="okx")

    code, status = run(alerting, "status")
    assert code == 1
    names = [alert["alert"] for alert in status["firing"]]
    assert names == ["ServiceErrorsHigh", "OrderGhost", *(f"AWarning{number}" for number in range(5))]

    for bad in (["alertname"], ["alertname=x", "--for", "soon"], ["alertname=x", "--until", "yesterday"]):
        assert run(alerting, "silence", "add", *bad, "--why", "planned")[0] == 2
    code, made = run(
        alerting, "silence", "add", "alertname=ServiceErrorsHigh", "area!=orders", "--for", "2h",
        "--by", "[red]me", "--why", "a deployment",
    )  # fmt: skip
    assert code == 0
    assert [labels["alertname"] for labels in made["alerts"]] == ["ServiceErrorsHigh"]
    code, ends = run(alerting, "silence", "add", "severity=critical", "--until", "23:59", "--why", "night")
    assert code == 0
    code, status = run(alerting, "status")
    assert (code, {each["state"] for each in status["firing"] if each["severity"] == "critical"}) == (
        0,
        {"silenced"},
    )

    code, listed = run(alerting, "silence")
    assert [(each["by"], each["why"]) for each in listed if each["id"] == made["id"]] == [
        ("[red]me", "a deployment")
    ]
    assert main(["silence", "list", "--home", str(alerting.home.path)]) == 0
    assert run(alerting, "silence", "expire", made["id"][:8], ends["id"])[0] == 0
    assert run(alerting, "silence")[1] == []
    assert eventually(lambda: run(alerting, "status")[0] == 1)

    code, page = run(alerting, "runbook", "serviceerrorshigh")
    assert code == 0
    assert page["name"] == "ServiceErrorsHigh"
    assert '"eng\\"ine"' in page["text"]
    assert "$service" not in page["text"]
