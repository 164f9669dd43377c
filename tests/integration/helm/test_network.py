"""The network policies let through every flow that is needed, and none besides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support import charts


@dataclass(frozen=True)
class _End:
    """Somebody who sends or is sent to: a pod, or an address outside."""

    labels: dict[str, str] = field(default_factory=dict)
    namespace: str | None = charts.NAMESPACE
    ports: dict[str, int] = field(default_factory=dict)


def _ours(manifests: list[charts.Manifest], part: str) -> _End:
    (workload,) = [each for each in charts.workloads(manifests) if charts.part(each) == part]
    spec = charts.pod(workload)["spec"]
    ports = {
        port["name"]: port["containerPort"] for each in spec["containers"] for port in each.get("ports", [])
    }
    return _End(charts.pod(workload)["metadata"]["labels"], ports=ports)


def _upstream(name: str, component: str) -> _End:
    return _End({"app.kubernetes.io/name": name, "app.kubernetes.io/component": component})


_SERVICE = _End({"app": "bot-manager"}, namespace="trading")
_STRANGER = _End({"app": "stranger"})
_OUTSIDE = _End(namespace=None)
_NAMES = _End({"k8s-app": "kube-dns"}, namespace="kube-system")
_MIMIR, _INGESTER = _upstream("mimir", "gateway"), _upstream("mimir", "ingester")
_TEMPO, _QUERIES = _upstream("tempo", "distributor"), _upstream("tempo", "gateway")
_GRAFANA = _upstream("grafana", "grafana")


def _is(peer: dict[str, Any], other: _End) -> bool:
    if "ipBlock" in peer:
        # Addresses of pods are none of a policy's business here.
        return other.namespace is None
    if other.namespace is None:
        return False
    if "namespaceSelector" in peer:
        labels = {"kubernetes.io/metadata.name": other.namespace, "team": other.namespace}
        if not charts.matches(peer["namespaceSelector"], labels):
            return False
    elif other.namespace != charts.NAMESPACE:
        return False
    return charts.matches(peer.get("podSelector", {}), other.labels)


def _policies(manifests: list[charts.Manifest], end: _End, direction: str) -> Iterator[dict[str, Any]]:
    for policy in charts.kind(manifests, "NetworkPolicy"):
        spec = policy["spec"]
        picked = end.namespace == charts.NAMESPACE and charts.matches(spec["podSelector"], end.labels)
        if picked and direction in spec["policyTypes"]:
            yield spec


def _one_way(
    manifests: list[charts.Manifest], end: _End, other: _End, door: _End, port: int, direction: str
) -> bool:
    """Whether `end` may send to `other`, or be sent to by it; `door` is the one of the two that listens."""
    policies = list(_policies(manifests, end, direction))
    if not policies:
        return True
    rules, peers = ("egress", "to") if direction == "Egress" else ("ingress", "from")
    for spec in policies:
        for rule in spec.get(rules, []):
            numbers = [door.ports.get(each["port"], each["port"]) for each in rule.get("ports", [])]
            if (not numbers or port in numbers) and (
                not rule.get(peers) or any(_is(peer, other) for peer in rule[peers])
            ):
                return True
    return False


def _passes(manifests: list[charts.Manifest], sender: _End, receiver: _End, port: int) -> bool:
    return _one_way(manifests, sender, receiver, receiver, port, "Egress") and _one_way(
        manifests, receiver, sender, receiver, port, "Ingress"
    )


@pytest.fixture
def ends(everything: list[charts.Manifest]) -> dict[str, _End]:
    """Our pods, where everything is turned on and nothing is said of who may come."""
    return {charts.part(each): _ours(everything, charts.part(each)) for each in charts.workloads(everything)}


#: Who must reach whom. What is no part of ours stands for itself.
_FLOWS: list[tuple[str | _End, str | _End, int]] = [
    ("agent", "gateway", 4621),
    ("agent", "sampler", 4517),
    ("sampler", "gateway", 4621),
    ("gateway", _MIMIR, 8443),
    ("gateway", _TEMPO, 4317),
    ("scraper", "agent", 13133),
    ("scraper", "agent", 13135),
    ("scraper", "gateway", 13133),
    ("scraper", "sampler", 13133),
    ("scraper", "postgres-exporter", 9187),
    ("scraper", _INGESTER, 8080),
    ("scraper", _upstream("tempo", "ingester"), 3200),
    ("scraper", _upstream("alertmanager", "x"), 9093),
    ("scraper", _MIMIR, 8443),
    ("scraper", _OUTSIDE, 6443),
    ("postgres-exporter", _OUTSIDE, 5432),
    *((part, _NAMES, 53) for part in ("agent", "gateway", "sampler", "scraper", "postgres-exporter")),
    (_SERVICE, "agent", 4317),
    (_SERVICE, "agent", 4318),
    (_OUTSIDE, "gateway", 4621),
    (_GRAFANA, _MIMIR, 8443),
    (_GRAFANA, _QUERIES, 8443),
    (_INGESTER, _MIMIR, 8080),
    # Before an ingester is taken away it is told to write what it holds to the object store.
    (_upstream("rollout-operator", "x"), _INGESTER, 8080),
]
#: Who must not.
_CLOSED: list[tuple[str | _End, str | _End, int]] = [
    ("agent", _MIMIR, 8443),
    ("agent", _TEMPO, 4317),
    ("agent", _OUTSIDE, 443),
    ("gateway", _INGESTER, 8080),
    ("gateway", _OUTSIDE, 443),
    ("sampler", _OUTSIDE, 443),
    ("postgres-exporter", _OUTSIDE, 443),
    ("scraper", _OUTSIDE, 25),
    ("scraper", _SERVICE, 8080),
    (_SERVICE, "gateway", 4621),
    (_SERVICE, "sampler", 4517),
    (_SERVICE, "agent", 13133),
    (_SERVICE, "agent", 4319),
    (_SERVICE, "agent", 4320),
    (_SERVICE, "agent", 4321),
    (_SERVICE, "agent", 13135),
    (_SERVICE, "scraper", 9090),
    (_STRANGER, "agent", 4318),
    (_STRANGER, "postgres-exporter", 9187),
    (_STRANGER, _INGESTER, 8080),
    (_STRANGER, _INGESTER, 9095),
    (_STRANGER, _MIMIR, 8080),
    (_OUTSIDE, "agent", 4318),
]


def _end(ends: dict[str, _End], each: str | _End) -> _End:
    return ends[each] if isinstance(each, str) else each


@pytest.mark.parametrize("flow", _FLOWS, ids=str)
def test_what_is_needed_passes(
    everything: list[charts.Manifest], ends: dict[str, _End], flow: tuple[str | _End, str | _End, int]
) -> None:
    sender, receiver, port = flow
    assert _passes(everything, _end(ends, sender), _end(ends, receiver), port)


@pytest.mark.parametrize("flow", _CLOSED, ids=str)
def test_nothing_else_passes(
    everything: list[charts.Manifest], ends: dict[str, _End], flow: tuple[str | _End, str | _End, int]
) -> None:
    sender, receiver, port = flow
    assert not _passes(everything, _end(ends, sender), _end(ends, receiver), port)


def test_every_flow_of_a_configuration_is_listed(ends: dict[str, _End]) -> None:
    """A part that is added has flows of its own: this list is where they are thought of."""
    assert set(ends) == {each for flow in _FLOWS for each in flow[:2] if isinstance(each, str)}


def test_agents_may_send_to_gateways_elsewhere(rendered: Any) -> None:
    manifests = charts.load(rendered("agents elsewhere"))
    agent = _ours(manifests, "agent")
    assert _passes(manifests, agent, _OUTSIDE, 4621)
    assert not _passes(manifests, agent, _OUTSIDE, 443)


def test_policies_can_be_left_to_others(tools: Any) -> None:
    manifests = charts.load(charts.render(tools["helm"], {"networkPolicy": {"enabled": False}}))
    assert charts.kind(manifests, "NetworkPolicy") == []


def test_names_may_be_resolved_elsewhere(tools: Mapping[str, Path]) -> None:
    """As on OpenShift, whose pods do not listen at the port of their service."""
    elsewhere = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "openshift-dns"}}}
    values = {"networkPolicy": {"dns": {"to": [elsewhere], "port": 5353}}}
    manifests = charts.load(charts.render(tools["helm"], values))
    names = _End({"dns": "default"}, namespace="openshift-dns")
    for part in ("agent", "gateway", "scraper"):
        assert _passes(manifests, _ours(manifests, part), names, 5353)
        assert not _passes(manifests, _ours(manifests, part), _NAMES, 53)


def test_the_cluster_may_be_asked_at_another_port(tools: Mapping[str, Path]) -> None:
    """As on MicroK8s, whose plug-in enforces policies by itself."""
    values = {"networkPolicy": {"api": {"ports": [16443]}}}
    manifests = charts.load(charts.render(tools["helm"], values))
    assert _passes(manifests, _ours(manifests, "scraper"), _OUTSIDE, 16443)
    assert not _passes(manifests, _ours(manifests, "scraper"), _OUTSIDE, 6443)


def test_a_namespace_that_lets_nothing_through(tools: Mapping[str, Path]) -> None:
    """Stores reach each other, names, the object store and receivers of alerts all the same."""
    manifests = charts.load(charts.render(tools["helm"], {}, charts.STACK))
    nothing = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    manifests.append({"kind": "NetworkPolicy", "metadata": {"name": "nothing"}, "spec": nothing})
    pods = {each["metadata"]["name"]: charts.pod(each) for each in charts.workloads(manifests)}
    mimir, tempo, alertmanager, store = (
        _End(pods[name]["metadata"]["labels"]) for name in ("mimir", "tempo", "alertmanager", "object-store")
    )
    assert _passes(manifests, mimir, alertmanager, 9093)
    for each in (mimir, tempo):
        assert _passes(manifests, each, _NAMES, 53) and _passes(manifests, each, store, 7070)
    assert _passes(manifests, alertmanager, _OUTSIDE, 443) and _passes(manifests, alertmanager, _NAMES, 53)
    assert not _passes(manifests, store, _OUTSIDE, 443)
