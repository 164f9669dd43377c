"""No pod may more than it needs, each says when it is well and what it takes, none is handed a secret in the open."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.support import charts

_UNITS = {"": 1, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "MiB": 2**20}


def _bytes(text: Any) -> int:
    match = re.fullmatch(r"(\d+)([A-Za-z]*)", str(text))
    assert match is not None, text
    return int(match[1]) * _UNITS[match[2]]


def test_pods_run_as_one_user_or_as_the_cluster_s(manifests: list[charts.Manifest], case: str) -> None:
    user = charts.CASES[case].get("user", 10001) or None
    for workload in charts.workloads(manifests):
        context = charts.pod(workload)["spec"]["securityContext"]
        assert {context.get(each) for each in ("runAsUser", "runAsGroup", "fsGroup")} == {user}


def test_pods_are_confined(manifests: list[charts.Manifest]) -> None:
    """The profile "restricted" of Kubernetes' pod security standards, but for the agents' folders of their nodes."""
    for workload in charts.workloads(manifests):
        spec = charts.pod(workload)["spec"]
        context = spec["securityContext"]
        assert context["runAsNonRoot"] is True
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
        assert not any("hostPort" in port for each in spec["containers"] for port in each.get("ports", []))
        folders = [volume["hostPath"]["path"] for volume in spec["volumes"] if "hostPath" in volume]
        assert folders == [] or workload["kind"] == "DaemonSet"
    for _, container in charts.containers(manifests):
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["readOnlyRootFilesystem"] is True
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert "privileged" not in context and context["runAsNonRoot"] is True


def test_pods_go_to_nodes_that_their_images_run_on(tools: Mapping[str, Path]) -> None:
    """A cluster may have nodes of Windows too, and an agent stands every taint."""
    values = {"botobs": {"agents": {"nodeSelector": {"pool": "trading"}}}, "tempo": {"nodeSelector": None}}
    manifests = charts.load(charts.render(tools["helm"], values, charts.STACK))
    for workload in charts.workloads(manifests):
        chosen = charts.pod(workload)["spec"]["nodeSelector"]
        pool = {"pool": "trading"} if charts.part(workload) == "agent" else {}
        assert chosen == {"kubernetes.io/os": "linux", **pool}


def test_the_host_is_only_looked_at(manifests: list[charts.Manifest]) -> None:
    """Of the node, an agent writes to the folder of its queue alone."""
    for workload in charts.workloads(manifests):
        spec = charts.pod(workload)["spec"]
        ours = {
            volume["name"] for volume in spec["volumes"] if "hostPath" in volume and volume["name"] != "data"
        }
        for container in spec["containers"]:
            for mount in container["volumeMounts"]:
                assert mount["name"] not in ours or mount["readOnly"] is True


def test_nobody_may_ask_kubernetes_but_the_scraper(manifests: list[charts.Manifest]) -> None:
    """And it may list the pods of its own namespace."""
    assert charts.kind(manifests, "ClusterRole", "ClusterRoleBinding") == []
    for role in charts.kind(manifests, "Role"):
        assert role["rules"] == [
            {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}
        ]
    tokens = {
        charts.part(workload)
        for workload in charts.workloads(manifests)
        for volume in charts.pod(workload)["spec"]["volumes"]
        for source in volume.get("projected", {}).get("sources", [])
        if "serviceAccountToken" in source
    }
    assert tokens <= {"scraper"}


def test_every_container_says_how_it_is(manifests: list[charts.Manifest]) -> None:
    for part, container in charts.containers(manifests):
        for probe in ("readinessProbe", "livenessProbe"):
            assert {"httpGet", "tcpSocket", "exec"} & set(container[probe]), part
        ports = {port["name"] for port in container.get("ports", [])}
        asked = [
            container[probe][way]["port"]
            for probe in ("startupProbe", "readinessProbe", "livenessProbe")
            for way in ("httpGet", "tcpSocket")
            if way in container.get(probe, {})
        ]
        assert set(asked) <= ports, part


def test_every_container_says_what_it_takes(manifests: list[charts.Manifest]) -> None:
    for part, container in charts.containers(manifests):
        resources = container["resources"]
        assert set(resources["requests"]) == {"cpu", "memory"}, part
        assert _bytes(resources["limits"]["memory"]) >= _bytes(resources["requests"]["memory"])
        # Without a limit: a collector that is held back is one that its senders wait for.
        assert "cpu" not in resources["limits"], part


def test_a_collector_puts_senders_off_before_it_is_killed(manifests: list[charts.Manifest]) -> None:
    """memory_limiter, then Go's own limit, then the container's."""
    for workload in charts.workloads(manifests):
        container = charts.pod(workload)["spec"]["containers"][0]
        if container["name"] != "collector":
            continue
        files = charts.named(manifests, "ConfigMap", f"botobs-{charts.part(workload)}")["data"]
        limits = [
            content["processors"]["memory_limiter"]
            for content in map(yaml.safe_load, files.values())
            if "memory_limiter" in content.get("processors", {})
        ]
        assert len(limits) == 1
        go = _bytes({entry["name"]: entry.get("value") for entry in container["env"]}["GOMEMLIMIT"])
        # Garbage is collected before the limiter takes it for load, and the limiter acts before the pod is killed.
        assert go < (limits[0]["limit_mib"] - limits[0]["spike_limit_mib"]) * 2**20
        assert limits[0]["limit_mib"] * 2**20 < _bytes(container["resources"]["limits"]["memory"])
        assert limits[0]["spike_limit_mib"] < limits[0]["limit_mib"] / 2


def test_a_disk_holds_what_the_queues_may_hold(manifests: list[charts.Manifest]) -> None:
    """A quarter more than the queues: pages that are half full, and the copy while they are compacted."""
    for workload in charts.kind(manifests, "StatefulSet"):
        claims = workload["spec"].get("volumeClaimTemplates", [])
        if charts.part(workload) == "scraper" or not claims:
            continue
        files = charts.named(manifests, "ConfigMap", f"botobs-{charts.part(workload)}")["data"]
        used = _exporters_in_use([yaml.safe_load(text) for text in files.values()])
        queues = sum(each["sending_queue"]["queue_size"] for each in used)
        assert queues > 0
        assert _bytes(claims[0]["spec"]["resources"]["requests"]["storage"]) >= 1.25 * queues


def _exporters_in_use(files: list[Any]) -> list[Any]:
    exporters: dict[str, Any] = {}
    pipelines: dict[str, list[str]] = {}
    for content in files:
        exporters |= content.get("exporters", {})
        for name, pipeline in content.get("service", {}).get("pipelines", {}).items():
            pipelines[name] = pipeline.get("exporters", pipelines.get(name, []))
    names = {name for chosen in pipelines.values() for name in chosen if name in exporters}
    return [exporters[name] for name in sorted(names)]


def test_the_chart_makes_no_secret(manifests: list[charts.Manifest]) -> None:
    assert charts.kind(manifests, "Secret") == []


def test_configuration_names_secrets_and_holds_none(manifests: list[charts.Manifest]) -> None:
    """What has a secret's name is a path, or nothing."""
    seen = 0
    for manifest in charts.kind(manifests, "ConfigMap"):
        for file, text in manifest["data"].items():
            if file.endswith((".yaml", ".yml")) and manifest["metadata"]["name"] != "botobs-rules":
                for key, value in _pairs(yaml.safe_load(text)):
                    if re.search(
                        r"password|secret|token|credential|tlsclientkey|authorization", key, re.IGNORECASE
                    ):
                        seen += 1
                        assert value == "" or "/secrets/" in value, (file, key)
    assert seen > 0


