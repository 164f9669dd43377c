"""The committed dashboards, their queries, and how Grafana fills them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import httpx

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "grafana" / "dashboards"
#: As Grafana fills a variable whose choice is "All".
ALL = {"environment": ".*", "service": ".*", "exchange": ".*", "bot": ".*"}


@cache
def dashboards() -> Mapping[str, Any]:
    """Every committed dashboard by its uid."""
    contents = (json.loads(file.read_text(encoding="utf-8")) for file in sorted(FOLDER.glob("*.json")))
    return {content["uid"]: content for content in contents}


@dataclass(frozen=True)
class PanelQuery:
    """One query of a panel.

    Attributes:
        uid: The dashboard.
        title: The panel.
        reference: The query in it.
        target: All of it.
    """

    uid: str
    title: str
    reference: str
    target: Mapping[str, Any]

    @property
    def key(self) -> tuple[str, str, str]:
        """Dashboard, panel and reference, which together are unique."""
        return self.uid, self.title, self.reference

    @property
    def is_promql(self) -> bool:
        """It asks Prometheus, and not Tempo."""
        return "expr" in self.target

    def __str__(self) -> str:
        return "/".join(self.key)


def queries() -> Iterator[PanelQuery]:
    """Every query of every panel."""
    for uid, content in dashboards().items():
        for panel in content["panels"]:
            for target in panel.get("targets", ()):
                yield PanelQuery(uid, panel["title"], target["refId"], target)


def query(uid: str, title: str, reference: str = "A") -> PanelQuery:
    """The query with this name."""
    return next(each for each in queries() if each.key == (uid, title, reference))


def fill(text: str, seconds: float, step: float = 15, variables: Mapping[str, str] = ALL) -> str:
    """A query with the dashboard's variables and Grafana's own put in."""
    own = {"__rate_interval": f"{4 * step:g}s", "__interval": f"{step:g}s", "__range": f"{seconds:.0f}s"}
    for name, value in {**own, **variables}.items():
        text = text.replace(f"${name}", value)
    return text


class Stores(Protocol):
    """What answers queries: those of a stack, native or in a cluster."""

    def client(self, part: str) -> httpx.Client:
        """An HTTP client for a part; `prometheus` is whatever speaks its API. Close it after use."""

    def query(self, promql: str) -> list[dict[str, Any]]:
        """Samples of an instant query."""

    def search(self, traceql: str, last: float = 3600, limit: int = 100) -> list[dict[str, Any]]:
        """Traces of the last seconds."""


def ask(
    live: Stores,
    asked: PanelQuery,
    seconds: float,
    step: float = 15,
    variables: Mapping[str, str] = ALL,
) -> list[dict[str, Any]]:
    """What a panel's query answers over the last `seconds`: series of Prometheus, or traces of Tempo.

    Raises:
        httpx.HTTPStatusError: The backend refuses the query.
    """
    if asked.target.get("queryType") == "serviceMap":
        # Grafana draws it from these series; Tempo is asked for the traces of a node only.
        return live.query("sum by (client, server) (traces_service_graph_request_total)")
    if not asked.is_promql:
        query = fill(asked.target["query"], seconds, step, variables)
        return live.search(query, last=seconds, limit=asked.target["limit"])
    expression = fill(asked.target["expr"], seconds, step, variables)
    if asked.target.get("instant"):
        return live.query(expression)
    now = time.time()
    with live.client("prometheus") as http:
        response = http.get(
            "/api/v1/query_range",
            params={"query": expression, "start": now - seconds, "end": now, "step": step},
        )
        response.raise_for_status()
        return list(response.json()["data"]["result"])
