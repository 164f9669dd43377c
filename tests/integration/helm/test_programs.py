"""The programs take what the chart renders for them; agent and gateway run with it, and telemetry goes through."""

from __future__ import annotations

import base64
import os
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import bcrypt
import httpx
import pytest
import yaml
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from botobs.stack import secrets
from botobs.stack.ports import free_ports
from botobs.stack.private import read_secret, write_secret
from tests.support import charts
from tests.support.otlp_receiver import OtlpReceiver
from tests.support.stack import eventually

_TENANT = "desk-1"
_SERVICE = "kubernetes-test"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stands for the root of every pod: `secrets/` holds what a person who installs the chart makes."""
    root = tmp_path_factory.mktemp("pods")
    secrets.ensure(root / "secrets")
    tenants = root / "secrets" / "tenants"
    tenants.mkdir(mode=0o700)
    for tenant in ("botobs", _TENANT):
        write_secret(tenants / f"{tenant}.password", "word")
        header = base64.b64encode(f"{tenant}:word".encode()).decode()
        write_secret(tenants / f"{tenant}.authorization", f"Basic {header}")
    write_secret(tenants / "htpasswd", f"{_TENANT}:{bcrypt.hashpw(b'word', bcrypt.gensalt(4)).decode()}\n")
    return root


def _lay_out(manifests: list[charts.Manifest], part: str, folder: Path, target: Path) -> Path:
    """Write a ConfigMap below `target` as a pod sees it, secrets being those in `folder`."""
    (target / "config").mkdir()
    for name, text in charts.named(manifests, "ConfigMap", f"botobs-{part}")["data"].items():
        moved = text.replace("/secrets/", f"{folder}/secrets/").replace("/data/", f"{target}/data/")
        (target / "config" / name).write_text(moved.replace("/hostfs", "/"), encoding="utf-8")
    return target


def _command(manifests: list[charts.Manifest], part: str, program: Path, target: Path) -> list[str]:
    (workload,) = [each for each in charts.workloads(manifests) if charts.part(each) == part]
    args = charts.pod(workload)["spec"]["containers"][0]["args"]
    return [str(program), *(word.replace("/config/", f"{target}/config/") for word in args)]


def _check(*command: object) -> None:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("part", ["agent", "gateway", "sampler"])
def test_collectors_take_their_configuration(
    binaries: Mapping[str, Path], everything: list[charts.Manifest], folder: Path, tmp_path: Path, part: str
) -> None:
    target = _lay_out(everything, part, folder, tmp_path)
    program, *args = _command(everything, part, binaries["botobs-collector"], target)
    _check(program, "validate", *args)


def test_prometheus_and_the_ruler_take_the_rules(
    binaries: Mapping[str, Path], everything: list[charts.Manifest], folder: Path, tmp_path: Path
) -> None:
    target = _lay_out(everything, "rules", folder, tmp_path) / "config"
    files = sorted(target.glob("*.yml"))
    assert [file.name for file in files] == sorted(
        file.name for file in (charts.CHART / "files/rules").glob("*.yml")
    )
    _check(binaries["promtool"], "check", "rules", *files)


def test_the_operator_is_given_the_same_rules(everything: list[charts.Manifest]) -> None:
    files = charts.named(everything, "ConfigMap", "botobs-rules")["data"].values()
    objects = charts.kind(everything, "PrometheusRule")
    assert [rule["spec"] for rule in objects] == [yaml.safe_load(text) for text in files]
    for rule in objects:
        assert rule["metadata"]["labels"]["release"] == "prometheus"
        for group in rule["spec"]["groups"]:
            # The operator's type knows no other: a number would be refused.
            assert all(isinstance(each["expr"], str) for each in group["rules"])


def test_every_alert_says_its_environment(everything: list[charts.Manifest]) -> None:
    """Mimir has no external labels, and every route and inhibition goes by the environment."""
    for text in charts.named(everything, "ConfigMap", "botobs-rules")["data"].values():
        for group in yaml.safe_load(text)["groups"]:
            for rule in group["rules"]:
                assert ("production" in rule.get("labels", {}).get("deployment_environment_name", "")) == (
                    "alert" in rule
                )


def test_alertmanager_takes_its_configuration(
    binaries: Mapping[str, Path], everything: list[charts.Manifest], folder: Path, tmp_path: Path
) -> None:
    target = _lay_out(everything, "alertmanager", folder, tmp_path) / "config"
    (target / "templates").mkdir()
    (target / "botobs.tmpl").rename(target / "templates" / "botobs.tmpl")
    _check(binaries["amtool"], "check-config", target / "alertmanager.yml")
    assert "https://grafana.example.com" in (target / "templates" / "botobs.tmpl").read_text(encoding="utf-8")


def test_prometheus_takes_the_scrapers(
    binaries: Mapping[str, Path], everything: list[charts.Manifest], folder: Path, tmp_path: Path
) -> None:
    """As an agent. Ours is built without discovery by Kubernetes and DNS; a fixed target takes its place."""
    target = _lay_out(everything, "scraper", folder, tmp_path) / "config" / "prometheus.yml"
    content = yaml.safe_load(target.read_text(encoding="utf-8"))
    for job in content["scrape_configs"]:
        found = [key for key in ("kubernetes_sd_configs", "dns_sd_configs") if job.pop(key, None)]
        assert len(found) == 1
        job["static_configs"] = [{"targets": ["127.0.0.1:1"]}]
    target.write_text(yaml.safe_dump(content), encoding="utf-8")
    _check(binaries["promtool"], "check", "config", "--agent", target)


def test_grafana_asks_with_a_certificate_and_as_the_tenant(everything: list[charts.Manifest]) -> None:
    data = charts.named(everything, "ConfigMap", "botobs-datasources")["data"]
    for source in yaml.safe_load(data["botobs.yaml"])["datasources"]:
        assert source["url"].startswith("https://")
        assert source["jsonData"]["serverName"] == source["url"].removeprefix("https://").split(":")[0]
        assert source["secureJsonData"]["tlsClientKey"] == "$__file{/secrets/client.key}"
        assert source["jsonData"]["httpHeaderName1"] == "X-Scope-OrgID"
        assert source["secureJsonData"]["httpHeaderValue1"] == "botobs"
        assert "basicAuth" not in source
    assert yaml.safe_load(data["orders.yaml"])["datasources"][0]["uid"] == "orders"


@contextmanager
def _running(command: list[str], log: Path, environ: Mapping[str, str]) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, **environ})
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _health(port: int, secrets_folder: Path) -> bool:
    """Ask as the kubelet does: over TLS, without a certificate."""
    context = ssl.create_default_context(cafile=str(secrets_folder / "ca.pem"))
    try:
        return httpx.get(f"https://127.0.0.1:{port}/", verify=context).is_success
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def mimir(folder: Path) -> Iterator[OtlpReceiver]:
    """Stands for Mimir: takes metrics from who shows a certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "secrets" / "ca.pem"))
    context.load_cert_chain(folder / "secrets" / "server.pem", folder / "secrets" / "server.key")
    context.verify_mode = ssl.CERT_REQUIRED
    receiver = OtlpReceiver(tls=context)
    yield receiver
    receiver.close()


