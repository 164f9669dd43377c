"""Faults of the pipeline and of orders that `botobs drill` does not make, each played on a stack of a test's own.

They change a configuration that was rendered, or need a program that misuses the SDK: nothing to do to a stack that
somebody relies on.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from botobs._ops.access.secrets import read_secret
from botobs._ops.drills.beside import beside
from botobs._ops.drills.sinks import HttpSink
from testbed.stack import LiveStack
from tests.support.configs import ROOT
from tests.support.faults import held, load, struck
from tests.support.waiting import eventually


@dataclass(frozen=True)
class Played:
    """Where a fault is played.

    Attributes:
        live: The stack; `QUEUE` bounds its collector's queue of spans.
        slack: What its Slack is.
    """

    live: LiveStack
    slack: HttpSink

    @property
    def prometheus(self) -> Path:
        """Folder of its rendered configuration."""
        return self.live.home.config / "prometheus"

    def post(self, part: str, path: str, body: object = None) -> None:
        """Post to a part, whatever it answers."""
        with self.live.client(part) as http:
            http.post(path, json=body)

    def firing(self, alert: str) -> bool:
        """Whether an alert fires."""
        return bool(self.live.query(f'ALERTS{{alertname="{alert}",alertstate="firing"}}'))


Fault = Callable[[Played], AbstractContextManager[None]]

#: Bytes of the queue of spans, the least that is allowed: full within seconds.
QUEUE = 17_000_000
#: Seconds for which an order may be without an answer.
IN_FLIGHT = 5
#: Seconds since the epoch of what no Prometheus of ours takes any more.
_LONG_AGO = 3 * 86_400


@contextmanager
def _alertmanager_away(played: Played) -> Iterator[None]:
    with held(played.live, "alertmanager"):
        assert eventually(lambda: played.firing("AlertmanagerUnreachable"), within=60)
    yield


@contextmanager
def _changed(played: Played, file: str, change: Callable[[str], str]) -> Iterator[None]:
    """A file of Prometheus' configuration is another for the length of a block."""
    path = played.prometheus / file
    before = path.read_text(encoding="utf-8") if path.exists() else None
    path.write_text(change(before or ""), encoding="utf-8")
    prometheus = played.live.supervisor.status["prometheus"].pid
    assert prometheus is not None
    os.kill(prometheus, signal.SIGHUP)
    try:
        yield
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_text(before, encoding="utf-8")
        os.kill(prometheus, signal.SIGHUP)


def _certificate_ends(played: Played) -> AbstractContextManager[None]:
    known = played.live.value("botobs:certificate:expiry_timestamp_seconds")
    assert known, "the end of the certificate is not known"
    tomorrow = f"{time.time() + 86_400:.0f}"
    return _changed(played, "rules/pipeline.records.yml", lambda text: text.replace(f"{known:.0f}", tomorrow))


def _rule_fails(played: Played) -> AbstractContextManager[None]:
    # Two series of a side have the same labels: Prometheus cannot pair them.
    rule = "groups: [{name: broken, rules: [{record: broken, expr: up * on (deployment_environment_name) up}]}]\n"
    return _changed(played, "rules/broken.yml", lambda _: rule)


def _configuration_is_wrong(played: Played) -> AbstractContextManager[None]:
    return _changed(played, "rules/broken.yml", lambda _: "groups: [{rules: nothing}]\n")


@contextmanager
def _again_and_again(do: Callable[[], None]) -> Iterator[None]:
    def repeat(over: threading.Event) -> None:
        while not over.wait(0.5):
            do()

    with beside(repeat):
        yield


