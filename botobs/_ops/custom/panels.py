"""Asks a running Prometheus whether it understands the queries of a person's dashboards."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx

from ..prometheus import PrometheusClient, PrometheusError, QueryRefused
from .check import Fault
from .folders import text_of

#: Grafana's own variables, of which the value does not matter here; a dashboard's stand for everything.
_DURATIONS = {"__rate_interval": "1m", "__interval": "15s", "__range": "1h"}
_VARIABLE = re.compile(r"\$\{?(\w+)(?::\w+)?\}?")


def refused(dashboards: Iterable[Path], prometheus: httpx.Client) -> list[Fault]:
    """A fault for every query that Prometheus does not take.

    Args:
        dashboards: Files as Grafana exports them.
        prometheus: A client with its address.
    """
    asked = PrometheusClient(prometheus)
    return [
        Fault(file, line, f"panel {title!r}: {error}")
        for file in dashboards
        for title, line, error in _of_file(file, asked)
    ]


def _of_file(file: Path, prometheus: PrometheusClient) -> Iterator[tuple[str, int, str]]:
    text = text_of(file)
    lines = text.splitlines()
    for panel in _panels(json.loads(text)):
        for target in panel.get("targets", ()):
            if not (query := target.get("expr")):
                continue
            asked = _VARIABLE.sub(lambda found: _DURATIONS.get(found[1], ".*"), query)
            try:
                prometheus.query(asked)
            except QueryRefused as refusal:
                written = json.dumps(query, ensure_ascii=False)
                line = next((number for number, each in enumerate(lines, 1) if written in each), 0)
                yield str(panel.get("title")), line, refusal.reason
            except PrometheusError as error:
                yield str(panel.get("title")), 0, error.problem
                return


def _panels(dashboard: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", ())