@pytest.fixture(scope="module")
def agent(
    binaries: Mapping[str, Path],
    tools: Mapping[str, Path],
    folder: Path,
    mimir: OtlpReceiver,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[int]:
    """An agent and a gateway that run with what is rendered; the port of the agent for services."""
    names = (
        "OTLP_GRPC_PORT",
        "OTLP_HTTP_PORT",
        "COLLECTOR_HEALTH_PORT",
        "GATEWAY_PORT",
        "GATEWAY_HEALTH_PORT",
    )
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    settings: dict[str, Any] = {f"BOTOBS_{name}": str(port) for name, port in ports.items()}
    settings |= {"BOTOBS_BIND": "127.0.0.1", "BOTOBS_OTLP_BIND": "127.0.0.1"}
    values = {
        "tenant": _TENANT,
        "settings": settings,
        "gateways": {"url": f"https://127.0.0.1:{ports['GATEWAY_PORT']}"},
        "stores": {"mimir": {"url": mimir.endpoint}},
    }
    manifests = charts.load(charts.render(tools["helm"], values))
    environ = {"BOTOBS_NODE": "node-1", "BOTOBS_POD": "botobs-gateway-0"}

    def start(part: str) -> AbstractContextManager[None]:
        target = _lay_out(manifests, part, folder, tmp_path_factory.mktemp(part))
        command = _command(manifests, part, binaries["botobs-collector"], target)
        return _running(command, folder / f"{part}.log", environ)

    with start("gateway"), start("agent"):
        for part, name in (("gateway", "GATEWAY_HEALTH_PORT"), ("agent", "COLLECTOR_HEALTH_PORT")):
            assert eventually(lambda port=ports[name]: _health(port, folder / "secrets")), (
                folder / f"{part}.log"
            ).read_text(encoding="utf-8")
        yield ports["OTLP_HTTP_PORT"]


def _send(port: int, folder: Path, headers: Mapping[str, str]) -> int:
    request = ExportMetricsServiceRequest()
    resource = request.resource_metrics.add()
    for key, value in (("service.name", _SERVICE), ("service.instance.id", "1")):
        resource.resource.attributes.add(key=key).value.string_value = value
    point = resource.scope_metrics.add().metrics.add(name="balance").gauge.data_points.add(as_double=1)
    point.time_unix_nano = time.time_ns()
    context = ssl.create_default_context(cafile=str(folder / "secrets" / "ca.pem"))
    return httpx.post(
        f"https://127.0.0.1:{port}/v1/metrics",
        content=request.SerializeToString(),
        headers={"content-type": "application/x-protobuf", "x-botobs-service": _SERVICE, **headers},
        verify=context,
    ).status_code


def _arrived(mimir: OtlpReceiver, word: bytes) -> Callable[[], bool]:
    return lambda: any(word in each.body for each in mimir.requests)


def test_metrics_go_from_a_service_to_mimir(agent: int, folder: Path, mimir: OtlpReceiver) -> None:
    """By way of agent and gateway, as the tenant that the gateway knows and not as the one that the service claims."""
    token = read_secret(folder / "secrets" / "service.token")
    assert _send(agent, folder, {}) == 401
    claim = {"authorization": f"Bearer {token}", "X-Scope-OrgID": "somebody-else"}
    assert _send(agent, folder, claim) == 200
    mimir.wait_for(_arrived(mimir, _SERVICE.encode()))
    assert {each.path for each in mimir.requests} == {"/otlp/v1/metrics"}
    tenants = {
        value
        for each in mimir.requests
        for key, value in each.headers.items()
        if key.lower() == "x-scope-orgid"
    }
    assert tenants == {_TENANT}


def test_collectors_are_called_by_their_node_and_pod(agent: int, mimir: OtlpReceiver) -> None:
    """By names that a restart leaves as they are."""
    mimir.wait_for(_arrived(mimir, b"agent-node-1"))
    mimir.wait_for(_arrived(mimir, b"botobs-gateway-0"))
