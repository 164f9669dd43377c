"""Prepares what docker-compose.yml mounts: secrets, rendered configuration, and its environment file."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Mapping
from pathlib import Path

from .. import custom
from ..access import containers, secrets
from ..components import collector, intake, targets
from ..components.component import Component
from ..components.ports import PORTS
from ..components.table import COMPONENTS
from ..errors import StackError
from ..home import assets
from ..home.home import Home
from ..home.locks import try_exclusive
from ..home.private import write_secret
from ..home.quoting import env_file_line
from ..programs.versions import pins
from ..settings import outage, sign_in
from ..settings.values import defaults, gather
from .configuration import long_term_store, render

#: Addresses inside the compose network are the services' names.
_VALUES = {
    "BOTOBS_PROMETHEUS_URL": "https://prometheus:9090",
    "BOTOBS_TEMPO_URL": "https://tempo:3200",
    "BOTOBS_TEMPO_OTLP_ENDPOINT": "tempo:4417",
    "BOTOBS_ALERTMANAGER_URL": "https://alertmanager:9093",
    "BOTOBS_MIMIR_URL": "https://mimir:9009",
    # Inside a container every interface is the container's own; what is published is on loopback.
    "BOTOBS_BIND": "0.0.0.0",
    "BOTOBS_OTLP_BIND": "0.0.0.0",
    "BOTOBS_DATA": "/data",
    "BOTOBS_SECRETS": "/secrets",
    "BOTOBS_CONFIG": "/config",
    # The collector sees the host's disks under this mount.
    "BOTOBS_HOST_ROOT": "/hostfs",
}
#: Settings that docker-compose.yml itself reads.
_NAMED = re.compile(r"\$\{(BOTOBS_[A-Z0-9_]+)")
_CLIENT_CA = "BOTOBS_OTLP_CLIENT_CA"
_PROJECT = "BOTOBS_COMPOSE_PROJECT"


def prepare(home: Home) -> Path:
    """Write everything into `home`.

    Returns:
        The file for `docker compose --env-file`.

    Raises:
        StackError: A secret can be read by others, or a stack of `botobs up` runs in the same home.
    """
    home.create()
    lock = try_exclusive(home.lock)
    if lock is None:
        raise StackError(
            f"a stack is already running in {home.path}, and would be given the configuration of containers",
            "Name another home with --home, or stop it with botobs down.",
        )
    try:
        return _prepare(home)
    finally:
        os.close(lock)


def _prepare(home: Home) -> Path:
    given = gather(home)
    given.require()
    secrets.ensure(home.secrets)
    values = dict(given.texts)
    published = values.get("BOTOBS_GRAFANA_PORT", "3000")
    grafana = values.get("BOTOBS_GRAFANA_URL", f"https://127.0.0.1:{published}")
    values.setdefault("BOTOBS_ENVIRONMENT", "development")
    values.setdefault("BOTOBS_HOST_NAME", socket.gethostname())
    # Ports are moved where they are published; inside the network they stay.
    values |= {port.variable: str(port.default) for port in PORTS} | _VALUES
    # Grafana sends people back from an OpenID provider, and messages link, to where people find it.
    values |= {"BOTOBS_GRAFANA_URL": grafana, "BOTOBS_DASHBOARD_URL": grafana}
    values |= sign_in.of_grafana(given.texts, home.secrets, _VALUES["BOTOBS_SECRETS"])
    values |= outage.plan(values, mimir=True).variables
    values |= long_term_store(values)
    custom.make(home.custom)
    render(home, values)
    named = [component.name for component in COMPONENTS if component.in_compose]
    targets.write(home.config / "prometheus" / "targets", named, _address)
    containers.open_to_containers(home.config)
    containers.hand_out(home)
    containers.hand_out_client_ca(home, given.texts.get(_CLIENT_CA))
    environment = home.path / "compose.env"
    own = {
        # Not BOTOBS_HOME: a shell may have that for another stack, and what it has wins over this file.
        "BOTOBS_COMPOSE_HOME": str(home.path),
        # Beside docker-compose.yml in a checkout alone.
        "BOTOBS_INTAKE_SOURCE": str(pins()["intake"].source),
        **_read_by_compose(given.texts),
    }
    write_secret(environment, "".join(env_file_line(name, value) for name, value in own.items()))
    return environment


def _read_by_compose(given: Mapping[str, str]) -> dict[str, str]:
    """What docker-compose.yml itself reads of the settings, and what follows from them for its containers."""
    text = (assets.root() / "docker-compose.yml").read_text(encoding="utf-8")
    values = {**defaults(), **given}
    return {
        **{name: given[name] for name in sorted(set(_NAMED.findall(text))) if name in given},
        **({"COMPOSE_PROJECT_NAME": given[_PROJECT]} if _PROJECT in given else {}),
        "BOTOBS_COLLECTOR_REDACT_KEEP": intake.kept(values),
        "BOTOBS_COLLECTOR_GOMEMLIMIT": collector.memory_limit(values),
        "BOTOBS_INTAKE_GOMEMLIMIT": intake.memory_limit(values),
    }


def _address(component: Component) -> str:
    """Where Prometheus scrapes a component inside the network."""
    port = next(port for port in component.ports if port.variable == component.scraped)
    return f"{component.name.replace('_', '-')}:{port.default}"