def _old_samples(played: Played) -> AbstractContextManager[None]:
    moment = str(time.time_ns() - _LONG_AGO * 10**9)
    metric = {"name": "old", "gauge": {"dataPoints": [{"asDouble": 1, "timeUnixNano": moment}]}}
    body = {"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}
    return _again_and_again(lambda: played.post("prometheus", "/api/v1/otlp/v1/metrics", body))


@contextmanager
def _traces_too_large(played: Played) -> Iterator[None]:
    path = played.live.home.config / "tempo" / "tempo.yaml"
    before = path.read_text(encoding="utf-8")
    path.write_text(before.replace("max_bytes_per_trace: 50000000", "max_bytes_per_trace: 1000"))
    struck(played.live, "tempo")
    try:
        with load(played.live, "large", points=0):
            yield
    finally:
        path.write_text(before)
        struck(played.live, "tempo")


@contextmanager
def _queue_fills(played: Played) -> Iterator[None]:
    with held(played.live, "tempo"), load(played.live, "filling", pause=0.0, points=0):
        yield


@contextmanager
def _collector_is_not_let_in(played: Played) -> Iterator[None]:
    """Prometheus refuses what the collector says of itself."""
    path = played.live.home.secrets / "collector.authorization"
    before = path.read_text()
    path.write_text("Basic bm9ib2R5Om5vdGhpbmc=")
    struck(played.live, "collector")
    try:
        yield
    finally:
        path.write_text(before)
        struck(played.live, "collector")


@contextmanager
def _slack_refuses(played: Played) -> Iterator[None]:
    # Something has to be told, or nothing fails.
    with held(played.live, "tempo"):
        played.slack.refuse += [400] * 1000
        try:
            yield
        finally:
            played.slack.refuse.clear()


@contextmanager
def _running(played: Played, program: list[str], **environ: str) -> Iterator[None]:
    """A program with botobs runs until its input is closed."""
    home = {"BOTOBS_HOME": str(played.live.home.path), "OTEL_METRIC_EXPORT_INTERVAL": "1000"}
    process = subprocess.Popen(
        [sys.executable, *program], stdin=subprocess.PIPE, env={**os.environ, **home, **environ}, cwd=ROOT
    )
    try:
        yield
    finally:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=60) == 0


def _spans_alone(played: Played) -> AbstractContextManager[None]:
    """A service that knows nothing of botobs sends spans of requests that take long and fail, and no metric."""
    token = read_secret(played.live.home.secrets / "service.token")
    identity = [{"key": "service.name", "value": {"stringValue": "spans-alone"}}]

    def request() -> None:
        now = time.time_ns()
        span = {
            "traceId": os.urandom(16).hex(),
            "spanId": os.urandom(8).hex(),
            "name": "GET /prices",
            "kind": 2,
            "startTimeUnixNano": str(now - 3 * 10**9),
            "endTimeUnixNano": str(now),
            "status": {"code": 2},
        }
        body = {"resourceSpans": [{"resource": {"attributes": identity}, "scopeSpans": [{"spans": [span]}]}]}
        with played.live.client("collector") as http:
            http.post(
                "/v1/traces", json=body, headers={"Authorization": f"Bearer {token}"}, auth=httpx.Auth()
            )

    return _again_and_again(request)


def _too_much(played: Played) -> AbstractContextManager[None]:
    return _running(played, ["-m", "tests.drills.programs.flooding"], BOTOBS_QUEUE_BYTES="65536")


def _no_answer(played: Played) -> AbstractContextManager[None]:
    return _running(played, ["-m", "tests.drills.programs.waiting"])


def _disagrees(how: str) -> Fault:
    """The account of a service that is reconciled is not as the service reports."""
    return lambda played: _running(played, ["-m", "tests.support.reconciled", how])


def _listen_key_goes(played: Played) -> AbstractContextManager[None]:
    return _running(played, ["-m", "tests.drills.programs.listen_key"])


@dataclass(frozen=True)
class Case:
    """An alert that is played.

    Attributes:
        fault: What raises it.
        channels: Who is told while it lasts.
        severity: Of the message.
    """

    fault: Fault
    channels: tuple[str, ...] = ("email", "slack")
    severity: str = "critical"


PLAYED = {
    "AlertmanagerUnreachable": Case(_alertmanager_away),
    "CertificateExpiring": Case(_certificate_ends),
    "CollectorQueueFilling": Case(_queue_fills),
    "CollectorSilent": Case(_collector_is_not_let_in),
    "ConfigurationRejected": Case(_configuration_is_wrong, severity="warning"),
    "ExchangeListenKeyLost": Case(_listen_key_goes, severity="warning"),
    # By the channel that works.
    "NotificationsFailing": Case(_slack_refuses, channels=("email",)),
    "OrderGhost": Case(_disagrees("ghost")),
    "OrderInFlightTooLong": Case(_no_answer),
    # Reconcile settles them, and it ends.
    "OrderOutcomeUnknown": Case(_disagrees("unknown")),
    "OrderOrphaned": Case(_disagrees("orphaned")),
    "PositionDrift": Case(_disagrees("drift")),
    "PrometheusDiscarding": Case(_old_samples),
    "RuleEvaluationFailing": Case(_rule_fails),
    "ServiceErrorsHigh": Case(_spans_alone, severity="warning"),
    "ServiceLatencyHigh": Case(_spans_alone, severity="warning"),
    "TelemetryDropped": Case(_too_much),
    "TempoDiscarding": Case(_traces_too_large),
}
