"""The parts of a stack after a loss of power at any moment: they start, and have what they must have.

Prometheus, Tempo and Alertmanager do not have everything that they have taken on the disk at once (docs/delivery.md).
"""

from __future__ import annotations

import datetime
import signal
import ssl
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from botobs._ops.components.ports import free_ports
from testbed.otlp_load import Points, Source, Spans
from testbed.otlp_receiver import OtlpReceiver, Received
from testbed.sender import Sender
from tests.support.power.machine import Machine
from tests.support.waiting import eventually

#: Moments at which the power goes.
MOMENTS = 24


class Store(OtlpReceiver):
    """What takes the collector's points.

    Attributes:
        arrived: When, in seconds since the epoch, and the number of each request.
    """

    def __init__(self, machine: Machine, port: int) -> None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(machine.home.secrets / "server.pem", machine.home.secrets / "server.key")
        self.arrived: list[tuple[float, int]] = []
        super().__init__(tls, port)

    def take(self, received: Received) -> None:
        """Note the numbers in a request."""
        for one in ExportMetricsServiceRequest.FromString(received.body).resource_metrics:
            for scope in one.scope_metrics:
                for metric in scope.metrics:
                    if metric.name == "ledger.sequence":
                        self.arrived.append((time.time(), metric.gauge.data_points[0].as_int))
        super().take(received)

    def has(self, wanted: set[int]) -> bool:
        """Whether all these have come."""
        return wanted <= {number for _, number in self.arrived}


def test_what_the_collector_has_acknowledged_is_sent(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    port, nobodys = free_ports(2)
    machine = Machine(
        tmp_path,
        {
            "BOTOBS_PROMETHEUS_URL": f"https://127.0.0.1:{port}",
            "BOTOBS_TEMPO_OTLP_ENDPOINT": f"127.0.0.1:{nobodys}",
            "BOTOBS_HOST_METRICS_INTERVAL": "1h",
            "BOTOBS_COLLECTOR_RETRY_INTERVAL": "1s",
        },
    )
    acknowledged: list[tuple[float, int]] = []
    sent: list[tuple[float, int]] = []
    collector = machine.context.url("BOTOBS_OTLP_HTTP_PORT")

    def work() -> None:
        with machine.running("intake"):
            source = Points("power", 50)
            for _ in range(2):
                with Sender(collector, machine.home.secrets, [source], limit=12) as sender:
                    sender.join()
                clock = time.time() - time.monotonic()
                acknowledged.extend(
                    (clock + at, number)
                    for at, number in zip(sender.answered_at[0], sender.acknowledged[0], strict=True)
                )
                # What has been sent is removed from the queue: that is recorded, too.
                with closing(Store(machine, port)) as store:
                    eventually(partial(bool, store.arrived), within=60)
                sent.extend(store.arrived)

    count = 0
    for state in machine.losses("collector", work, MOMENTS, seed=7):
        count += 1
        gone = {number for at, number in sent if at < state.time}
        wanted = {number for at, number in acknowledged if at < state.time} - gone
        with closing(Store(machine, port)) as store, machine.running("collector"):
            eventually(partial(store.has, wanted), within=90)
        aside = list((machine.data("collector") / "queue").glob("*.backup"))
        assert not aside, f"{state.name}: {aside}"
    record_property("collector: states of the disk", count)


def _sent(machine: Machine, source: Source) -> None:
    with machine.running("collector"), machine.running("intake"):
        address = machine.context.url("BOTOBS_OTLP_HTTP_PORT")
        with Sender(address, machine.home.secrets, [source], pause=0.3, limit=15) as sender:
            sender.join()


def _prometheus(machine: Machine) -> None:
    source = Points("power", 50)
    _sent(machine, source)
    with machine.client("prometheus") as http:

        def stored() -> bool:
            response = http.get("/api/v1/query", params={"query": f"max({source.selector})"})
            result = response.json()["data"]["result"]
            return bool(result) and float(result[0]["value"][1]) > 1

        eventually(stored, within=120)


def _tempo(machine: Machine) -> None:
    _sent(machine, Spans("power", 50))


def _alertmanager(machine: Machine) -> None:
    now = datetime.datetime.now(datetime.UTC)
    silence = {
        "matchers": [{"name": "alertname", "value": "Any", "isRegex": False, "isEqual": True}],
        "startsAt": now.isoformat(),
        "endsAt": (now + datetime.timedelta(hours=1)).isoformat(),
        "createdBy": "ada",
        "comment": "a loss of power",
    }
    with machine.client("alertmanager") as http:
        for number in range(3):
            http.post("/api/v2/silences", json=silence).raise_for_status()
            alert = {"labels": {"alertname": f"Alert{number}", "severity": "critical"}}
            http.post("/api/v2/alerts", json=[alert]).raise_for_status()


WORK = {"prometheus": _prometheus, "tempo": _tempo, "alertmanager": _alertmanager}


@pytest.mark.parametrize("part", WORK)
def test_stores_start(part: str, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """Also when the power goes while they stop, and write what they had in memory."""
    machine = Machine(tmp_path, {"BOTOBS_COLLECTOR_RETRY_INTERVAL": "1s"})
    count = 0
    for _ in machine.losses(part, partial(WORK[part], machine), MOMENTS, seed=11, ending=signal.SIGTERM):
        count += 1
        with machine.running(part):
            pass
    record_property(f"{part}: states of the disk", count)
