"""botobs on a cluster, as docs/how-to/kubernetes.md installs it."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple
from types import MappingProxyType
from typing import Any, ClassVar

import httpx
import yaml

from botobs._ops.access import clients
from botobs._ops.access.kubernetes import Place
from botobs._ops.home.home import Home
from testbed.stack import FAST
from tests.support import charts
from tests.support.kubernetes.cluster import Cluster
from tests.support.kubernetes.machine import GATEWAY, NETWORK, Machine
from tests.support.upstream import merged
from tests.support.waiting import eventually

_PLACE = Place()
NAMESPACE = _PLACE.namespace
#: Where the host reaches an agent.
OUTSIDE = "198.18.200.10"
#: Where it reads the stores.
_STORES = {"mimir": "198.18.200.11", "tempo": "198.18.200.12", "alertmanager": "198.18.200.13"}
#: What a certificate has to hold for it.
HOSTS = (OUTSIDE, *_STORES.values())
#: The folder of an agent's queue, as the page has it made on every node.
QUEUE = "/var/lib/botobs/agent"
_VOLUMES = "/var/lib/volumes"
AGENTS = "app.kubernetes.io/name=botobs,app.kubernetes.io/component=agent"
GATEWAYS = "app.kubernetes.io/name=botobs,app.kubernetes.io/component=gateway"
_BOTOBS = [sys.executable, "-m", "botobs"]
_VALUES: Mapping[str, Any] = {
    "environment": "test",
    "settings": dict(FAST),
    # Services of the host send too, and names are resolved there.
    "networkPolicy": {
        "services": [{"namespaceSelector": {}}, {"ipBlock": {"cidr": f"{NETWORK}.0/24"}}],
        "dns": {"to": [{"ipBlock": {"cidr": f"{GATEWAY}/32"}}]},
    },
    # Two gateways of half a core each, and what else there is, want more than a small machine has.
    "gateways": {"resources": {"requests": {"cpu": "50m", "memory": "128Mi"}}},
}
_SMALL = {"size": "10Gi", "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}}}
#: Of the stores.
_VALUES_OF_STORES: Mapping[str, Any] = {
    "mimir": _SMALL,
    "tempo": _SMALL,
    "objectStore": _SMALL,
    "alertmanager": {},
}
#: Disks of each node: one for every claim, and one for an agent that comes with a claim.
_DISKS = 12


class Installation:
    """The release, on a cluster.

    Args:
        cluster: Where.
        keeper: The node on which the stores are, and all disks; any if it is not named.
        place: Its namespace, the release's name, and the tenant.
        values: Of botobs, over those of every test.
        stores: Of the stores beside it, likewise.

    Attributes:
        home: Where the secrets are.
        chart: What is installed: that of this checkout, until it is another.
        values: Those of botobs, over the chart's own.
        endpoint: Where services of the host send.
        metrics: Where their metrics are read.
    """

    metrics: ClassVar[str] = "mimir"

    def __init__(
        self,
        cluster: Cluster,
        keeper: str = "",
        place: Place = _PLACE,
        values: Mapping[str, Any] = MappingProxyType({}),
        stores: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self.cluster, self.place = cluster, place
        there = {"nodeSelector": {"kubernetes.io/hostname": keeper}} if keeper else {}
        placed = {store: {**small, **there} for store, small in _VALUES_OF_STORES.items()}
        self._stores = merged(placed, stores)
        self.home = Home(cluster.folder / "home")
        self.chart = charts.STACK
        self.values: dict[str, Any] = merged({**_VALUES, "scraper": there, "tenant": place.tenant}, values)
        self._keepers = [keeper] if keeper else list(cluster.nodes)
        self.endpoint = f"https://{OUTSIDE}:4318"

    def prepare(self, level: str = "privileged") -> None:
        """Make what the page has made before anything is installed: a namespace, secrets, folders; and volumes.

        Args:
            level: Of the pod security standards, which the namespace enforces.
        """
        self.kubectl("create", "namespace", self.place.namespace)
        label = f"pod-security.kubernetes.io/enforce={level}"
        self.kubectl("label", "namespace", self.place.namespace, label)
        self.home.create()
        self.hand_out_secrets()
        self.make_folders()

    def make_folders(self) -> None:
        """Of the agents' queues, and those that are disks."""
        for node in self.cluster.nodes.values():
            node.machine.run("install", "-d", "-o", "10001", "-g", "10001", "-m", "0700", QUEUE)
        for number, node in enumerate(self.cluster.nodes[name] for name in self._keepers):
            for disk in range(_DISKS):
                path = f"{_VOLUMES}/{disk}"
                node.machine.run("install", "-d", path)
                self.cluster.apply(_volume(f"disk-{number}-{disk}", node.name, path))

    def hand_out_secrets(self) -> None:
        """By the command that the page names; also after a change."""
        words = [*_BOTOBS, "kubernetes", "secrets", "--home", str(self.home.path)]
        for option, value, usual in zip(
            ("namespace", "name", "tenant"), astuple(self.place), astuple(_PLACE), strict=True
        ):
            words += [f"--{option}", value] if value != usual else []
        words += [word for host in HOSTS for word in ("--host", host)]
        self.cluster.run(
            "bash", "-c", f"set -o pipefail; {shlex.join(words)} | kubectl apply --server-side -f -"
        )

    def install(self) -> None:
        """The chart, and ways for the host to get at it."""
        self._helm("install")
        self.let_the_host_in()
        self.wait()

    def let_the_host_in(self) -> None:
        """Give the host addresses of agents and stores."""
        self.cluster.apply(*_from_the_host(self.place.namespace))

    def upgrade(self, values: Mapping[str, Any], stores: Mapping[str, Any] = MappingProxyType({})) -> None:
        """`helm upgrade` with values over those that hold, until all has been replaced.

        Args:
            values: Of botobs.
            stores: Of the stores beside it.
        """
        self.values = merged(self.values, values)
        self._stores = merged(self._stores, stores)
        self._helm("upgrade")
        self.wait()

    def attempt(self, values: Mapping[str, Any], stores: Mapping[str, Any] = MappingProxyType({})) -> None:
        """The same with values that cannot hold: nobody waits, and `upgrade` takes them back."""
        kept = self.values, self._stores
        self.values, self._stores = merged(self.values, values), merged(self._stores, stores)
        try:
            self._helm("upgrade")
        finally:
            self.values, self._stores = kept

    def roll_back(self) -> None:
        """`helm rollback` to what there was before."""
        self.run("helm", "rollback", self.place.name, "--namespace", self.place.namespace)

    def uninstall(self) -> None:
        """All of it, until none of its pods is left."""
        self.run("helm", "uninstall", self.place.name, "--namespace", self.place.namespace, "--wait")
        eventually(lambda: not self.pods(f"app.kubernetes.io/instance={self.place.name}"), within=300)

    def reinstall(self) -> None:
        """The chart again, with the values that hold."""
        self._helm("install")
        self.wait()

    def start_anew(self) -> None:
        """The chart again, without anything that it had on its disks."""
        self.uninstall()
        self.kubectl("delete", "persistentvolumeclaims", "--all", "--namespace", self.place.namespace)
        self.kubectl("delete", "persistentvolumes", "--all")
        for node in self.cluster.nodes.values():
            node.machine.run("rm", "-rf", _VOLUMES, QUEUE)
        self.make_folders()
        self.reinstall()

    @property
    def values_file(self) -> str:
        """What is set, as the file that Helm is given."""
        return yaml.safe_dump({**self._stores, "botobs": self.values})

    def wait(self, within: float = 600) -> None:
        """Wait until every set has what it wants, of its newest kind, and it is ready."""
        eventually(self._complete, within=within, every=1)

    def pods(self, selector: str) -> list[dict[str, Any]]:
        """Pods of ours, by their labels."""
        return self.cluster.get("pods", "--namespace", self.place.namespace, "--selector", selector)

    def starts(self, selector: str) -> int:
        """How often the containers of some pods were started again."""
        return sum(
            status["restartCount"]
            for pod in self.pods(selector)
            for status in pod["status"]["containerStatuses"]
        )

    def kubectl(self, *words: str) -> str:
        """Run `kubectl`."""
        return self.cluster.run("kubectl", *words)

    def run(self, *words: str) -> str:
        """Run a command beside the cluster."""
        return self.cluster.run(*words)

    def botobs(self, *words: str) -> str:
        """Run the command `botobs` on the home."""
        return self.cluster.run(*_BOTOBS, *words, "--home", str(self.home.path))

    def client(self, part: str) -> httpx.Client:
        """An operator's client for a store's door; close it after use."""
        port = 9093 if part == "alertmanager" else 8443
        return clients.client(self.home.secrets, f"https://{_STORES[part]}:{port}")

    def query(self, promql: str) -> list[dict[str, Any]]:
        """Samples of an instant query at Mimir."""
        with self.client("mimir") as http:
            answer = http.get("/prometheus/api/v1/query", params={"query": promql})
            answer.raise_for_status()
            return list(answer.json()["data"]["result"])

    def search(self, traceql: str, last: float = 3600, limit: int = 100) -> list[dict[str, Any]]:
        """Traces of the last seconds that Tempo finds."""
        now = int(time.time())
        parameters: dict[str, str | int] = {
            "q": traceql,
            "start": now - int(last),
            "end": now + 1,
            "limit": limit,
        }
        with self.client("tempo") as http:
            answer = http.get("/api/search", params=parameters)
            answer.raise_for_status()
            return list(answer.json().get("traces") or [])

    def kill(self, pod: Mapping[str, Any], container: str = "") -> None:
        """Kill the process of a pod's container, as when it runs out of memory; its first if none is named."""
        machine, pid = self._process(pod, container)
        machine.run("kill", "-KILL", pid)

    def reaches(self, pod: Mapping[str, Any], address: str, port: int) -> bool:
        """Whether something that listens can be connected to from a pod."""
        machine, pid = self._process(pod)
        return _connects(machine, ["nsenter", f"--target={pid}", "--net", "--"], address, port)

    def listens(self, node: str, address: str, port: int) -> bool:
        """The same from a node, which no policy holds back from its own pods."""
        return _connects(self.cluster.nodes[node].machine, [], address, port)

    def _process(self, pod: Mapping[str, Any], container: str = "") -> tuple[Machine, str]:
        (status, *_) = (
            each for each in pod["status"]["containerStatuses"] if each["name"] == (container or each["name"])
        )
        identity = status["containerID"].partition("://")[2]
        machine = self.cluster.nodes[pod["spec"]["nodeName"]].machine
        listed = machine.run("ctr", "--namespace", "k8s.io", "tasks", "list").splitlines()
        (pid,) = (line.split()[1] for line in listed if line.startswith(identity))
        return machine, pid

    def _helm(self, action: str) -> None:
        words = ["helm", action, self.place.name, str(self.chart)]
        words += ["--namespace", self.place.namespace, "--values", "-"]
        self.cluster.run(*words, given=self.values_file)

    def _complete(self) -> bool:
        kinds = "deployments,statefulsets,daemonsets"
        late = [
            name
            for each in self.cluster.get(kinds, "--namespace", self.place.namespace)
            if (name := _lacks(each))
        ]
        assert not late, f"{late}\n{self._why()}"
        return True

    def _why(self) -> str:
        words = [
            "get",
            "pods,events,persistentvolumeclaims",
            "--namespace",
            self.place.namespace,
            "--output=wide",
        ]
        done = subprocess.run(
            ["kubectl", *words], env=self.cluster.environ, capture_output=True, text=True, check=False
        )
        return done.stdout[-6000:] + done.stderr


