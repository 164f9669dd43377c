"""The demo as pods: a database, an exchange, an engine and a bot manager, in the namespace of services."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import quote

import asyncpg

from botobs._demo import checks, services
from botobs._demo.database import apply_schema
from botobs._demo.observe import Backends
from botobs._ops.components.roles import DEMO_DATABASE, DEMO_ROLE
from botobs._ops.home.private import read_secret
from botobs._ops.processes.process import Process
from botobs._ops.stack.stack import Stack
from tests.support import configs
from tests.support.containers import images
from tests.support.kubernetes import service
from tests.support.kubernetes.installation import Installation
from tests.support.waiting import eventually

_NAMESPACE = service.NAMESPACE
#: Where the host reaches what it asks or prepares.
_ADDRESSES = {"postgres": "198.18.200.20", "exchange-simulator": "198.18.200.21"}
_USER = 65532
#: The scraper is asked by nobody. Gateways refuse what stores do not take yet, and agents send it again: that nothing
#: is missing, the comparison with the exchange says.
_OF_ONE_MACHINE = ("every part is scraped", "nothing dropped, refused or failed")


class Trading:
    """The demo in a cluster, until the cluster ends.

    Args:
        botobs: What is installed there.
    """

    def __init__(self, botobs: Installation) -> None:
        self._botobs = botobs

    def start(self) -> None:
        """Start one after the other, each once the one before answers."""
        botobs = self._botobs
        service.give_secret(botobs, read_secret(botobs.home.secrets / "service.token"))
        self._apply(*self._database(images.make_database(botobs.cluster)))
        self._ready("postgres")
        asyncio.run(self._make_tables())
        for process in self._processes():
            self._apply(*_pod_and_service(process))
            self._ready(process.name)

    def trade(self, orders: int, within: float = 180) -> list[checks.Result]:
        """Wait for orders, end the bots and then the engine, and check what `make smoke` checks."""
        return asyncio.run(self._trade(orders, within))

    async def _trade(self, orders: int, within: float) -> list[checks.Result]:
        backends = Backends(cast(Stack, self._stack()))
        try:
            while sum(each["orders"]["received"] for each in (await backends.simulator()).values()) < orders:
                await asyncio.sleep(0.5)
            for name in ("bot-manager", "trading-engine"):
                self._botobs.kubectl("delete", "pod", name, "--namespace", _NAMESPACE)
            return await checks.run(backends, within, _OF_ONE_MACHINE)
        finally:
            await backends.close()

    def _stack(self) -> Any:
        """What the checks ask of a stack of `botobs up`."""
        addresses = {part: str(self._botobs.client(part).base_url) for part in ("tempo", "alertmanager")}
        mimir = str(self._botobs.client("mimir").base_url)
        return SimpleNamespace(
            home=self._botobs.home,
            options=SimpleNamespace(cluster=True),
            addresses={
                **{part: address.rstrip("/") for part, address in addresses.items()},
                "prometheus": f"{mimir.rstrip('/')}/prometheus",
                "exchange-simulator": f"http://{_ADDRESSES['exchange-simulator']}:{_port('exchange-simulator')}",
            },
        )

    def _processes(self) -> Iterator[Process]:
        """The processes of the demo, each at the name of its service."""
        database = SimpleNamespace(url=lambda role, name: self._url(role, name, "postgres"))
        stack = SimpleNamespace(home=self._botobs.home, database=database)
        yield from services.make(services.Load(), ports_auto=False)(cast(Stack, stack))

    def _url(self, role: str, database: str, host: str = _ADDRESSES["postgres"]) -> str:
        password = quote(self._password(role), safe="")
        return f"postgresql://{role}:{password}@{host}:5432/{database}"

    def _password(self, role: str) -> str:
        return read_secret(self._botobs.home.secrets / f"database-{role}.password")

    async def _make_tables(self) -> None:
        connection = await asyncpg.connect(self._url("postgres", "postgres"))
        try:
            # Our passwords are URL-safe base64: nothing in them needs quoting.
            password = self._password(DEMO_ROLE)
            await connection.execute(f"CREATE ROLE {DEMO_ROLE} LOGIN PASSWORD '{password}'")
            await connection.execute(f"CREATE DATABASE {DEMO_DATABASE} OWNER {DEMO_ROLE}")
        finally:
            await connection.close()
        await apply_schema(self._url(DEMO_ROLE, DEMO_DATABASE))

    def _database(self, image: str) -> Iterator[dict[str, Any]]:
        """PostgreSQL as docker-compose.yml has it."""
        passwords = {f"database-{role}.password": self._password(role) for role in ("postgres", "exporter")}
        folder = configs.ROOT / "postgres"
        init = {file.name: file.read_text() for file in sorted((folder / "init").iterdir())}
        settings = {"postgresql.conf": (folder / "postgresql.conf").read_text()}
        yield _object("Secret", "postgres", stringData=passwords)
        yield _object("ConfigMap", "postgres", data=settings)
        yield _object("ConfigMap", "postgres-init", data=init)
        mounts: dict[str, dict[str, Any]] = {
            "/secrets": {"secret": {"secretName": "postgres", "defaultMode": 0o440}},
            "/config/postgres": {"configMap": {"name": "postgres"}},
            "/docker-entrypoint-initdb.d": {"configMap": {"name": "postgres-init"}},
            **{path: {"emptyDir": {}} for path in ("/tmp", "/var/run/postgresql", "/var/lib/postgresql")},
        }
        environ = {
            "POSTGRES_PASSWORD_FILE": "/secrets/database-postgres.password",
            "POSTGRES_INITDB_ARGS": "--auth-host=scram-sha-256",
            "BOTOBS_EXPORTER_PASSWORD_FILE": "/secrets/database-exporter.password",
        }
        ready = ["pg_isready", "--quiet", "--username=postgres", "--host=127.0.0.1"]
        container = {
            "name": "postgres",
            "image": image,
            "imagePullPolicy": "Never",
            "env": [{"name": name, "value": value} for name, value in environ.items()],
            "readinessProbe": {"exec": {"command": ready}, "periodSeconds": 2, "timeoutSeconds": 5},
            "volumeMounts": [{"name": f"v{n}", "mountPath": path} for n, path in enumerate(mounts)],
        }
        user = {"runAsUser": _USER, "runAsGroup": _USER, "fsGroup": _USER}
        spec = {
            "securityContext": user,
            "containers": [container],
            "volumes": [{"name": f"v{n}", **source} for n, source in enumerate(mounts.values())],
        }
        yield _pod("postgres", spec)
        yield _service("postgres", 5432)

    def _apply(self, *manifests: Mapping[str, Any]) -> None:
        self._botobs.cluster.apply(*manifests)

    def _ready(self, name: str) -> None:
        def ready() -> bool:
            (pod,) = self._botobs.cluster.get("pod", name, "--namespace", _NAMESPACE)
            conditions = {each["type"]: each["status"] for each in pod["status"].get("conditions", [])}
            assert conditions.get("Ready") == "True", json.dumps(pod["status"])[:2000]
            return True

        eventually(ready, within=300, every=1)


def _pod_and_service(process: Process) -> Iterator[dict[str, Any]]:
    port = _port(process.name)
    environ = {name: value for name, value in process.environ.items() if name.startswith("DEMO_")}
    for other in services.PORTS:
        environ = {
            name: value.replace(f"http://127.0.0.1:{_port(other)}", f"http://{other}:{_port(other)}")
            for name, value in environ.items()
        }
    kept = {"BOTOBS_SERVICE_VERSION": process.environ["BOTOBS_SERVICE_VERSION"], "PYTHONUNBUFFERED": "1"}
    spec = service.pod_spec(process.command, {**environ, **kept, "DEMO_BIND": "0.0.0.0"})
    probe = {"httpGet": {"path": "/healthz", "port": port}, "periodSeconds": 2}
    (container,) = spec["containers"]
    yield _pod(process.name, {**spec, "containers": [{**container, "readinessProbe": probe}]})
    yield _service(process.name, port)


def _port(name: str) -> int:
    return services.PORTS[name][1]


def _pod(name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    common = {"automountServiceAccountToken": False, "enableServiceLinks": False}
    return _object("Pod", name, labels={"app": name}, spec={**common, **spec})


def _service(name: str, port: int) -> dict[str, Any]:
    address = {"clusterIP": _ADDRESSES[name]} if name in _ADDRESSES else {}
    return _object("Service", name, spec={**address, "selector": {"app": name}, "ports": [{"port": port}]})


def _object(kind: str, name: str, labels: Mapping[str, str] | None = None, **fields: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": _NAMESPACE, "labels": dict(labels or {})}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **fields}
