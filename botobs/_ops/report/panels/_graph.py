"""Who calls whom, from the metrics that Tempo and the collector derive from spans."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from .. import units
from ..dashboards import Panel
from ..view import Cell, Table, View
from ..window import Window
from ._answers import Answers

#: What is asked for, by what it means; Grafana derives the graph from the same metrics.
EDGES = {
    "calls": "sum by (client, server, connection_type) (rate(traces_service_graph_request_total[$__range]))",
    "failed": "sum by (client, server, connection_type) "
    "(rate(traces_service_graph_request_failed_total[$__range]))",
    "p95": "histogram_quantile(0.95, sum by (client, server, connection_type, le) "
    "(rate(traces_service_graph_request_client_seconds_bucket[$__range])))",
}
_LAYER = 110
#: By the connection's kind: what a node is called, and its colour.
_KINDS = {
    "service": ("service", "series-0"),
    "database": ("database", "series-2"),
    "virtual_node": ("outside, such as an exchange", "series-1"),
    "messaging_system": ("queue", "series-3"),
}
#: What the collector's `service_graph` calls a caller that sends no spans.
_CALLER = "user"
#: The part of calls that may fail before an edge is red: one in two hundred is no fault of the whole edge.
_TOLERATED = 0.05
_FINE, _SOME, _MANY = (
    ("no call fails", "own"),
    (f"up to {_TOLERATED:.0%} fail".replace("%", " %"), "throttle"),
    (f"more than {_TOLERATED:.0%} fail".replace("%", " %"), "bad"),
)


@dataclass(frozen=True)
class _Edge:
    client: str
    server: str
    kind: str
    calls: float
    failed: float
    p95: float | None


def draw_graph(panel: Panel, answers: Answers, window: Window) -> View:  # noqa: ARG001 - as all
    """Callers left, what they call to the right; an edge shows its rate and its 95th percentile."""
    edges = [edge for edge in _edges(answers) if edge.calls > 0]
    if not edges:
        return View()
    places = _places(edges)
    kinds = _kinds(edges)
    tallest = max(sum(1 for x, _ in places.values() if x == layer) for layer, _ in places.values())
    return View(
        chart={
            "type": "graph",
            "nodes": [
                {"name": name, "x": x, "y": y, "colour": _KINDS[kinds.get(name, "service")][1]}
                for name, (x, y) in places.items()
            ],
            "edges": [
                {
                    "source": edge.client,
                    "target": edge.server,
                    "text": f"{units.text('reqps', edge.calls)} · {units.text('s', edge.p95)}",
                    "colour": _state(edge)[1],
                    "long": abs(places[edge.server][0] - places[edge.client][0]) > 1,
                }
                for edge in edges
            ],
        },
        summary=f"{panel.title}: {len(places)} nodes, {len(edges)} edges; the table lists them.",
        table=_table(edges),
        keys=_legend(edges, [kinds.get(name, "service") for name in places]),
        height=max(260, _LAYER * tallest),
    )


def _kinds(edges: list[_Edge]) -> dict[str, str]:
    """What a node is, of those that are no service: of an edge to or from outside only one end is outside."""
    kinds: dict[str, str] = {}
    for edge in edges:
        if edge.kind == "virtual_node" and edge.client == _CALLER:
            kinds[_CALLER] = edge.kind
        elif edge.kind in _KINDS:
            kinds[edge.server] = edge.kind
    return kinds


def _state(edge: _Edge) -> tuple[str, str]:
    share = edge.failed / edge.calls
    return _FINE if not share else _SOME if share <= _TOLERATED else _MANY


def _legend(edges: list[_Edge], kinds: list[str]) -> list[tuple[str, str]]:
    """What each colour means, of those that are there."""
    states = {_state(edge) for edge in edges}
    return [
        *(meaning for kind, meaning in _KINDS.items() if kind in kinds),
        *(each for each in (_FINE, _SOME, _MANY) if each in states),
    ]


def _edges(answers: Answers) -> list[_Edge]:
    found: dict[str, dict[tuple[str, str, str], float]] = {}
    for name in EDGES:
        found[name] = {
            (
                each.labels.get("client", "?"),
                each.labels.get("server", "?"),
                each.labels.get("connection_type", ""),
            ): (each.values[-1] or 0.0)
            for each in answers.edges.get(name, ())
        }
    return [
        _Edge(*key, calls, found["failed"].get(key, 0.0), found["p95"].get(key))
        for key, calls in sorted(found["calls"].items())
    ]


def _places(edges: list[_Edge]) -> dict[str, tuple[float, float]]:
    """A place for every node: its layer is the longest way to it, cycles cut; in a layer, evenly spread."""
    layers = {name: 0 for edge in edges for name in (edge.client, edge.server)}
    for _ in layers:
        for edge in edges:
            if edge.client != edge.server:
                layers[edge.server] = min(max(layers[edge.server], layers[edge.client] + 1), len(layers) - 1)
    members = defaultdict(list)
    for name in sorted(layers):
        members[layers[name]].append(name)
    return {
        name: (float(place), (row + 1) / (len(names) + 1))
        for place, (_, names) in enumerate(sorted(members.items()))
        for row, name in enumerate(names)
    }


def _table(edges: list[_Edge]) -> Table:
    rows = [
        [
            Cell(edge.client),
            Cell(edge.server),
            Cell(units.text("reqps", edge.calls), number=True),
            Cell(
                units.text("percentunit", edge.failed / edge.calls),
                number=True,
                tone="bad" if edge.failed else "",
            ),
            Cell(units.text("s", edge.p95), number=True),
        ]
        for edge in edges
    ]
    return Table(("from", "to", "calls", "failed", "p95"), rows, frozenset({2, 3, 4}))