def _connects(machine: Machine, where: Sequence[str], address: str, port: int) -> bool:
    words = ["timeout", "5", "bash", "-c", f"exec 3<>/dev/tcp/{address}/{port}"]
    return subprocess.run(machine.inside([*where, *words]), capture_output=True, check=False).returncode == 0


def _lacks(workload: Mapping[str, Any]) -> str:
    """Its name where it is not complete."""
    status, spec = workload["status"], workload["spec"]
    seen = status.get("observedGeneration", 0) >= workload["metadata"]["generation"]
    if workload["kind"] == "DaemonSet":
        wanted = status["desiredNumberScheduled"]
        counts = [status.get("updatedNumberScheduled", 0), status.get("numberAvailable", 0)]
    else:
        wanted = spec["replicas"]
        # Available: for as long as its set waits before the next is made anew.
        counts = [
            status.get("updatedReplicas", 0),
            status.get("availableReplicas", 0),
            status.get("replicas", 0),
        ]
    if seen and all(count == wanted for count in counts):
        return ""
    return f"{workload['kind']} {workload['metadata']['name']}: {counts} of {wanted}"


def _volume(name: str, node: str, path: str) -> dict[str, Any]:
    """A disk of a node, as there is no provisioner."""
    where = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": "20Gi"},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "local": {"path": path},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [where]}]}},
        },
    }


def _from_the_host(namespace: str) -> Iterator[dict[str, Any]]:
    """What an operator adds for services that are not in the cluster, and the same for whoever reads the stores."""
    ports = {"otlp-grpc": 4317, "otlp-http": 4318}
    yield _service(namespace, "agents-outside", OUTSIDE, {"name": "botobs", "component": "agent"}, ports)
    for store, address in _STORES.items():
        port = 9093 if store == "alertmanager" else 8443
        yield _service(namespace, f"{store}-outside", address, {"name": store}, {"https": port})


def _service(
    namespace: str, name: str, address: str, labels: Mapping[str, str], ports: Mapping[str, int]
) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "clusterIP": address,
            "selector": {f"app.kubernetes.io/{key}": value for key, value in labels.items()},
            "ports": [{"name": port, "port": number, "targetPort": port} for port, number in ports.items()],
        },
    }
