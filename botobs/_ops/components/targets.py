"""Writes where Prometheus finds what it scrapes: file service discovery.

https://prometheus.io/docs/prometheus/latest/configuration/configuration/#file_sd_config
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from ..home.private import make_folder, write_secret
from .component import Component
from .table import COMPONENTS


def write(
    folder: Path,
    running: Iterable[str],
    address: Callable[[Component], str],
    components: Iterable[Component] = COMPONENTS,
) -> None:
    """Write a target for each component that is scraped and runs, and take away those of the others.

    Args:
        folder: `targets/` of Prometheus' configuration; it is made where it is missing.
        running: Names of the components that run.
        address: Gives `host:port` at which Prometheus scrapes a component.
        components: The table.
    """
    make_folder(folder)
    names = set(running)
    for component in components:
        if not component.scraped:
            continue
        if component.name in names:
            write_job(folder, component.scrape_job, {f"{component.scrape_job}-0": address(component)})
        else:
            (folder / f"{component.scrape_job}.json").unlink(missing_ok=True)


def write_job(folder: Path, job: str, addresses: Mapping[str, str]) -> None:
    """Write the targets of one scrape job: `host:port` by instance."""
    targets = [
        {"targets": [address], "labels": {"service_instance_id": instance}}
        for instance, address in addresses.items()
    ]
    file, content = folder / f"{job}.json", json.dumps(targets, indent=1) + "\n"
    # A Prometheus that runs looks at a changed file at once, and must not find it closed for a moment.
    if not file.exists() or file.read_text(encoding="utf-8") != content:
        write_secret(file, content)
