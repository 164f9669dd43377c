"""Alertmanager is stopped and killed in the middle of an incident: nobody is told twice, and silences are kept."""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.alerting import Alerting, quiet_for
from tests.support.waiting import eventually

pytestmark = pytest.mark.slow

BOTH = ["email", "slack"]


def _silence(alerting: Alerting, alert: str) -> None:
    now = datetime.now(UTC)
    body = {
        "matchers": [{"name": "alertname", "value": alert, "isRegex": False, "isEqual": True}],
        "startsAt": now.isoformat(),
        "endsAt": (now + timedelta(hours=1)).isoformat(),
        "createdBy": "test",
        "comment": "planned",
    }
    alerting.http().post("/api/v2/silences", json=body).raise_for_status()


def test_stopped_and_started_it_does_not_page_again(alerting: Alerting) -> None:
    since = datetime.now(UTC)
    _silence(alerting, "ScrapeDown")
    alerting.fire("DatabaseDown", since, severity="critical", service_name="postgres")
    assert eventually(lambda: alerting.channels("DatabaseDown") == BOTH)
    # A message whose delivery Alertmanager has not noted yet is sent again.
    noted = "alertmanager_notification_latency_seconds_count"
    for channel in BOTH:
        assert eventually(lambda channel=channel: alerting.metric(noted, integration=channel) == 1)  # type: ignore[misc]

    alerting.end()
    alerting.start()
    # Prometheus tells its alerts again every minute.
    alerting.fire("DatabaseDown", since, severity="critical", service_name="postgres")
    alerting.fire("ScrapeDown", since, severity="warning", service_name="tempo")
    quiet_for(4)
    assert alerting.channels("DatabaseDown") == BOTH
    assert alerting.channels("ScrapeDown") == []

    alerting.resolve("DatabaseDown", since, severity="critical", service_name="postgres")
    assert eventually(lambda: alerting.channels("DatabaseDown", resolved=True) == BOTH)


def test_an_alert_that_starts_while_it_is_down_is_told_after(alerting: Alerting) -> None:
    alerting.end()
    alerting.start()
    alerting.fire("DatabaseDown", datetime.now(UTC) - timedelta(minutes=2), severity="critical")
    assert eventually(lambda: alerting.channels("DatabaseDown") == BOTH)


def test_killed_it_repeats_itself_once_at_most_and_keeps_silences(alerting: Alerting) -> None:
    since = datetime.now(UTC)
    _silence(alerting, "ScrapeDown")
    alerting.fire("DatabaseDown", since, severity="critical", service_name="postgres")
    assert eventually(lambda: alerting.channels("DatabaseDown") == BOTH)
    # What it knows is written every half minute.
    silences = alerting.home.data / "alertmanager" / "silences"
    assert eventually(lambda: silences.exists() and silences.stat().st_size, within=120)

    alerting.end(signal.SIGKILL)
    alerting.start()
    alerting.fire("DatabaseDown", since, severity="critical", service_name="postgres")
    alerting.fire("ScrapeDown", since, severity="warning", service_name="tempo")
    quiet_for(4)
    assert all(alerting.channels("DatabaseDown").count(channel) <= 2 for channel in BOTH)
    assert alerting.channels("ScrapeDown") == []
