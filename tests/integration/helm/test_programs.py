"""The programs take what the chart renders for them; agent and gateway run with it, and telemetry goes through."""

from __future__ import annotations

import ssl
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from botobs._ops.components.cluster import rules
from botobs._ops.components.ports import free_ports
from botobs._ops.home.private import read_secret
from testbed.otlp_receiver import OtlpReceiver
from tests.support import charts, pods
from tests.support.waiting import eventually

_TENANT = "desk-1"
_SERVICE = "kubernetes-test"


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a person who installs the chart makes."""
    folder = tmp_path_factory.mktemp("pods") / "secrets"
    pods.make_secrets(folder, ("botobs", _TENANT))
    return folder


def _check(*command: object) -> None:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("part", ["agent", "gateway", "sampler"])
def test_collectors_take_their_configuration(
    binaries: Mapping[str, Path], everything: list[charts.Manifest], secrets: Path, tmp_path: Path, part: str
) -> None:
    folder = pods.lay_out(everything, part, secrets, tmp_path)
    program, *args = pods.command(everything, part, binaries["botobs-collector"], folder)
    _check(program, "validate", *args)


def test_prometheus_and_the_ruler_take_the_rules(
    binaries: Mapping[str, Path], everything: list[charts.Manifest], secrets: Path, tmp_path: Path
) -> None:
    folder = pods.lay_out(everything, "rules", secrets, tmp_path)
    files = sorted(folder.glob("*.yml"))
    assert [file.name for file in files] == sorted(
        file.name for file in (charts.CHART / "files/rules").glob("*.yml")
    )
    _check(binaries["promtool"], "check", "rules", *files)


def test_the_operator_is_given_the_same_rules(everything: list[charts.Manifest]) -> None:
    files = charts.named(everything, "ConfigMap", "botobs-rules")["data"]
    objects = charts.kind(everything, "PrometheusRule")
    assert len(objects) == len(files)
    for rule in objects:
        assert rule["metadata"]["labels"]["release"] == "prometheus"
        for group in rule["spec"]["groups"]:
            # The operator's type knows no other: a number would be refused.
            assert all(isinstance(each["expr"], str) for each in group["rules"])


def test_the_ruler_is_asked_by_mimirs_names(everything: list[charts.Manifest], tmp_path: Path) -> None:
    """As those of a stack of several processes are put into it."""
    for rule in charts.kind(everything, "PrometheusRule"):
        (tmp_path / f"{rule['metadata']['name']}.yml").write_text(
            yaml.safe_dump(rule["spec"]), encoding="utf-8"
        )
    wanted = {group["name"]: group for _, group in rules.groups(tmp_path, "production")}
    files = charts.named(everything, "ConfigMap", "botobs-rules")["data"].values()
    found = {group["name"]: group for text in files for group in yaml.safe_load(text)["groups"]}
    assert found == wanted
    assert "cortex_ingester_tsdb_wal_writes_failed_total" in str(found)


def test_every_alert_says_its_environment(everything: list[charts.Manifest]) -> None:
    """Mimir has no external labels, and every route and inhibition goes by the environment."""
    for text in charts.named(everything, "ConfigMap", "botobs-rules")["data"].values():
        for group in yaml.safe_load(text)["groups"]:
            for rule in group["rules"]:
                assert ("production" in rule.get("labels", {}).get("deployment_environment_name", "")) == (
                    "alert" in rule
                )


def test_alertmanagers_run_with_their_configuration(
    binaries: Mapping[str, Path], everything: list[charts.Manifest], secrets: Path, tmp_path: Path
) -> None:
    """Two, which find each other over TLS as the values for their chart have it."""
    folder = pods.lay_out(everything, "alertmanager", secrets, tmp_path)
    (folder / "templates").mkdir()
    template = (folder / "botobs.tmpl").rename(folder / "templates" / "botobs.tmpl")
    assert "https://grafana.example.com" in template.read_text(encoding="utf-8")
    config = folder / "alertmanager.yml"
    _check(binaries["amtool"], "check-config", config)
    values = yaml.safe_load((charts.VALUES / "alertmanager.yaml").read_text(encoding="utf-8"))
    moved = {"/secrets/": f"{secrets}/", "/etc/alertmanager/": f"{folder}/"}
    arguments = []
    for key, value in values["extraArgs"].items():
        for path, here in moved.items():
            value = value.replace(path, here)
        arguments.append(f"--{key}={value}")
    first, second, *gossip = free_ports(4)
    context = ssl.create_default_context(cafile=str(secrets / "ca.pem"))
    password = read_secret(secrets / "scrape.password")

    def peers(port: int) -> int:
        try:
            url = f"https://127.0.0.1:{port}/api/v2/status"
            answer = httpx.get(url, verify=context, auth=("scrape", password))
        except httpx.TransportError:
            return 0
        return len(answer.json()["cluster"].get("peers", []))

    with ExitStack() as started:
        for number, port in enumerate((first, second)):
            words = [
                str(binaries["alertmanager"]), f"--config.file={config}", f"--storage.path={tmp_path}/{number}",
                f"--web.listen-address=127.0.0.1:{port}", f"--cluster.listen-address=127.0.0.1:{gossip[number]}",
                f"--cluster.peer=127.0.0.1:{gossip[0]}", *arguments,
            ]  # fmt: skip
            started.enter_context(pods.running(words, tmp_path / f"{number}.log"))
        assert eventually(lambda: peers(first) == peers(second) == 2), (tmp_path / "1.log").read_text("utf-8")


def _scraper(manifests: list[charts.Manifest], secrets: Path, folder: Path, targets: Any) -> Path:
    """The scraper's configuration. Ours is built without discovery by Kubernetes and DNS: these take its place."""
    file = pods.lay_out(manifests, "scraper", secrets, folder) / "prometheus.yml"
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    for job in content["scrape_configs"]:
        assert [key for key in ("kubernetes_sd_configs", "dns_sd_configs") if job.pop(key, None)]
        job["static_configs"] = targets
    content["global"] = {"scrape_interval": "1s", "scrape_timeout": "1s"}
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    return file


