"""The pace of a drill: short intervals for tests, or the unmodified ones of production."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """The settings and time limits with which drills run.

    Attributes:
        name: `test` or `production`.
        variables: Settings that differ from their defaults.
        patience: Seconds that each step may take longer than the settings promise, for slow machines.
        deadman_silence: Seconds without the Watchdog after which the dead-man's switch mails.
    """

    name: str
    variables: Mapping[str, str]
    patience: float
    deadman_silence: float


#: Seconds instead of minutes. Thresholds are those of production but where they count seconds or restarts.
TEST = Profile(
    name="test",
    variables={
        # The database's exporter tries for a second before it says that it cannot log in.
        "BOTOBS_SCRAPE_INTERVAL": "3s",
        "BOTOBS_SCRAPE_TIMEOUT": "3s",
        "BOTOBS_POSTGRES_SCRAPE_INTERVAL": "3s",
        "BOTOBS_HEALTH_SCRAPE_INTERVAL": "3s",
        "BOTOBS_COLLECTOR_METRICS_INTERVAL_MS": "1000",
        "BOTOBS_COLLECTOR_RETRY_INTERVAL": "1s",
        "BOTOBS_HOST_METRICS_INTERVAL": "5s",
        "BOTOBS_SPAN_METRICS_INTERVAL": "1s",
        "OTEL_METRIC_EXPORT_INTERVAL": "1000",
        "BOTOBS_EVALUATION_INTERVAL": "1s",
        "BOTOBS_CRITICAL_EVALUATION_INTERVAL": "1s",
        "BOTOBS_RULE_QUERY_OFFSET": "0s",
        "BOTOBS_ALERT_RESEND_DELAY": "3s",
        "BOTOBS_ALERT_WINDOW": "15s",
        "BOTOBS_ANSWER_WINDOW": "4s",
        "BOTOBS_FOR_CAUSE": "2s",
        "BOTOBS_FOR_HEARTBEAT": "3s",
        "BOTOBS_CANARY_INTERVAL": "1s",
        "BOTOBS_CANARY_WINDOW": "22s",
        "BOTOBS_FOR_SHORT": "9s",
        "BOTOBS_FOR_MEDIUM": "20s",
        "BOTOBS_KEEP_FIRING": "5s",
        # The bots' way back, which may take their longest pause, and the alert window.
        "BOTOBS_KEEP_CAUSE": "40s",
        "BOTOBS_CRASH_WINDOW": "1m",
        "BOTOBS_ORPHAN_WINDOW": "1m",
        "BOTOBS_RESTART_WINDOW": "20s",
        "BOTOBS_RECONNECT_WINDOW": "20s",
        "BOTOBS_RESYNC_WINDOW": "20s",
        "BOTOBS_SLO_FAST_SHORT": "15s",
        "BOTOBS_SLO_FAST_LONG": "30s",
        "BOTOBS_SLO_SLOW_SHORT": "15s",
        "BOTOBS_SLO_SLOW_LONG": "30s",
        "BOTOBS_SLO_TICKET_SHORT": "15s",
        "BOTOBS_SLO_TICKET_LONG": "30s",
        "BOTOBS_SLO_DRIFT_SHORT": "15s",
        "BOTOBS_SLO_DRIFT_LONG": "30s",
        "BOTOBS_THRESHOLD_HEARTBEAT_AGE_SECONDS": "8",
        "BOTOBS_THRESHOLD_SILENCE_SECONDS": "8",
        "BOTOBS_THRESHOLD_BOT_HEARTBEAT_SLACK_SECONDS": "12",
        "BOTOBS_THRESHOLD_BOT_RESTARTS": "3",
        # Drills run on machines that are busy with other things, and what a starved host explains is suppressed.
        "BOTOBS_THRESHOLD_HOST_LOAD_RATIO": "100",
        "BOTOBS_ALERT_GROUP_WAIT": "1s",
        "BOTOBS_ALERT_GROUP_WAIT_CRITICAL": "1s",
        "BOTOBS_ALERT_GROUP_INTERVAL": "3s",
        "BOTOBS_ALERT_GROUP_INTERVAL_CRITICAL": "3s",
        # Of a cluster: groups must be looked at more seldom than the second waits for the first.
        "BOTOBS_ALERTMANAGER_PEER_TIMEOUT": "2s",
        "BOTOBS_DEADMAN_INTERVAL": "2s",
    },
    patience=60,
    deadman_silence=8,
)

PRODUCTION = Profile(name="production", variables={}, patience=120, deadman_silence=180)

PROFILES = {profile.name: profile for profile in (TEST, PRODUCTION)}
