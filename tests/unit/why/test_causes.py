"""The table of causes names alerts that exist, goes in no circle, and contains what the rules promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from botobs._ops.why.causes import CAUSES
from tests.support.rules import Rule, read, render

#: Alerts that nothing explains, and that explain nothing.
_ALONE = {
    "DatabaseCacheHitsLow",
    "MetricSeriesOverflow",
    "CollectorFiltering",
    "SenderUnidentified",
    "InstanceShared",
    "IntakeRefusing",
    "LocalStoreRefused",
    "RemoteWriteLosing",
    "CollectorQueueSetAside",
    "TempoDiscarding",
    "PrometheusDiscarding",
    "PrometheusLosing",
    "ConfigurationRejected",
    "NotificationsFailing",
    "AlertmanagerUnreachable",
    "Watchdog",
}


@pytest.fixture(scope="module")
def alerts(tmp_path_factory: pytest.TempPathFactory) -> list[Rule]:
    """Every alert of the rules."""
    target: Path = tmp_path_factory.mktemp("rules")
    return [rule for rule in read(render(target)) if rule.is_alert]


def test_all_exist_and_none_is_forgotten(alerts: list[Rule]) -> None:
    names = {alert.name for alert in alerts}
    mentioned = set(CAUSES) | {name for cause in CAUSES.values() for name in cause.explains}
    assert mentioned <= names
    assert names - mentioned == _ALONE - mentioned


def test_what_alertmanager_keeps_quiet_is_explained(alerts: list[Rule]) -> None:
    causes = {alert.labels["cause"]: alert for alert in alerts if "{" not in alert.labels.get("cause", "{")}
    for symptom in alerts:
        for cause in symptom.labels.get("depends_on", "").split(","):
            # More than one alert can stand for a cause, and one of them has to explain it.
            standing = [each.name for each in alerts if each.labels.get("cause") == cause]
            if cause in causes:
                assert any(symptom.name in CAUSES[name].explains for name in standing), (cause, symptom.name)


def test_there_is_no_circle() -> None:
    def walk(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, (*path, name)
        for symptom in CAUSES[name].explains if name in CAUSES else ():
            walk(symptom, (*path, name))

    for name in CAUSES:
        walk(name, ())
