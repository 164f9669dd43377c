"""What `botobs why` prints."""

from __future__ import annotations

import pytest

from botobs._ops.cli import why as command
from botobs._ops.why import Alert, Answer, Explanation, Subject
from botobs._ops.why.answer import Change, Evidence


def _alert(name: str, **labels: str) -> Alert:
    return Alert(
        name, {"severity": "critical", **labels}, True, 1_700_000_000.0, 1.0, f"{name} [now]", "", ""
    )


def test_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    asked, other = _alert("OrderRejectsHigh", exchange_name="binance"), _alert("ExchangeClockOffset")
    subject = Subject("alert", asked.name, (asked,), asked.summary, "{ }")
    evidence = Evidence(
        (asked, other), changes=(Change("engine", 2, ("1.4",)),), messages=(("create_order: [redacted]", 3),)
    )
    found = (Explanation(other.name, other.summary, ("it began before",), 2.0, other.name),)
    command._show(Answer(subject, evidence, found))
    shown = capsys.readouterr().out
    assert "First guess\n  ExchangeClockOffset: ExchangeClockOffset [now]\n    it began before\n" in shown
    assert "botobs runbook ExchangeClockOffset says what to do." in shown
    assert "In the quarter of an hour before, engine started 2 processes of the new version 1.4." in shown
    assert "3 times: create_order: [redacted]" in shown
    assert "[bold]" not in shown


def test_nothing_explains_it(capsys: pytest.CaptureFixture[str]) -> None:
    asked = _alert("DatabaseDown")
    subject = Subject("alert", asked.name, (asked,), asked.summary, "{ }")
    command._show(Answer(subject, Evidence((asked,))))
    shown = capsys.readouterr().out
    assert "Nothing that is known explains it" in shown
    assert "botobs runbook DatabaseDown says what to look at." in shown


def test_the_same_alert_of_many_bots_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    asked = _alert("ExchangeBanned", exchange_name="okx")
    bots = tuple(_alert("BotFailed", exchange_name="okx", botobs_bot_id=f"bot-{n}") for n in range(30))
    subject = Subject("alert", asked.name, (asked,), asked.summary, "{ }")
    command._show(Answer(subject, Evidence((asked, *bots, _alert("DatabaseDown", service_name="db")))))
    shown = capsys.readouterr().out
    assert "BotFailed     okx (30 of them)" in shown
    assert "DatabaseDown  db" in shown
    assert shown.count("BotFailed") == 1


def test_the_same_alert_of_another_exchange_can_be_asked_about(capsys: pytest.CaptureFixture[str]) -> None:
    asked = _alert("ExchangeErrorsHigh", exchange_name="okx")
    other = _alert("ExchangeErrorsHigh", exchange_name="$(reboot)")
    subject = Subject("alert", asked.name, (asked,), asked.summary, "{ }")
    command._show(Answer(subject, Evidence((asked, other))))
    assert "botobs why ExchangeErrorsHigh --exchange '$(reboot)'" in capsys.readouterr().out
