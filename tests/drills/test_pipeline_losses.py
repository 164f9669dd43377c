"""The ledger against losses of a known size, each behind an answer that says that nothing was lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from botobs._ops import cli
from botobs._ops.access.secrets import read_secret
from botobs._ops.components.ports import free_ports
from botobs._ops.programs.binaries import Binaries, Silent
from testbed.stack import LiveStack
from tests.support.faults import FaultTable
from tests.support.ledger import Delivery, accounts
from tests.support.swallowing import Swallowing
from tests.support.waiting import eventually

_PROGRAM = Path(__file__).parent / "programs" / "told.py"
#: Spans that a service makes around those that are lost.
_KEPT = 20
# A hop before Tempo that loses spans which bear a mark, and answers for them.
_HOP = """
receivers: {{otlp: {{protocols: {{grpc: {{endpoint: "127.0.0.1:{port}", max_recv_msg_size_mib: 64,
  tls: {{cert_file: {secrets}/server.pem, key_file: {secrets}/server.key}}}}}}}}}}
processors: {{filter: {{trace_conditions: ['span.attributes["mark"] == "tempo"']}}}}
exporters: {{otlp_grpc: {{endpoint: "{tempo}", compression: none,
  tls: {{ca_file: {secrets}/ca.pem, cert_file: {secrets}/client.pem, key_file: {secrets}/client.key}}}}}}
service: {{telemetry: {{logs: {{level: error}}, metrics: {{level: none}}}},
  pipelines: {{traces: {{receivers: [otlp], processors: [filter], exporters: [otlp_grpc]}}}}}}
"""


@dataclass(frozen=True)
class Loss:
    """What is lost of one service.

    Attributes:
        where: `sdk`, before the collector; `tempo` or `prometheus`, behind it; empty for nothing.
        signal: `traces` or `metrics`.
        count: Spans, or exports of metrics.
    """

    where: str
    signal: str
    count: int

    @property
    def service(self) -> str:
        return f"loses-{self.count}-{self.signal}-{self.where or 'nowhere'}"


LOSSES = (
    Loss("", "traces", 0),
    Loss("sdk", "traces", 1),
    Loss("sdk", "traces", 500),
    Loss("sdk", "metrics", 1),
    Loss("tempo", "traces", 1),
    Loss("tempo", "traces", 500),
    Loss("prometheus", "metrics", 1),
)


@dataclass
class Lossy:
    """A stack between whose parts things are lost."""

    live: LiveStack
    sdk: Swallowing
    prometheus: Swallowing

    def endpoint(self, loss: Loss) -> str:
        return self.sdk.endpoint if loss.where == "sdk" else self.live.stack.addresses["collector"]


@pytest.fixture(scope="module")
def lossy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lossy]:
    of_sdk, of_prometheus, of_tempo = free_ports(3)
    variables = {
        "BOTOBS_PROMETHEUS_URL": f"https://127.0.0.1:{of_prometheus}",
        "BOTOBS_TEMPO_OTLP_ENDPOINT": f"127.0.0.1:{of_tempo}",
    }
    with ExitStack() as ends:
        live = ends.enter_context(LiveStack(variables))

        def proxy(port: int, part: str) -> Swallowing:
            made = Swallowing(port, lambda: live.home.secrets, lambda: live.stack.addresses[part])
            return ends.enter_context(made)

        ends.enter_context(_hop(live, of_tempo, tmp_path_factory.mktemp("hop") / "hop.yaml"))
        yield Lossy(live, proxy(of_sdk, "collector"), proxy(of_prometheus, "prometheus"))


@contextmanager
def _hop(live: LiveStack, port: int, file: Path) -> Iterator[None]:
    settings = yaml.safe_load((live.home.config / "tempo" / "tempo.yaml").read_text())
    tempo = settings["distributor"]["receivers"]["otlp"]["protocols"]["grpc"]["endpoint"]
    file.write_text(_HOP.format(port=port, secrets=live.home.secrets, tempo=tempo))
    programs = Binaries()
    programs.require(["collector"], Silent())
    with subprocess.Popen([programs["botobs-collector"], "--config", file]) as process:
        try:
            yield
        finally:
            process.terminate()


class Service:
    """A process with the SDK that makes spans on demand."""

    def __init__(self, lossy: Lossy, loss: Loss) -> None:
        secrets = lossy.live.home.secrets
        variables = {
            "BOTOBS_ENDPOINT": lossy.endpoint(loss),
            "BOTOBS_CERTIFICATE": str(secrets / "ca.pem"),
            "BOTOBS_TOKEN": read_secret(secrets / "service.token"),
            "BOTOBS_METRIC_INTERVAL": "2",
        }
        self._process = subprocess.Popen(
            [sys.executable, _PROGRAM, loss.service],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | variables,
        )

    def make(self, count: int, mark: str = "kept") -> None:
        """Make so many spans, and wait until they are acknowledged."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{count} {mark}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "done\n"

    def close(self) -> None:
        self._process.communicate()