def test_prometheus_takes_the_scrapers(
    binaries: Mapping[str, Path], everything: list[charts.Manifest], secrets: Path, tmp_path: Path
) -> None:
    file = _scraper(everything, secrets, tmp_path, [{"targets": ["127.0.0.1:1"]}])
    _check(binaries["promtool"], "check", "config", "--agent", file)


def test_the_scraper_calls_collectors_by_their_own_names(
    binaries: Mapping[str, Path],
    everything: list[charts.Manifest],
    secrets: Path,
    ports: Mapping[str, int],
    tmp_path: Path,
) -> None:
    """It asks a running agent, as the pod that Kubernetes would say it is; rules compare both names."""
    pod = {
        "pod_name": "botobs-agent-x7f2k",
        "pod_node_name": "node-1",
        "pod_container_port_name": "health",
        "pod_label_app_kubernetes_io_component": "agent",
    }
    labels = {f"__meta_kubernetes_{key}": value for key, value in pod.items()}
    targets = [{"targets": [f"127.0.0.1:{ports['COLLECTOR_HEALTH_PORT']}"], "labels": labels}]
    file = _scraper(everything, secrets, tmp_path, targets)
    (port,) = free_ports(1)
    words = [
        str(binaries["prometheus"]), "--agent", f"--config.file={file}", f"--storage.agent.path={tmp_path}/wal",
        f"--web.listen-address=127.0.0.1:{port}", "--storage.remote.flush-deadline=1s",
    ]  # fmt: skip

    def found() -> list[Any]:
        try:
            answer = httpx.get(f"http://127.0.0.1:{port}/api/v1/targets")
        except httpx.TransportError:
            return []
        active = answer.json()["data"]["activeTargets"] if answer.is_success else []
        return [each for each in active if each["scrapePool"] == "collector" and each["health"] == "up"]

    with pods.running(words, tmp_path / "prometheus.log"):
        up = eventually(found)
        assert up, (tmp_path / "prometheus.log").read_text(encoding="utf-8")
    assert {key: up[0]["labels"][key] for key in ("service_name", "service_instance_id")} == {
        "service_name": "collector",
        "service_instance_id": "agent-node-1",
    }


def test_grafana_asks_with_a_certificate_and_as_the_tenant(everything: list[charts.Manifest]) -> None:
    data = charts.named(everything, "ConfigMap", "botobs-datasources")["data"]
    for source in yaml.safe_load(data["botobs.yaml"])["datasources"]:
        assert source["url"].startswith("https://")
        assert source["jsonData"]["serverName"] == source["url"].removeprefix("https://").split(":")[0]
        assert source["secureJsonData"]["tlsClientKey"] == "$__file{/secrets/client.key}"
        assert source["jsonData"]["httpHeaderName1"] == "X-Scope-OrgID"
        assert source["secureJsonData"]["httpHeaderValue1"] == "botobs"
        assert "basicAuth" not in source and "basicAuthPassword" not in source["secureJsonData"]
    assert yaml.safe_load(data["orders.yaml"])["datasources"][0]["uid"] == "orders"


@pytest.fixture(scope="module")
def mimir(secrets: Path) -> Iterator[OtlpReceiver]:
    """Stands for Mimir."""
    receiver = pods.stand_in_for_mimir(secrets)
    yield receiver
    receiver.close()