def _pairs(content: Any) -> list[tuple[str, str]]:
    if isinstance(content, dict):
        # Headers are written as a name and a value.
        if set(content) == {"name", "value"}:
            return [(str(content["name"]), str(content["value"]))]
        own = [(key, value) for key, value in content.items() if isinstance(value, str)]
        return own + [pair for value in content.values() for pair in _pairs(value)]
    return [pair for each in content for pair in _pairs(each)] if isinstance(content, list) else []


def test_environments_hold_no_secret(manifests: list[charts.Manifest]) -> None:
    """Environment and command line are for everybody to read who may look at a pod."""
    for part, container in charts.containers(manifests):
        assert "envFrom" not in container, part
        for entry in container.get("env", []):
            assert "secretKeyRef" not in entry.get("valueFrom", {}), part
            if re.search("PASS|TOKEN|SECRET|KEY", entry["name"]):
                assert entry["value"].startswith("/secrets/"), part


def test_one_at_a_time_is_taken_away(manifests: list[charts.Manifest]) -> None:
    """Sets that there are several of have a budget of disruptions; what there is one of must not hold up a node."""
    budgets = charts.kind(manifests, "PodDisruptionBudget")
    guarded = set()
    for budget in budgets:
        assert budget["spec"]["maxUnavailable"] == 1
        found = [
            charts.part(workload)
            for workload in charts.workloads(manifests)
            if charts.matches(budget["spec"]["selector"], charts.pod(workload)["metadata"]["labels"])
        ]
        assert len(found) == 1
        guarded |= set(found)
    several = {
        charts.part(workload)
        for workload in charts.kind(manifests, "StatefulSet", "Deployment")
        if workload["spec"].get("replicas", 2) > 1
    }
    assert guarded == several


def test_the_autoscaler_has_the_gateways_alone(everything: list[charts.Manifest]) -> None:
    (scaler,) = charts.kind(everything, "HorizontalPodAutoscaler")
    target = scaler["spec"]["scaleTargetRef"]
    gateways = charts.named(everything, target["kind"], target["name"])
    assert charts.part(gateways) == "gateway"
    # Two who set the number of replicas would undo each other's work.
    assert "replicas" not in gateways["spec"]
    assert scaler["spec"]["metrics"][0]["external"]["metric"]["name"] == "otelcol_exporter_queue_size"
