"""The sampling tier as the chart renders it: agent, two samplers, gateway, and a collector in Tempo's place."""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
import yaml
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from botobs._ops.components.ports import free_ports
from botobs._ops.home.private import read_secret
from tests.support import charts, pods
from tests.support.waiting import eventually

_PORTS = (
    "OTLP_GRPC_PORT", "OTLP_HTTP_PORT", "COLLECTOR_HEALTH_PORT", "GATEWAY_PORT", "GATEWAY_HEALTH_PORT",
    "SAMPLER_PORT", "SAMPLER_HEALTH_PORT",
)  # fmt: skip


def _tempo(folder: Path, secrets: Path, port: int) -> list[str]:
    """Configuration of a collector that takes traces from who shows a certificate, and writes them into a file."""
    tls = {
        "cert_file": f"{secrets}/server.pem",
        "key_file": f"{secrets}/server.key",
        "client_ca_file": f"{secrets}/ca.pem",
    }
    config = {
        "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": f"127.0.0.1:{port}", "tls": tls}}}},
        "exporters": {"file": {"path": str(folder / "traces.json"), "flush_interval": "100ms"}},
        "service": {
            "telemetry": {"metrics": {"level": "none"}},
            "pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["file"]}},
        },
    }
    (folder / "tempo.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return [f"--config={folder / 'tempo.yaml'}"]


@pytest.fixture
def tier(
    binaries: Mapping[str, Path], tools: Mapping[str, Path], tmp_path: Path
) -> Iterator[tuple[int, Path, Path]]:
    """All of it, running; the agent's port, the secrets, and the file in which what arrived is written."""
    secrets, program = tmp_path / "root" / "secrets", binaries["botobs-collector"]
    secrets.parent.mkdir()
    pods.make_secrets(secrets, ("botobs",))
    *numbers, second, second_health, tempo = free_ports(len(_PORTS) + 3)
    ports = dict(zip(_PORTS, numbers, strict=True))
    settings = {f"BOTOBS_{name}": str(port) for name, port in ports.items()} | {
        "BOTOBS_BIND": "127.0.0.1",
        "BOTOBS_OTLP_BIND": "127.0.0.1",
        "BOTOBS_SAMPLER_0_ENDPOINT": f"127.0.0.1:{ports['SAMPLER_PORT']}",
        "BOTOBS_SAMPLER_1_ENDPOINT": f"127.0.0.1:{second}",
        "BOTOBS_SAMPLING_WAIT": "1s",
        "BOTOBS_SAMPLING_WAIT_AFTER_ROOT": "1s",
    }
    # Only so that nobody waits in vain, with metrics of their own, when they are stopped.
    mimir = pods.stand_in_for_mimir(secrets)
    values = {
        "settings": settings,
        "samplers": {"enabled": True, "percent": 100},
        "gateways": {"url": f"https://127.0.0.1:{ports['GATEWAY_PORT']}"},
        "stores": {"mimir": {"url": mimir.endpoint}, "tempo": {"otlpEndpoint": f"127.0.0.1:{tempo}"}},
    }
    manifests = charts.load(charts.render(tools["helm"], values))
    with ExitStack() as started:
        started.callback(mimir.close)
        words = [str(program), *_tempo(tmp_path, secrets, tempo)]
        started.enter_context(pods.running(words, tmp_path / "tempo.log"))
        for name, part, health in (
            ("botobs-gateway-0", "gateway", ports["GATEWAY_HEALTH_PORT"]),
            ("botobs-sampler-0", "sampler", ports["SAMPLER_HEALTH_PORT"]),
            ("botobs-sampler-1", "sampler", second_health),
            ("botobs-agent-x", "agent", ports["COLLECTOR_HEALTH_PORT"]),
        ):
            folder = pods.lay_out(manifests, part, secrets, tmp_path / name)
            if name == "botobs-sampler-1":
                # Two pods listen on one port each of their own; here they share a machine.
                file = folder / "sampler.yaml"
                text = file.read_text(encoding="utf-8").replace(str(ports["SAMPLER_PORT"]), str(second))
                file.write_text(
                    text.replace(str(ports["SAMPLER_HEALTH_PORT"]), str(second_health)), encoding="utf-8"
                )
            words, log = pods.command(manifests, part, program, folder), tmp_path / f"{name}.log"
            started.enter_context(pods.running(words, log, {"BOTOBS_NODE": "node-1", "BOTOBS_POD": name}))
            pods.wait_healthy(health, secrets, log)
        yield ports["OTLP_HTTP_PORT"], secrets, tmp_path / "traces.json"


def _request() -> tuple[bytes, set[str]]:
    """Thirty-two polls, each a trace of its own, by chance some for each sampler, and an order; and their ids."""
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.resource.attributes.add(key="service.name").value.string_value = "engine"
    spans = resource.scope_spans.add().spans
    now = time.time_ns()
    for digit in range(32):
        # The last digit of a trace's id decides where it goes.
        trace = os.urandom(15) + bytes([digit])
        poll = spans.add(
            name="fetch_ticker binance", trace_id=trace, span_id=os.urandom(8),
            start_time_unix_nano=now, end_time_unix_nano=now + 1000,
        )  # fmt: skip
        poll.attributes.add(key="exchange.operation").value.string_value = "fetch_ticker"
    spans.add(
        name="create_order binance", trace_id=os.urandom(16), span_id=os.urandom(8),
        start_time_unix_nano=now, end_time_unix_nano=now + 1000,
    )  # fmt: skip
    return request.SerializeToString(), {span.trace_id.hex() for span in spans}


def test_polls_go_by_way_of_both_samplers_and_orders_do_not(tier: tuple[int, Path, Path]) -> None:
    port, secrets, file = tier
    body, ids = _request()
    answer = httpx.post(
        f"https://127.0.0.1:{port}/v1/traces",
        content=body,
        headers={
            "content-type": "application/x-protobuf",
            "authorization": f"Bearer {read_secret(secrets / 'service.token')}",
        },
        verify=ssl.create_default_context(cafile=str(secrets / "ca.pem")),
    )
    answer.raise_for_status()

    def missing() -> set[str]:
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        return {each for each in ids if each not in text}

    assert eventually(lambda: missing() == set()), missing()
