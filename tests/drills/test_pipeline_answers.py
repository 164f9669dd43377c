"""A backend answers what it should not, hangs, or shows a certificate that has expired."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from testbed.otlp_load import Points
from testbed.otlp_receiver import OtlpReceiver, Reply
from testbed.stack import LiveStack
from tests.support.certificates import issue
from tests.support.faults import FaultTable, Load, load
from tests.support.ledger import Delivery
from tests.support.waiting import eventually


@dataclass
class Backend:
    """A stack that delivers to the real Prometheus, and to a second store that misbehaves on request."""

    live: LiveStack
    receiver: OtlpReceiver
    tls: ssl.SSLContext

    def stored(self, source: Points) -> set[tuple[str, int]]:
        """Series and number of every point of a source that was taken with success."""
        found = set()
        for request in self.receiver.accepted:
            for one in ExportMetricsServiceRequest.FromString(request.body).resource_metrics:
                names = {
                    item.value.string_value for item in one.resource.attributes if item.key == "service.name"
                }
                if source.service in names:
                    for point in one.scope_metrics[0].metrics[0].gauge.data_points:
                        found.add((point.attributes[0].value.string_value, point.as_int))
        return found

    def settle(self, running: Load, complete: bool = True) -> Delivery:
        """What the store has of the points that were acknowledged."""
        source, receipts = running.sender.sources[0], running.sender.acknowledged[0]
        assert isinstance(source, Points)
        wanted = {(str(place), number) for number in receipts for place in range(source.items)}
        if complete:
            eventually(lambda: wanted <= self.stored(source), within=90)
        return Delivery(len(wanted), len(wanted - self.stored(source)))


@pytest.fixture(scope="module")
def backend() -> Iterator[Backend]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with closing(OtlpReceiver(tls)) as receiver:
        variables = {
            "BOTOBS_COLLECTOR_METRICS_EXPORTERS": "[otlp_http/prometheus, otlp_http/mimir]",
            "BOTOBS_MIMIR_URL": receiver.endpoint,
        }
        with LiveStack(variables) as live:
            tls.load_cert_chain(live.home.secrets / "server.pem", live.home.secrets / "server.key")
            yield Backend(live, receiver, tls)


def _disturbed(backend: Backend, name: str, begin: Callable[[], None], end: Callable[[], None]) -> Load:
    with load(backend.live, name, spans=0) as running:
        seen = len(backend.receiver.requests)
        begin()
        running.flows(20)
        # The fault has been met by some of them.
        eventually(lambda: len(backend.receiver.requests) > seen + 2, within=8)
        end()
        running.flows()
    return running


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_an_answer_that_means_later(backend: Backend, faults: FaultTable, status: int) -> None:
    running = _disturbed(
        backend, f"later-{status}", lambda: _reply(backend, status), lambda: _reply(backend, 200)
    )
    delivery = backend.settle(running)
    faults.add(f"backend answers {status}", delivery)
    assert delivery.missing == 0, delivery


@pytest.mark.parametrize("status", [400, 401, 404, 413, 500])
def test_an_answer_that_means_never(backend: Backend, faults: FaultTable, status: int) -> None:
    lost = 'sum(otelcol_exporter_send_failed_metric_points_total{exporter="otlp_http/mimir"})'
    before = backend.live.value(lost) or 0
    running = _disturbed(
        backend, f"never-{status}", lambda: _reply(backend, status), lambda: _reply(backend, 200)
    )
    queue = 'otelcol_exporter_queue_size{exporter="otlp_http/mimir"}'
    last = (str(0), running.sender.acknowledged[0][-1])
    source = running.sender.sources[0]
    assert isinstance(source, Points)
    assert eventually(lambda: last in backend.stored(source), within=90)
    assert eventually(lambda: backend.live.value(queue) == 0, within=90)
    delivery = backend.settle(running, complete=False)
    faults.add(f"backend answers {status}", delivery, "dropped by the exporter, counted, alerted")
    # What is lost is lost openly: it is counted, and an alert names the exporter and the reason.
    assert eventually(lambda: (backend.live.value(lost) or 0) - before >= delivery.missing > 0, within=30)
    assert eventually(
        lambda: backend.live.query(
            'ALERTS{alertname="CollectorLosing", exporter="otlp_http/mimir", error_type!=""}'
        ),
        within=60,
    )


def test_it_hangs(backend: Backend, faults: FaultTable) -> None:
    release = threading.Event()

    def begin() -> None:
        backend.receiver.hold = release

    def end() -> None:
        backend.receiver.hold = None
        release.set()

    with load(backend.live, "hangs", spans=0) as running:
        begin()
        running.flows(20)
        assert eventually(lambda: backend.receiver.holding, within=30)
        end()
        running.flows()
    delivery = backend.settle(running)
    faults.add("backend hangs", delivery)
    assert delivery.missing == 0, delivery


def test_its_certificate_has_expired(backend: Backend, faults: FaultTable, tmp_path: Path) -> None:
    folder = backend.live.home.secrets
    certificate, key = issue(folder / "ca.pem", folder / "ca.key", tmp_path, days=-1)
    with load(backend.live, "expired", spans=0) as running:
        backend.tls.load_cert_chain(certificate, key)
        backend.receiver.cut()
        running.flows(30)
        seen = len(backend.receiver.requests)
        running.flows(20)
        assert len(backend.receiver.requests) == seen
        backend.tls.load_cert_chain(folder / "server.pem", folder / "server.key")
        running.flows()
    delivery = backend.settle(running)
    faults.add("backend's certificate has expired", delivery)
    assert delivery.missing == 0, delivery


def _reply(backend: Backend, status: int) -> None:
    backend.receiver.reply = Reply(status)
