"""Which alerts of the rules stay silent behind which others, by the real Alertmanager."""

from __future__ import annotations

from functools import partial

import pytest

from tests.support import rules
from tests.support.alerting import Alerting
from tests.support.rules import Rule
from tests.support.waiting import eventually

#: The alert of each fault that others follow from, and the labels that say which one.
CAUSES = {
    "database": ("DatabaseDown", {"service_name": "postgres"}),
    "exchange": ("ExchangeDisconnected", {"exchange_name": "binance"}),
    "pipeline": ("CollectorDown", {"service_name": "collector"}),
    "host": ("HostStarved", {"host_name": "vm"}),
}
#: Labels that alerts get from their series.
SERIES = {"service_name": "trading-engine", "exchange_name": "binance"}


@pytest.fixture(scope="module")
def alerts(tmp_path_factory: pytest.TempPathFactory) -> list[Rule]:
    """Every alert of the rules."""
    rendered = rules.render(tmp_path_factory.mktemp("rules"))
    return [rule for rule in rules.read(rendered) if rule.is_alert]


def _suppressed(alerting: Alerting) -> set[tuple[str, str]]:
    found = alerting.get("/api/v2/alerts")
    return {
        (each["labels"]["alertname"], each["labels"]["severity"])
        for each in found
        if each["status"]["inhibitedBy"]
    }


def _literal(labels: dict[str, str]) -> dict[str, str]:
    """Labels without those whose value is a template."""
    return {name: value for name, value in labels.items() if "{{" not in value}


@pytest.mark.parametrize("cause", CAUSES)
def test_a_cause_silences_what_depends_on_it_and_nothing_else(
    alerting: Alerting, alerts: list[Rule], cause: str
) -> None:
    name, series = CAUSES[cause]
    others = [rule for rule in alerts if "cause" not in rule.labels]
    for rule in others:
        alerting.fire(rule.name, **SERIES, **_literal(rule.labels))
    source = next(rule for rule in alerts if rule.name == name and "cause" in rule.labels)
    alerting.fire(name, **series, **source.labels)

    names_of_two = {rule.name for rule in others if rule.labels["severity"] == "critical"}
    beside_critical = {
        (rule.name, "warning")
        for rule in others
        if rule.labels["severity"] == "warning" and rule.name in names_of_two
    }
    dependent = {
        (rule.name, rule.labels["severity"])
        for rule in others
        if cause in rule.labels.get("depends_on", "").split(",") and rule.labels["area"] != "orders"
    }
    assert dependent

    def silent() -> bool:
        assert _suppressed(alerting) == dependent | beside_critical
        return True

    assert eventually(silent)


def test_no_order_alert_is_ever_silent(alerting: Alerting, alerts: list[Rule]) -> None:
    orders = [rule for rule in alerts if rule.labels["area"] == "orders"]
    assert orders
    for rule in orders:
        alerting.fire(rule.name, **SERIES, **_literal(rule.labels), depends_on="database,exchange,pipeline")
    for name, series in CAUSES.values():
        source = next(rule for rule in alerts if rule.name == name and "cause" in rule.labels)
        alerting.fire(name, **series, **source.labels)

    def reported(alert: str) -> bool:
        return set(alerting.channels(alert)) == {"email", "slack"}

    for rule in orders:
        assert eventually(partial(reported, rule.name)), rule.name
    assert _suppressed(alerting) == set()


def test_an_exchange_silences_its_own_alerts_alone(alerting: Alerting) -> None:
    alerting.fire(
        "ExchangeDisconnected", severity="critical", area="exchanges", cause="exchange", exchange_name="okx"
    )
    for name in ("okx", "binance"):
        alerting.fire(
            "ExchangeStreamSilent",
            severity="warning",
            area="exchanges",
            depends_on="exchange",
            exchange_name=name,
        )
    assert eventually(lambda: set(alerting.channels("ExchangeStreamSilent")) == {"email", "slack"})
    assert all("binance" in message.subject for message in alerting.reported("ExchangeStreamSilent"))


def test_an_announced_maintenance_silences_the_loss_of_its_streams_and_what_follows_from_that(
    alerting: Alerting,
) -> None:
    here = {"area": "exchanges", "exchange_name": "okx"}
    alerting.fire("ExchangeMaintenance", severity="warning", cause="maintenance", **here)
    alerting.fire(
        "ExchangeDisconnected", severity="critical", cause="exchange", depends_on="maintenance", **here
    )
    alerting.fire("ExchangeErrorsHigh", severity="warning", depends_on="exchange,maintenance", **here)
    alerting.fire("ExchangeKeyRefused", severity="critical", **here)
    for reported in ("ExchangeMaintenance", "ExchangeKeyRefused"):
        assert eventually(lambda reported=reported: set(alerting.channels(reported)) == {"email", "slack"})  # type: ignore[misc]
    for silent in ("ExchangeDisconnected", "ExchangeErrorsHigh"):
        assert alerting.channels(silent) == []


def test_what_was_silent_is_told_when_the_cause_is_over_and_it_is_not(alerting: Alerting) -> None:
    cause = {"severity": "critical", "area": "database", "cause": "database"}
    alerting.fire("DatabaseDown", **cause)
    alerting.fire("BotFailed", severity="warning", area="bots", depends_on="database,exchange")
    assert eventually(lambda: alerting.channels("DatabaseDown") == ["email", "slack"])
    assert alerting.channels("BotFailed") == []
    alerting.resolve("DatabaseDown", **cause)
    assert eventually(lambda: alerting.channels("BotFailed") == ["email", "slack"])
