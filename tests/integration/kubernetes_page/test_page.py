"""docs/how-to/kubernetes.md word by word, by somebody with an empty folder and a cluster of one node."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from botobs._ops.home.home import Home
from tests.support import configs
from tests.support.containers import images
from tests.support.howto import Reader
from tests.support.kubernetes import service
from tests.support.kubernetes.cluster import Cluster
from tests.support.kubernetes.installation import HOSTS, Installation
from tests.support.waiting import eventually

_IMAGES = ("collector", "scraper", "tempo", "mimir", "alertmanager", "object-store")
#: What the page's pod sends.
_SPAN = '{ resource.service.name = "engine" && name = "decide" }'
_METRIC = 'process_cpu_time_seconds_total{service_name="engine"}'
#: What the reader has; each with a line of what it stands for.
_GIVEN = {
    "your-slack.url": "https://hooks.slack.example/services/T0/B0/x",
    "your-deadman.url": "https://deadman.example/ping",
}


def test_the_page() -> None:
    """Until the page's pod has sent a span, which is found in Tempo, and its metrics in Mimir."""
    with Cluster() as cluster:
        images.make_programs(cluster, _IMAGES)
        images.make_service(cluster)
        folder = cluster.folder / "reader"
        folder.mkdir()
        botobs = Installation(cluster)
        botobs.home = Home(folder / "kubernetes")
        # Whoever looks after the cluster prepares its nodes and disks; services have a namespace.
        botobs.make_folders()
        service.ensure_namespace(botobs, service.NAMESPACE)
        _reader(botobs, folder).follow(service.PAGE, until="Change, upgrade, take away")
        botobs.wait()
        assert "decided" in service.in_a_pod(botobs, "engine")
        botobs.let_the_host_in()
        assert eventually(partial(_found, botobs.search, _SPAN), within=180)
        assert eventually(partial(_found, botobs.query, _METRIC), within=180)


def _found(ask: Callable[[str], list[dict[str, Any]]], query: str) -> bool:
    try:
        return bool(ask(query))
    except httpx.TransportError:
        # The way in has just been made.
        return False


def _reader(botobs: Installation, folder: Path) -> Reader:
    for name, text in _GIVEN.items():
        (folder / name).write_text(text)
    # Requests of a machine of two cores, and where this cluster resolves names.
    (folder / "small.yaml").write_text(botobs.values_file)
    environ = botobs.cluster.environ
    instead = {
        "<checkout>": str(configs.ROOT),
        "--values values.yaml": "--values small.yaml --values values.yaml",
        "--host grafana.example.com": " ".join(f"--host {host}" for host in ("grafana.example.com", *HOSTS)),
    }
    path = os.pathsep.join((str(Path(sys.executable).parent), environ["PATH"]))
    return Reader(folder, {**environ, "PATH": path}, instead)
