"""The chart of the whole stack as somebody else has it: hardly a value is the default."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.x509 import IPAddress

from botobs._ops.access.kubernetes import Place
from botobs._ops.home.private import make_folder, write_secret
from botobs._ops.programs.versions import pins
from tests.support import certificates
from tests.support.containers import images
from tests.support.kubernetes.cluster import Cluster
from tests.support.kubernetes.installation import Installation
from tests.support.kubernetes.machine import GATEWAY
from tests.support.object_store import ObjectStore, object_store

PLACE = Place("monitoring", "watch", "desk")
#: The collector's image, as a registry of one's own has it.
COLLECTOR = "registry.example.com:5000/mirror/otelcol:0.158.0"
_IMAGES = ("collector", "scraper", "tempo", "mimir", "alertmanager")
_TAINT = {"key": "dedicated", "value": "monitoring", "effect": "NoSchedule"}
_TOLERATED = {"tolerations": [{**_TAINT, "operator": "Equal"}], "nodeSelector": {"pool": "monitoring"}}
_RULES = {
    "groups": [{"name": "desk", "rules": [{
        "alert": "OfTheDesk", "expr": "vector(1)", "for": "${BOTOBS_THRESHOLD_OF_THE_DESK:-1s}",
        "labels": {"severity": "warning", "owner": "desk"}, "annotations": {"summary": "It is evaluated."},
    }]}]
}  # fmt: skip


#: What a namespace may be held to: nothing comes in or goes out that no policy names, and every container has to say
#: what it takes at most, or is told.
_BOUNDS: tuple[dict[str, Any], ...] = (
    {
        "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "desk"},
        "spec": {"hard": {
            "pods": "30", "persistentvolumeclaims": "12", "requests.cpu": "8", "requests.memory": "16Gi",
            "limits.cpu": "60", "limits.memory": "60Gi",
        }},
    },
    {
        "apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "desk"},
        "spec": {"limits": [{"type": "Container", "default": {"cpu": "2"}, "defaultRequest": {"cpu": "10m"}}]},
    },
    {
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "nothing"},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
    },
)  # fmt: skip


@dataclass(frozen=True)
class Elsewhere:
    """What the chart finds in the cluster.

    Attributes:
        botobs: The release.
        store: The platform's own object store, with a certificate of its own authority.
    """

    botobs: Installation
    store: ObjectStore


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Elsewhere]:
    """All runs, in a namespace of the level `restricted` with a quota, on a node that not every pod is let on."""
    with Cluster() as cluster:
        images.make_programs(cluster, _IMAGES)
        (node,) = cluster.nodes.values()
        upstream = pins()["collector"].image
        node.machine.run("ctr", "--namespace", "k8s.io", "images", "tag", upstream, COLLECTOR)
        node.machine.run("ctr", "--namespace", "k8s.io", "images", "remove", upstream)
        cluster.run("kubectl", "label", "node", node.name, "pool=monitoring")
        taint = f"{_TAINT['key']}={_TAINT['value']}:{_TAINT['effect']}"
        cluster.run("kubectl", "taint", "node", node.name, taint)
        folder = cluster.folder / "object-store"
        folder.mkdir()
        pem = certificates.self_signed(folder, "store", "an object store", IPAddress(ip_address(GATEWAY)))
        with object_store(folder, "blocks", "traces", host=GATEWAY, certificate=pem) as store:
            yield Elsewhere(_installed(cluster, store, str(pem[0])), store)


def _installed(cluster: Cluster, store: ObjectStore, authority: str) -> Installation:
    values, stores = _values(urlsplit(store.environ["AWS_ENDPOINT_URL_S3"]).netloc)
    made = Installation(cluster, place=PLACE, values=values, stores=stores)
    made.home.create()
    make_folder(made.home.secrets)
    write_secret(made.home.secrets / "object-store.key", store.environ["AWS_ACCESS_KEY_ID"])
    write_secret(made.home.secrets / "object-store.secret", store.environ["AWS_SECRET_ACCESS_KEY"])
    made.botobs("config", "set", "BOTOBS_TENANT", PLACE.tenant)
    made.prepare(level="restricted")
    in_it = ("--namespace", PLACE.namespace)
    made.kubectl("create", "secret", "generic", "corporate", f"--from-file=ca.pem={authority}", *in_it)
    made.kubectl("create", "secret", "docker-registry", "registry", "--docker-server=registry.example.com:5000",
                 "--docker-username=botobs", "--docker-password=none", *in_it)  # fmt: skip
    made.kubectl("create", "priorityclass", "watched", "--value=1000")
    cluster.apply(
        *({**bound, "metadata": {**bound["metadata"], "namespace": PLACE.namespace}} for bound in _BOUNDS)
    )
    made.install()
    return made


def _values(store: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Of botobs, and of the stores."""
    botobs = {
        "environment": "staging-2",
        # Of the range that an OpenShift gives a namespace.
        "user": 1000650000,
        "images": {"collector": COLLECTOR, "pullSecrets": ["registry"]},
        "agents": {
            "queue": {
                "type": "persistentVolumeClaim",
                "persistentVolumeClaim": {"replicas": 2, "size": "1Gi"},
            },
            "nodeSelector": {"pool": "monitoring"},
        },
        "gateways": {**_TOLERATED, "replicas": 3},
        "scraper": _TOLERATED,
        "rules": {"custom": {"desk.yml": _RULES}},
    }
    stores = {
        "mimir": {**_TOLERATED, "replicas": 3, "priorityClassName": "watched"},
        "tempo": _TOLERATED,
        "alertmanager": {**_TOLERATED, "replicas": 1},
        "objectStore": {
            "enabled": False, "endpoint": store, "authority": "corporate",
            "mimirBucket": "blocks", "tempoBucket": "traces",
        },
    }  # fmt: skip
    return botobs, stores
