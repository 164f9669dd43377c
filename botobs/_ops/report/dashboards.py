"""Reads the dashboards that Grafana shows."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..home import assets
from .window import Window

_VARIABLE = re.compile(r"\$([A-Za-z_]\w*)")
_OVERVIEW = "botobs-overview"


@dataclass(frozen=True)
class Query:
    """One query of a panel.

    Attributes:
        reference: Its name within the panel.
        text: PromQL, or TraceQL.
        legend: Pattern of its series' names.
        instant: It asks for the values at the end, not for lines.
        limit: How many traces at most.
        exemplar: Single measurements are shown too, each with its trace.
    """

    reference: str
    text: str
    legend: str = ""
    instant: bool = False
    limit: int = 20
    exemplar: bool = False


@dataclass(frozen=True)
class Panel:
    """One panel.

    Attributes:
        id: Unique within its dashboard.
        kind: Grafana's name of the type.
        source: `prometheus` or `tempo`.
        width: Of 24 columns.
        defaults: Grafana's settings of all fields: unit, thresholds, mappings, style.
        overrides: The same by the name of a field, flattened.
        transformations: Grafana's, by id.
        link: The dashboard that a click leads to, if any.
        legend_calcs: The numbers beside each series' name, by Grafana's names.
    """

    id: str
    kind: str
    title: str
    description: str = ""
    source: str = "prometheus"
    width: int = 24
    queries: tuple[Query, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    transformations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    link: str = ""
    legend_calcs: tuple[str, ...] = ()

    def setting(self, name: str, series: str = "") -> Any:
        """A setting such as `unit` or `custom.drawStyle`, for one series where it has its own; None when unset."""
        own = self.overrides.get(series, {})
        if name in own:
            return own[name]
        value: Any = self.defaults
        for part in name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        return value


@dataclass(frozen=True)
class Section:
    """Panels under a heading; the first may have none."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Dashboard:
    """One dashboard.

    Attributes:
        variables: By name, where its values are: `label_values(metric{...}, label)`.
    """

    uid: str
    title: str
    description: str
    sections: tuple[Section, ...]
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def panels(self) -> list[Panel]:
        """All panels, in reading order."""
        return [panel for section in self.sections for panel in section.panels]


def load(own: Sequence[Path] = ()) -> list[Dashboard]:
    """Every dashboard, the overview first, the others by title.

    Args:
        own: Files of a person's own dashboards.
    """
    files = (*(assets.root() / "grafana" / "dashboards").glob("*.json"), *own)
    read = [parse(json.loads(file.read_text(encoding="utf-8"))) for file in files]
    return sorted(read, key=lambda dashboard: (dashboard.uid != _OVERVIEW, dashboard.title))


def parse(raw: Mapping[str, Any]) -> Dashboard:
    """A dashboard from Grafana's JSON."""
    sections: list[tuple[str, list[Panel]]] = []
    place = ("y", "x")
    for item in sorted(raw["panels"], key=lambda item: [item["gridPos"][axis] for axis in place]):
        if item["type"] == "row":
            # A collapsed row holds its panels; those of an open one come after it.
            sections.append((item["title"], [_panel(raw["uid"], inner) for inner in item["panels"]]))
            continue
        if not sections:
            sections.append(("", []))
        sections[-1][1].append(_panel(raw["uid"], item))
    return Dashboard(
        uid=raw["uid"],
        title=raw["title"],
        description=raw.get("description", ""),
        sections=tuple(Section(title, tuple(panels)) for title, panels in sections),
        variables={
            each["name"]: str(query.get("query", "") if isinstance(query, Mapping) else query)
            for each in raw.get("templating", {}).get("list", ())
            if each.get("type") == "query" and (query := each.get("query", ""))
        },
    )


def fill(text: str, window: Window, variables: Mapping[str, str] | None = None) -> str:
    """A query with Grafana's variables filled in; a dashboard's own stand for everything unless named."""
    known = {
        "__rate_interval": f"{window.rate_interval}s",
        "__interval": f"{window.step}s",
        "__range": f"{window.seconds}s",
        **(variables or {}),
    }
    return _VARIABLE.sub(lambda match: known.get(match[1], ".*"), text)


def _panel(uid: str, raw: Mapping[str, Any]) -> Panel:
    config = raw.get("fieldConfig", {})
    link = re.search(r"/d/([\w-]+)", json.dumps(raw.get("links", [])))
    return Panel(
        id=f"{uid}-{raw['id']}",
        kind=raw["type"],
        title=raw.get("title", ""),
        description=raw.get("description", ""),
        source=raw.get("datasource", {}).get("type", ""),
        width=raw["gridPos"]["w"],
        queries=tuple(_query(target) for target in raw.get("targets", ())),
        defaults=config.get("defaults", {}),
        overrides={
            override["matcher"]["options"]: {each["id"]: each["value"] for each in override["properties"]}
            for override in config.get("overrides", ())
            if override["matcher"]["id"] == "byName"
        },
        transformations={each["id"]: each["options"] for each in raw.get("transformations", ())},
        link=link[1] if link else "",
        legend_calcs=tuple(raw.get("options", {}).get("legend", {}).get("calcs", ())),
    )


def _query(raw: Mapping[str, Any]) -> Query:
    return Query(
        reference=raw["refId"],
        text=raw.get("expr") or raw.get("query", ""),
        legend=raw.get("legendFormat", ""),
        instant=bool(raw.get("instant")),
        limit=raw.get("limit", 20),
        exemplar=bool(raw.get("exemplar")),
    )