def test_every_loss_is_seen_and_no_other(
    lossy: Lossy, faults: FaultTable, capsys: pytest.CaptureFixture[str]
) -> None:
    with ExitStack() as ends:
        services = {loss: ends.enter_context(closing(Service(lossy, loss))) for loss in LOSSES}
        for service in services.values():
            service.make(_KEPT)
        eventually(lambda: _all_counted(lossy, capsys, dict.fromkeys(LOSSES, 0)), within=180)
        for loss, service in services.items():
            _lose(lossy, loss, service)
        eventually(lambda: _all_counted(lossy, capsys, {loss: loss.count for loss in LOSSES}), within=240)
        found = accounts(lossy.live, capsys)[1]
    for loss in LOSSES:
        spans, exports = found[loss.service]["spans"], found[loss.service]["metric_exports"]
        made = exports["acknowledged"] if loss.signal == "metrics" else spans["produced"]
        missing = exports["missing"] if loss.signal == "metrics" else spans["missing"]
        faults.add(
            f"{loss.count} lost at {loss.where or 'no place'} ({loss.signal})", Delivery(made, missing)
        )


def _lose(lossy: Lossy, loss: Loss, service: Service) -> None:
    proxy = lossy.sdk if loss.where == "sdk" else lossy.prometheus
    key = (loss.service, loss.signal)
    if loss.where == "tempo":
        service.make(loss.count, mark="tempo")
    elif loss.count:
        proxy.wanted[key] = loss.count
        if loss.signal == "traces":
            # A request holds 256 at most.
            service.make(loss.count)
        eventually(lambda: proxy.lost[key] == loss.count, within=60)
    service.make(_KEPT)


def _all_counted(lossy: Lossy, capsys: pytest.CaptureFixture[str], wanted: dict[Loss, int]) -> bool:
    """Whether every account says what is lost of its service, and nothing of what is not."""
    code, found = accounts(lossy.live, capsys)
    for loss, count in wanted.items():
        assert loss.service in found
        account: dict[str, Any] = found[loss.service]
        spans = account["spans"]
        made = _KEPT * (2 if wanted[LOSSES[-1]] else 1) + (count if loss.signal == "traces" else 0)
        assert spans["produced"] == made, (loss, spans)
        of_spans, of_exports = (count, 0) if loss.signal == "traces" else (0, count)
        assert of_spans - spans["error"] <= spans["missing"] <= of_spans, (loss, spans)
        assert account["metric_exports"]["missing"] == of_exports, (loss, account)
        # A loss of one is not covered by the error.
        assert not of_spans or spans["missing"], (loss, spans)
    assert code == (1 if any(wanted.values()) else 0)
    return True


def test_what_is_lost_of_nobody_in_particular(lossy: Lossy, capsys: pytest.CaptureFixture[str]) -> None:
    """Prometheus refuses a request for good: the collector counts points, and does not say whose they were."""
    loss = Loss("nobody", "metrics", 1)
    with closing(Service(lossy, loss)) as service:
        service.make(_KEPT)
        before = _lost(lossy, capsys)
        lossy.prometheus.refuse = loss.service
        eventually(lambda: not lossy.prometheus.refuse, within=60)

        def reported() -> bool:
            assert _lost(lossy, capsys) > before
            return True

        assert eventually(reported, within=120)


def _lost(lossy: Lossy, capsys: pytest.CaptureFixture[str]) -> int:
    code = cli.main(["ledger", "--home", str(lossy.live.home.path), "--last", "10m", "--json"])
    rows = json.loads(capsys.readouterr().out)
    lost = sum(sum(row["lost"].values()) for row in rows if "lost" in row)
    assert code == 1 or not lost
    return lost
