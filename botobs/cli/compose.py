"""`botobs compose`: prepare secrets and configuration for docker compose."""

from __future__ import annotations

import argparse
import os
import shutil
from pathlib import Path

from ..stack import Home, assets, secrets
from ..stack.ports import PORTS
from ..stack.stack import render
from ._console import out, print_json

#: Addresses inside the compose network: the services' names.
_ADDRESSES = {
    "BOTOBS_PROMETHEUS_URL": "https://prometheus:9090",
    "BOTOBS_TEMPO_URL": "https://tempo:3200",
    "BOTOBS_TEMPO_OTLP_ENDPOINT": "tempo:4417",
    "BOTOBS_ALERTMANAGER_URL": "https://alertmanager:9093",
    "BOTOBS_MIMIR_URL": "https://mimir:9009",
    # Inside a container every interface is the container's own; what is published is loopback only.
    "BOTOBS_BIND": "0.0.0.0",
    "BOTOBS_DATA": "/data",
    "BOTOBS_SECRETS": "/secrets",
    "BOTOBS_CONFIG": "/config",
}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "compose", description="Write secrets and rendered configuration, then: docker compose up."
    )
    parser.add_argument(
        "--home", default=".botobs/compose", metavar="DIR", help="where to (default: .botobs/compose)"
    )
    parser.add_argument("--json", action="store_true", help="print the result for machines")
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Prepare the folder that docker-compose.yml mounts."""
    home = Home(Path(options.home).resolve())
    home.create()
    secrets.ensure(home.secrets)
    values = {name: value for name, value in os.environ.items() if name.startswith("BOTOBS_")}
    values |= {port.variable: str(port.default) for port in PORTS}
    values |= {"BOTOBS_ENVIRONMENT": values.get("BOTOBS_ENVIRONMENT", "development")} | _ADDRESSES
    render(home, values)
    compose = Path("docker-compose.yml")
    if not compose.exists():
        # Called from an installed wheel: the file comes along.
        shutil.copyfile(assets.root() / "docker-compose.yml", compose)
    if options.json:
        print_json({"home": home.path, "compose": compose.resolve()})
    else:
        out.print(f"secrets and configuration are in {home.path}")
        out.print(f"start with: BOTOBS_HOME={home.path} docker compose up --detach")
    return 0
