"""The network policies of the chart, as a plug-in that enforces them reads them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.kubernetes import service
from tests.support.kubernetes.installation import NAMESPACE, Installation
from tests.support.kubernetes.node import PAUSE
from tests.support.waiting import eventually

#: Who asks, who is asked by the labels of its part, at which port.
_OPEN = [
    ("service", "agent", 4317),
    ("service", "agent", 4318),
    ("agent", "gateway", 4621),
    ("gateway", "mimir", 8443),
    ("gateway", "tempo", 4317),
    ("scraper", "agent", 13133),
    ("scraper", "gateway", 13133),
    ("scraper", "mimir", 8443),
    ("scraper", "tempo", 8443),
    ("scraper", "alertmanager", 9093),
    ("mimir", "alertmanager", 9093),
    ("mimir", "object-store", 7070),
    ("tempo", "object-store", 7070),
    ("neighbour", "mimir", 8443),
    ("neighbour", "tempo", 8443),
]
_CLOSED = [
    ("service", "agent", 13133),
    ("service", "gateway", 4621),
    ("service", "mimir", 9095),
    ("neighbour", "gateway", 13133),
    ("neighbour", "gateway", 4621),
    ("neighbour", "mimir", 9095),
    ("neighbour", "mimir", 7946),
    ("neighbour", "alertmanager", 9094),
    ("neighbour", "object-store", 7070),
    ("service", "object-store", 7070),
    ("agent", "mimir", 8443),
    ("agent", "tempo", 4317),
    ("gateway", "mimir", 9095),
    ("gateway", "alertmanager", 9093),
    ("alertmanager", "object-store", 7070),
]

Pods = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def pods(botobs: Installation) -> Pods:
    """A pod of each part, a service's in a namespace of its own, and a stranger beside botobs."""
    for namespace, name in ((service.NAMESPACE, "service"), (NAMESPACE, "neighbour")):
        service.ensure_namespace(botobs, namespace)
        botobs.cluster.apply(_idle(name, namespace))
    found = {name: _running(botobs, name, namespace) for name, namespace in
             (("service", service.NAMESPACE), ("neighbour", NAMESPACE))}  # fmt: skip
    for part in ("agent", "gateway", "scraper"):
        found[part] = botobs.pods(f"app.kubernetes.io/name=botobs,app.kubernetes.io/component={part}")[0]
    for store in ("mimir", "tempo", "alertmanager", "object-store"):
        found[store] = botobs.pods(f"app.kubernetes.io/name={store}")[0]
    return found


@pytest.mark.parametrize(("sender", "receiver", "port"), _OPEN)
def test_what_is_needed_passes(
    botobs: Installation, pods: Pods, sender: str, receiver: str, port: int
) -> None:
    address = pods[receiver]["status"]["podIP"]
    assert eventually(lambda: botobs.reaches(pods[sender], address, port), within=60)


@pytest.mark.parametrize(("sender", "receiver", "port"), _CLOSED)
def test_nothing_else_passes(botobs: Installation, pods: Pods, sender: str, receiver: str, port: int) -> None:
    """Although it listens there, which the node itself sees."""
    address = pods[receiver]["status"]["podIP"]
    assert botobs.listens(pods[receiver]["spec"]["nodeName"], address, port)
    assert eventually(lambda: not botobs.reaches(pods[sender], address, port), within=60)


def _idle(name: str, namespace: str) -> dict[str, Any]:
    """A pod that does nothing, as restricted as any."""
    confined = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "runAsNonRoot": True,
        "runAsUser": 65530,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
        "spec": {
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 0,
            "containers": [
                {
                    "name": "idle",
                    "image": PAUSE,
                    "imagePullPolicy": "Never",
                    "securityContext": confined,
                }
            ],
        },
    }


def _running(botobs: Installation, name: str, namespace: str) -> dict[str, Any]:
    def found() -> dict[str, Any]:
        (pod,) = botobs.cluster.get("pod", name, "--namespace", namespace)
        return pod if pod["status"]["phase"] == "Running" else {}

    return eventually(found, within=180)
