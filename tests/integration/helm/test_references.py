"""What one object says of another is so: services find pods, pods find their files, and collectors find each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import yaml

from tests.support import charts

#: Made by whoever installs the chart: docs/how-to/kubernetes.md makes each, with these keys.
_GIVEN = {
    "botobs-certificates": {"ca.pem", "server.pem", "server.key", "client.pem", "client.key"},
    "botobs-intake": {"intake.pem", "intake.key", "intake-ca.pem"},
    "botobs-tokens": {"ingest.tokens"},
    "botobs-tenant": {"password", "authorization"},
    "botobs-tenants": {"htpasswd"},
    "botobs-database": {"database-exporter.password", "database-ca.pem"},
    "botobs-scrape": {"scrape.password"},
    "botobs-web": {"web.yml"},
}
#: There in every namespace.
_OF_THE_CLUSTER = {"kube-root-ca.crt": {"ca.crt"}}


def test_every_service_finds_pods_that_listen(manifests: list[charts.Manifest]) -> None:
    services = charts.kind(manifests, "Service")
    for service in services:
        selector = {"matchLabels": service["spec"]["selector"]}
        found = [
            charts.pod(workload)
            for workload in charts.workloads(manifests)
            if charts.matches(selector, charts.pod(workload)["metadata"]["labels"])
        ]
        assert len(found) == 1, service["metadata"]["name"]
        listened = {port["name"] for each in found[0]["spec"]["containers"] for port in each.get("ports", [])}
        assert {port["targetPort"] for port in service["spec"].get("ports", [])} <= listened


def test_every_set_has_its_service(manifests: list[charts.Manifest]) -> None:
    for workload in charts.kind(manifests, "StatefulSet"):
        service = charts.named(manifests, "Service", workload["spec"]["serviceName"])
        assert service["spec"]["clusterIP"] == "None"


def test_selectors_pick_their_own_pods(manifests: list[charts.Manifest]) -> None:
    for workload in charts.workloads(manifests):
        picked = [
            other["metadata"]["name"]
            for other in charts.workloads(manifests)
            if charts.matches(workload["spec"]["selector"], charts.pod(other)["metadata"]["labels"])
        ]
        assert picked == [workload["metadata"]["name"]]


def test_names_are_not_taken_twice(manifests: list[charts.Manifest]) -> None:
    names = [(manifest["kind"], manifest["metadata"]["name"]) for manifest in manifests]
    assert len(names) == len(set(names))
    assert {manifest["metadata"]["namespace"] for manifest in manifests} == {charts.NAMESPACE}


def test_accounts_exist(manifests: list[charts.Manifest]) -> None:
    for workload in charts.workloads(manifests):
        charts.named(manifests, "ServiceAccount", charts.pod(workload)["spec"]["serviceAccountName"])


def _sources(volume: charts.Manifest) -> Iterator[tuple[str, str, list[dict[str, str]]]]:
    """Kind, name and items of what a volume is made of."""
    for source in [volume, *volume.get("projected", {}).get("sources", [])]:
        if "secret" in source:
            name = source["secret"].get("name") or source["secret"]["secretName"]
            yield "Secret", name, source["secret"].get("items", [])
        if "configMap" in source:
            yield "ConfigMap", source["configMap"]["name"], source["configMap"].get("items", [])


def test_every_file_comes_from_somewhere(manifests: list[charts.Manifest]) -> None:
    """A ConfigMap of the chart has the key, and a Secret is one that whoever installs it is told to make."""
    made = {
        manifest["metadata"]["name"]: set(manifest["data"])
        for manifest in charts.kind(manifests, "ConfigMap")
    }
    for workload in charts.workloads(manifests):
        for volume in charts.pod(workload)["spec"]["volumes"]:
            for of, name, items in _sources(volume):
                there = _GIVEN[name] if of == "Secret" else {**made, **_OF_THE_CLUSTER}[name]
                assert {item["key"] for item in items} <= there, name


def test_pods_have_the_secrets_that_their_files_name_and_no_others(manifests: list[charts.Manifest]) -> None:
    for workload in charts.workloads(manifests):
        part, spec = charts.part(workload), charts.pod(workload)["spec"]
        given = {
            item["path"]
            for volume in spec["volumes"]
            if volume["name"] == "secrets"
            for _, _, items in _sources(volume)
            for item in items
        }
        container = spec["containers"][0]
        files = charts.named(manifests, "ConfigMap", f"botobs-{part}")["data"]
        texts = [
            *files.values(),
            *container["args"],
            *(str(each.get("value")) for each in container.get("env", [])),
        ]
        wanted = set(re.findall(r"/secrets/([\w./-]*\w)", "\n".join(texts)))
        if part == "postgres-exporter":
            # Named by web.yml, which is a secret itself.
            wanted |= {"server.pem", "server.key"}
        # By these Prometheus is written to, which a cluster's collectors do not.
        wanted -= {"collector.authorization", "collector.password"}
        assert given == wanted, part


def test_arguments_name_files_that_are_mounted(manifests: list[charts.Manifest]) -> None:
    for workload in charts.workloads(manifests):
        files = set(charts.named(manifests, "ConfigMap", f"botobs-{charts.part(workload)}")["data"])
        args = charts.pod(workload)["spec"]["containers"][0]["args"]
        named = re.findall(r"/config/([\w.-]+)", " ".join(args))
        # Each once, and none for nothing: the order is that in which they are laid over each other.
        assert len(named) == len(files) and set(named) == files


def test_every_volume_is_mounted_and_every_mount_has_a_volume(manifests: list[charts.Manifest]) -> None:
    for workload in charts.workloads(manifests):
        spec = charts.pod(workload)["spec"]
        claims = workload["spec"].get("volumeClaimTemplates", [])
        volumes = {volume["name"] for volume in spec["volumes"]} | {
            claim["metadata"]["name"] for claim in claims
        }
        mounts = {mount["name"] for each in spec["containers"] for mount in each["volumeMounts"]}
        assert volumes == mounts, charts.part(workload)


def _hosts(content: Any) -> Iterator[tuple[str, int]]:
    """Hosts within the release's namespace that a configuration sends to, with their ports."""
    for key, value in content.items() if isinstance(content, dict) else enumerate(content):
        if isinstance(value, dict | list):
            yield from _hosts(value)
        elif key == "endpoint" and f".{charts.NAMESPACE}.svc" in str(value):
            parts = urlsplit(value if "://" in value else f"//{value}")
            assert parts.hostname is not None and parts.port is not None
            yield parts.hostname, parts.port