@pytest.fixture(scope="module")
def ports(
    binaries: Mapping[str, Path],
    tools: Mapping[str, Path],
    secrets: Path,
    mimir: OtlpReceiver,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Mapping[str, int]]:
    """An agent and a gateway that run with what is rendered; their ports by the ends of their variables."""
    names = (
        "OTLP_GRPC_PORT",
        "OTLP_HTTP_PORT",
        "COLLECTOR_HEALTH_PORT",
        "GATEWAY_PORT",
        "GATEWAY_HEALTH_PORT",
    )
    chosen = dict(zip(names, free_ports(len(names)), strict=True))
    settings: dict[str, Any] = {f"BOTOBS_{name}": str(port) for name, port in chosen.items()}
    settings |= {"BOTOBS_BIND": "127.0.0.1", "BOTOBS_OTLP_BIND": "127.0.0.1"}
    settings |= {"BOTOBS_COLLECTOR_METRICS_INTERVAL_MS": "1000"}
    values = {
        "tenant": _TENANT,
        "settings": settings,
        "gateways": {"url": f"https://127.0.0.1:{chosen['GATEWAY_PORT']}"},
        "stores": {"mimir": {"url": mimir.endpoint}},
    }
    manifests = charts.load(charts.render(tools["helm"], values))
    environ = {"BOTOBS_NODE": "node-1", "BOTOBS_POD": "botobs-gateway-0"}

    program, logs = binaries["botobs-collector"], tmp_path_factory.mktemp("logs")
    with ExitStack() as started:
        for part, health in (("gateway", "GATEWAY_HEALTH_PORT"), ("agent", "COLLECTOR_HEALTH_PORT")):
            folder = pods.lay_out(manifests, part, secrets, tmp_path_factory.mktemp(part))
            words, log = pods.command(manifests, part, program, folder), logs / part
            started.enter_context(pods.running(words, log, environ))
            pods.wait_healthy(chosen[health], secrets, log)
        yield chosen


def _send(port: int, secrets: Path, headers: Mapping[str, str]) -> int:
    request = ExportMetricsServiceRequest()
    resource = request.resource_metrics.add()
    for key, value in (("service.name", _SERVICE), ("service.instance.id", "1")):
        resource.resource.attributes.add(key=key).value.string_value = value
    point = resource.scope_metrics.add().metrics.add(name="balance").gauge.data_points.add(as_double=1)
    point.time_unix_nano = time.time_ns()
    context = ssl.create_default_context(cafile=str(secrets / "ca.pem"))
    return httpx.post(
        f"https://127.0.0.1:{port}/v1/metrics",
        content=request.SerializeToString(),
        headers={"content-type": "application/x-protobuf", **headers},
        verify=context,
    ).status_code


def _arrived(mimir: OtlpReceiver, word: bytes) -> Callable[[], bool]:
    return lambda: any(word in each.body for each in mimir.requests)


def test_metrics_go_from_a_service_to_mimir(
    ports: Mapping[str, int], secrets: Path, mimir: OtlpReceiver
) -> None:
    """By way of agent and gateway, as the tenant that the gateway knows and not as the one that the service claims."""
    token = read_secret(secrets / "service.token")
    assert _send(ports["OTLP_HTTP_PORT"], secrets, {}) == 401
    claim = {"authorization": f"Bearer {token}", "X-Scope-OrgID": "somebody-else"}
    assert _send(ports["OTLP_HTTP_PORT"], secrets, claim) == 200
    mimir.wait_for(_arrived(mimir, _SERVICE.encode()))
    assert {each.path for each in mimir.requests} == {"/otlp/v1/metrics"}
    tenants = {
        value
        for each in mimir.requests
        for key, value in each.headers.items()
        if key.lower() == "x-scope-orgid"
    }
    assert tenants == {_TENANT}


def test_collectors_are_called_by_their_node_and_pod(ports: Mapping[str, int], mimir: OtlpReceiver) -> None:
    """By names that a restart leaves as they are."""
    mimir.wait_for(_arrived(mimir, b"agent-node-1"))
    mimir.wait_for(_arrived(mimir, b"botobs-gateway-0"))


def test_an_agent_is_told_to_look_for_another_gateway(ports: Mapping[str, int], secrets: Path) -> None:
    """A Service spreads connections: one that is kept for good would never reach a gateway that is added."""
    context = ssl.create_default_context(cafile=str(secrets / "ca.pem"))
    answer = httpx.post(
        f"https://127.0.0.1:{ports['GATEWAY_PORT']}/v1/metrics",
        content=b"",
        headers={"content-type": "application/x-protobuf"},
        auth=(_TENANT, "word"),
        verify=context,
    )
    # In HTTP/2, which agents speak, the same setting of Go's server is a GOAWAY once nothing is under way.
    assert (answer.status_code, answer.headers["connection"]) == (200, "close")
