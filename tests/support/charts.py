"""The Helm chart, rendered as Helm renders it, and questions about what comes out."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.support.configs import ROOT

CHART = ROOT / "deploy" / "helm" / "botobs"
#: The same with its stores, as one release.
STACK = ROOT / "deploy" / "helm" / "stack"
VALUES = ROOT / "deploy" / "helm" / "values"

NAMESPACE = "observability"
RELEASE = "botobs"
#: Helm knows no cluster here; the version that it takes for granted otherwise is older than the chart allows.
KUBERNETES = "1.31.0"

Manifest = dict[str, Any]

#: Values with which the chart is looked at: what comes by itself, each thing the other way, and everything at once.
CASES: dict[str, Manifest] = {
    "defaults": {},
    "everything": {
        "samplers": {"enabled": True},
        "postgresExporter": {"enabled": True, "uri": "db.example.com:5432/trading?sslmode=verify-full"},
        "secrets": {"database": {"authority": "database-ca.pem"}},
        "gateways": {"autoscaling": {"enabled": True}, "service": {"type": "LoadBalancer"}},
        "rules": {"prometheusRule": True, "labels": {"release": "prometheus"}},
        "dataSources": {"orders": True},
        "images": {"pullSecrets": ["registry"], "intake": "registry.example.com/botobs-intake:1.0.0"},
        "networkPolicy": {
            "services": [{"namespaceSelector": {"matchLabels": {"team": "trading"}}}],
            "agents": [{"ipBlock": {"cidr": "10.0.0.0/8"}}],
            "scrapers": [{"namespaceSelector": {"matchLabels": {"team": "platform"}}}],
        },
        "settings": {
            "BOTOBS_ALERT_RECEIVER": "email,slack",
            "BOTOBS_DEADMAN_RECEIVER": "deadman",
            "BOTOBS_SMTP_USERNAME": "botobs",
            "BOTOBS_HORIZON": "72h",
        },
    },
    "claims": {"user": "", "agents": {"queue": {"type": "persistentVolumeClaim"}}},
    "agents elsewhere": {
        "gateways": {"enabled": False, "url": "https://gateways.example.com"},
        "scraper": {"enabled": False},
        "dashboards": {"enabled": False},
        "dataSources": {"enabled": False},
        "alertmanager": {"enabled": False},
        "rules": {"configMap": False},
    },
    "gateways alone": {"agents": {"enabled": False}, "networkPolicy": {"stores": False}},
}


def helm(
    program: Path, *words: str, values: Mapping[str, Any] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run Helm; `values` are those of a file."""
    return subprocess.run(
        [str(program), *words],
        input=yaml.safe_dump(dict(values or {})), capture_output=True, text=True, check=False,
    )  # fmt: skip


def render(program: Path, values: Mapping[str, Any], chart: Path = CHART) -> str:
    """What Helm would give to Kubernetes."""
    done = helm(
        program, "template", RELEASE, str(chart),
        "--namespace", NAMESPACE, "--kube-version", KUBERNETES, "--values", "-", values=values,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def load(text: str) -> list[Manifest]:
    """The objects in a rendered text."""
    return [manifest for manifest in yaml.safe_load_all(text) if manifest]


def kind(manifests: list[Manifest], *kinds: str) -> list[Manifest]:
    """The manifests of these kinds, such as `Deployment`."""
    return [manifest for manifest in manifests if manifest["kind"] in kinds]


def named(manifests: list[Manifest], of: str, name: str) -> Manifest:
    """The one manifest of a kind and name; the test fails where there is another number of them."""
    found = [manifest for manifest in kind(manifests, of) if manifest["metadata"]["name"] == name]
    assert len(found) == 1, f"{len(found)} of {of} {name}"
    return found[0]


def workloads(manifests: list[Manifest]) -> list[Manifest]:
    """Everything that makes pods."""
    return kind(manifests, "DaemonSet", "Deployment", "StatefulSet")


def pod(workload: Manifest) -> Manifest:
    """The pod that a workload makes: `metadata` and `spec`."""
    made: Manifest = workload["spec"]["template"]
    return made


def part(workload: Manifest) -> str:
    """Which part of botobs a workload is."""
    return str(pod(workload)["metadata"]["labels"]["app.kubernetes.io/component"])


def containers(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Every container, those that only begin included, with its part."""
    for workload in workloads(manifests):
        spec = pod(workload)["spec"]
        for container in [*spec.get("initContainers", []), *spec["containers"]]:
            yield part(workload), container


def matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a selector of `matchLabels` picks something with these labels."""
    assert set(selector) <= {"matchLabels"}, "no other way of selecting is used"
    wanted: Mapping[str, str] = selector.get("matchLabels", {})
    return wanted.items() <= labels.items()