def test_collectors_send_to_services_that_there_are(manifests: list[charts.Manifest]) -> None:
    services = {
        service["metadata"]["name"]: {port["port"] for port in service["spec"].get("ports", [])}
        for service in charts.kind(manifests, "Service")
    }
    for workload in charts.workloads(manifests):
        if charts.pod(workload)["spec"]["containers"][0]["name"] != "collector":
            continue
        files = charts.named(manifests, "ConfigMap", f"botobs-{charts.part(workload)}")["data"]
        for host, port in {pair for text in files.values() for pair in _hosts(yaml.safe_load(text))}:
            *pod, service = host.removesuffix(f".{charts.NAMESPACE}.svc").split(".")
            assert port in services[service], host
            if pod:
                sets = charts.named(manifests, "StatefulSet", pod[0].rpartition("-")[0])
                assert int(pod[0].rpartition("-")[2]) < sets["spec"]["replicas"]


def test_no_two_agents_speak_under_one_name(manifests: list[charts.Manifest]) -> None:
    """Two writers of one series would have half of their points refused."""
    for workload in charts.workloads(manifests):
        if charts.part(workload) == "agent":
            own = "BOTOBS_NODE" if workload["kind"] == "DaemonSet" else "BOTOBS_POD"
            files = charts.named(manifests, "ConfigMap", "botobs-agent")["data"]
            assert set(re.findall(r"\$\{env:(\w+)\}", "\n".join(files.values()))) == {own}
