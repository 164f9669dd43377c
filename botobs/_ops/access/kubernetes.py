"""The Secrets that the charts of botobs, and the values for the charts beside them, name: made of the home's files."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..components.cluster import secrets as cluster_secrets
from ..errors import StackError
from ..home.private import read_secret
from . import certificates

#: The stores, as deploy/helm/stack and deploy/helm/values name them.
_STORES = (
    *("mimir-gateway", "mimir-headless", "tempo-gateway", "tempo-distributor", "tempo-headless"),
    *("alertmanager", "alertmanager-headless", "object-store"),
)
#: Secrets that are files as they are.
_FILES: Mapping[str, Sequence[str]] = {
    "certificates": ("ca.pem", "server.pem", "server.key", "client.pem", "client.key"),
    "intake": ("intake.pem", "intake.key", "intake-ca.pem"),
    "tokens": ("ingest.tokens",),
    "web": ("web.yml",),
    "scrape": ("scrape.password",),
    "database": ("database-exporter.password",),
}
#: Secrets that are variables of the stores, which their configuration names.
_VARIABLES: Mapping[str, Mapping[str, str]] = {
    "object-store": {"OBJECT_STORE_KEY": "object-store.key", "OBJECT_STORE_SECRET": "object-store.secret"},
    "gossip": {"GOSSIP_SECRET": "gossip.secret"},
    "ruler": {"ALERTMANAGER_PASSWORD": "scrape.password"},
}
#: Letters of a name that the chart keeps, because the names of parts follow it.
_LONGEST = 40
#: What is made elsewhere, and is handed out where it has been put into the folder of secrets.
_RECEIVERS = "alertmanager"


@dataclass(frozen=True)
class Place:
    """Where botobs is installed.

    Attributes:
        namespace: Of the releases.
        name: Of the release, or that under which the chart makes everything.
        tenant: Of its agents.
    """

    namespace: str = "observability"
    name: str = "botobs"
    tenant: str = "botobs"

    def hosts(self) -> list[str]:
        """Names that the server's certificate has to hold, within the namespace."""
        return [*(host for name in self._names() for host in self._hosts(name)), *_STORES]

    def _names(self) -> list[str]:
        """As its templates have them (`botobs.name`): a release without this word is given it, a long name is cut."""
        names = [self.name] if "botobs" in self.name else [self.name, f"{self.name}-botobs"]
        return list(dict.fromkeys(name[:_LONGEST].removesuffix("-") for name in names))

    def _hosts(self, name: str) -> list[str]:
        parts = ["agent", "gateway", "postgres-exporter"]
        sampler = f"{name}-sampler"
        hosts = [
            *(f"{name}-{part}" for part in parts),
            *(f"{sampler}-{shard}.{sampler}" for shard in range(2)),
        ]
        return [f"{host}.{self.namespace}.svc" for host in hosts]


def prepare(folder: Path, place: Place, hosts: Sequence[str]) -> list[str]:
    """Make what is missing in a home's folder of secrets.

    Args:
        folder: The folder.
        place: Where botobs is installed.
        hosts: Further names or addresses that the server's certificate has to hold.

    Returns:
        What was made that a person may have elsewhere: one sentence each.

    Raises:
        StackError: A host is neither name nor address, the tenant has a name that the stores would not take, or an
            object store's key is there without its secret.
    """
    (tenant,) = cluster_secrets.tenants_of({"BOTOBS_TENANT": place.tenant})
    files = [folder / file for file in _VARIABLES["object-store"].values()]
    given = [file for file in files if file.exists()]
    if len(given) == 1:
        (other,) = set(files) - set(given)
        raise StackError(f"{given[0]} is there and {other} is not", "An object store has a key and a secret.")
    certificates.add_hosts(folder, [*place.hosts(), *hosts])
    # Gateways let in everybody who has been given a password.
    known = {file.stem for file in (folder / "tenants").glob("*.password")}
    cluster_secrets.ensure(folder, sorted({tenant, *known}))
    if given:
        return []
    return [
        f"a key for the object store of the chart; for one of yours put its own into {files[0]} and {files[1]}"
    ]


def manifests(folder: Path, place: Place) -> list[dict[str, Any]]:
    """Every Secret, for `kubectl apply`.

    Raises:
        StackError: A file cannot be read, or is open to others.
    """
    return [_secret(place, name, content) for name, content in _contents(folder, place)]


def missing(folder: Path) -> list[str]:
    """What a person has to put into the folder of secrets before all of it can be handed out: one sentence each."""
    if _receivers(folder):
        return []
    return [f"no receiver of alerts has a secret: they belong into {folder / _RECEIVERS}"]


def _contents(folder: Path, place: Place) -> Iterator[tuple[str, Mapping[str, bytes]]]:
    for name, files in _FILES.items():
        yield name, {file: (folder / file).read_bytes() for file in files}
    for name, variables in _VARIABLES.items():
        yield name, {key: read_secret(folder / file).encode() for key, file in variables.items()}
    yield (
        "grafana",
        {
            "admin-user": b"admin",
            "admin-password": read_secret(folder / "grafana-admin.password").encode(),
            "secret-key": (folder / "grafana-secret-key").read_bytes(),
        },
    )
    tenants = folder / "tenants"
    yield (
        "tenant",
        {
            "password": (tenants / f"{place.tenant}.password").read_bytes(),
            "authorization": (tenants / f"{place.tenant}.authorization").read_bytes(),
        },
    )
    yield "tenants", {"htpasswd": (tenants / "htpasswd").read_bytes()}
    if receivers := _receivers(folder):
        yield "alertmanager", {file.name: file.read_bytes() for file in receivers}


def _receivers(folder: Path) -> list[Path]:
    there = folder / _RECEIVERS
    return sorted(file for file in there.iterdir() if file.is_file()) if there.is_dir() else []


def _secret(place: Place, name: str, content: Mapping[str, bytes]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            # The names that values.yaml has, whatever the release is called.
            "name": f"botobs-{name}",
            "namespace": place.namespace,
            "labels": {"app.kubernetes.io/part-of": "botobs"},
        },
        "type": "Opaque",
        "data": {key: base64.b64encode(value).decode() for key, value in content.items()},
    }
