"""What a platform of bench/scale costs the pods of the chart of the whole stack."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from bench.scale.platform import PACE, Cost, Place, Workload, observe
from tests.support.containers import images
from tests.support.kubernetes.cluster import Cluster
from tests.support.kubernetes.installation import Installation

_IMAGES = ("collector", "scraper", "tempo", "mimir", "alertmanager", "object-store")


@dataclass
class Pods:
    """The chart, installed anew for each workload, so that none finds the series of another.

    Attributes:
        botobs: The release.
        used: By a workload.
    """

    botobs: Installation
    used: bool = False

    def measure(self, workload: Workload, warm_up: float, window: float) -> Cost:
        """Run a workload of services beside the cluster, which send to its agent."""
        if self.used:
            self.botobs.start_anew()
        self.used = True
        environ = {
            "HOME": str(self.botobs.home.path),
            "BOTOBS_ENDPOINT": self.botobs.endpoint,
            "BOTOBS_CERTIFICATE": str(self.botobs.home.secrets / "ca.pem"),
            "BOTOBS_TOKEN_FILE": str(self.botobs.home.secrets / "service.token"),
        }
        return observe(Place(_Stores(self.botobs), _parts(self.botobs), environ), workload, warm_up, window)


@contextmanager
def installed() -> Iterator[Pods]:
    """A cluster of one node, with the chart's own values but for the pace of production."""
    with Cluster() as cluster:
        images.make_programs(cluster, _IMAGES)
        botobs = Installation(cluster, values={"settings": PACE})
        botobs.prepare()
        botobs.install()
        yield Pods(botobs)


@dataclass(frozen=True)
class _Stores:
    """The release's stores, asked as those of a stack are."""

    botobs: Installation

    def client(self, part: str) -> httpx.Client:
        """Mimir answers as Prometheus does, below a path."""
        if part != "prometheus":
            return self.botobs.client(part)
        http = self.botobs.client("mimir")
        http.base_url = http.base_url.join("prometheus")
        return http

    def query(self, promql: str) -> list[dict[str, Any]]:
        """Samples of an instant query."""
        return self.botobs.query(promql)

    def search(self, traceql: str, last: float = 3600, limit: int = 100) -> list[dict[str, Any]]:
        """Traces of the last seconds."""
        return self.botobs.search(traceql, last, limit)


def _parts(botobs: Installation) -> dict[str, list[psutil.Process]]:
    """The processes of all containers, by what their pods are."""
    parts: dict[str, list[psutil.Process]] = {}
    for pod in botobs.pods(f"app.kubernetes.io/instance={botobs.place.name}"):
        name, component = (
            pod["metadata"]["labels"][f"app.kubernetes.io/{key}"] for key in ("name", "component")
        )
        part = parts.setdefault(component if name == "botobs" else name, [])
        for status in pod["status"]["containerStatuses"]:
            part += _processes(status["containerID"].partition("://")[2])
    return parts


def _processes(container: str) -> Iterator[psutil.Process]:
    """By their group: in the pod they have other numbers."""
    for pid in psutil.pids():
        with suppress(OSError):
            if container in Path(f"/proc/{pid}/cgroup").read_text(encoding="ascii"):
                yield psutil.Process(pid)
