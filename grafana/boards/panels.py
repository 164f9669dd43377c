"""Panels in the house style: a unit, a description, a readable legend, and the line that an alert watches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    dashboard,
    nodegraph,
    prometheus,
    stat,
    statetimeline,
    table,
    tempo,
    timeseries,
)
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from .promql import Queries, Series, limit
from .recorded import Recorded

PROMETHEUS = models.DataSourceRef(type_val="prometheus", uid="prom")
TEMPO = models.DataSourceRef(type_val="tempo", uid="tempo")
#: The name of a query for a line that an alert watches, in legends and references.
LIMIT = "limit"

T = TypeVar("T")


@dataclass(frozen=True)
class Query:
    """One query of a panel.

    Attributes:
        expr: PromQL.
        legend: Name of its series; `{{label}}` is filled in.
        exemplar: Fetch exemplars too, which lead to traces.
    """

    expr: str
    legend: str
    exemplar: bool = False


@dataclass(frozen=True)
class Column:
    """One column of numbers in a table.

    Attributes:
        title: Its heading.
        expr: PromQL whose labels are the table's keys.
        unit: Grafana's name of the unit.
    """

    title: str
    expr: str
    unit: str = "short"


class AnyPanel(Protocol):
    """What every panel builder of the SDK can do."""

    def build(self) -> models.Panel:
        """The panel."""


@dataclass(frozen=True)
class Sized:
    """A panel and its size on the grid of 24 columns."""

    panel: AnyPanel
    width: int
    height: int


def graph(
    title: str,
    description: str,
    unit: str,
    queries: Sequence[Query],
    *,
    limits: Mapping[str, Recorded] | Recorded | None = None,
    bars: bool = False,
    stack: bool = False,
    width: int = 8,
    highest: float | None = None,
    lowest: float | None = 0,
    colours: Mapping[str, str] | None = None,
) -> Sized:
    """Lines over time, or bars for single events.

    Args:
        title: Of the panel.
        description: What it shows and what to make of it.
        unit: Grafana's name of the unit.
        queries: What is drawn.
        limits: The thresholds of alerts, drawn dashed; several by their legend.
        bars: Draw bars, for events that are counted one by one.
        stack: Add the series up.
        width: Of 24.
        highest: The axis' end, where there is one by nature.
        lowest: Its beginning; None where values may be below zero.
        colours: Of series whose name means the same on every board, by that name.
    """
    panel = timeseries.Panel().title(title).description(description).datasource(PROMETHEUS).unit(unit)
    if lowest is not None:
        panel.min(lowest)
    lines = {LIMIT: limits} if isinstance(limits, Recorded) else dict(limits or {})
    for reference, query in _references(queries):
        panel.with_target(_target(query, reference))
    for number, (name, threshold) in enumerate(lines.items()):
        panel.with_target(_target(Query(limit(threshold), name), f"L{number}"))
        panel.override_by_name(name, _DASHED)
    for name, colour in (colours or {}).items():
        fixed = models.DynamicConfigValue("color", {"mode": "fixed", "fixedColor": colour})
        panel.override_by_name(name, [fixed])
    panel.legend(
        common.VizLegendOptions()
        .display_mode(common_models.LegendDisplayMode.TABLE)
        .placement(common_models.LegendPlacement.BOTTOM)
        .show_legend(True)
        .calcs(["sum", "max"] if bars else ["lastNotNull", "max"])
    )
    panel.tooltip(
        common.VizTooltipOptions()
        .mode(common_models.TooltipDisplayMode.MULTI)
        .sort(common_models.SortOrder.DESCENDING)
    )
    style = common_models.GraphDrawStyle.BARS if bars else common_models.GraphDrawStyle.LINE
    panel.draw_style(style).line_width(1).fill_opacity(60 if bars else 20 if stack else 5)
    panel.show_points(common_models.VisibilityMode.NEVER)
    if bars or stack:
        panel.stacking(common.StackingConfig().mode(common_models.StackingMode.NORMAL).group("A"))
    if highest is not None:
        panel.max(highest)
    return Sized(panel, width, 8)


def latency(
    title: str,
    description: str,
    q: Queries,
    series: Series,
    *,
    by: Sequence[str] = (),
    where: Mapping[str, str] | None = None,
    legend: str = "",
    limits: Recorded | None = None,
    exemplars: bool = True,
    width: int = 8,
) -> Sized:
    """Quantiles of a histogram; of several series the 95th percentile alone.

    Args:
        title: Of the panel.
        description: What it shows and what to make of it.
        q: The dashboard's queries.
        series: The histogram.
        by: Attributes with a line each.
        where: Value by attribute.
        legend: Name of the lines.
        limits: The threshold of an alert, drawn dashed.
        exemplars: Fetch exemplars too; what is recorded outside of spans has none.
        width: Of 24.
    """
    quantiles = (0.95,) if by else (0.5, 0.95, 0.99)
    queries = [
        Query(
            q.quantile(value, series, by, where),
            f"{legend} p{value * 100:g}".strip(),
            exemplar=exemplars and value == 0.95,
        )
        for value in quantiles
    ]
    return graph(title, description, "s", queries, limits=limits, width=width)


def number(
    title: str,
    description: str,
    unit: str,
    expr: str,
    *,
    threshold: Recorded | None = None,
    bad: float | None = None,
    uid: str = "",
    absent: str = "",
    width: int = 4,
) -> Sized:
    """One number now, or over the whole range.

    Args:
        title: Of the panel.
        description: What it shows and what to make of it.
        unit: Grafana's name of the unit.
        expr: PromQL with one series.
        threshold: Red from this limit of an alert on.
        bad: Red from this value on, where any is bad by nature.
        uid: The dashboard that a click leads to.
        absent: What is shown where there is no series; without it, that there is no data.
        width: Of 24.
    """
    panel = stat.Panel().title(title).description(description).datasource(PROMETHEUS).unit(unit)
    panel.with_target(_target(Query(expr, title), "A", instant=True))
    panel.color_mode(common_models.BigValueColorMode.VALUE).graph_mode(common_models.BigValueGraphMode.NONE)
    panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False).fields(""))
    steps = [models.Threshold(value=None, color="green" if threshold or bad is not None else "text")]
    if bad is not None:
        steps.append(models.Threshold(value=bad, color="red"))
    panel.thresholds(dashboard.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(steps))
    if threshold is not None:
        panel.with_target(_target(Query(limit(threshold), LIMIT), LIMIT, instant=True))
        panel.with_transformation(_THRESHOLD_FROM_LIMIT)
    if uid:
        panel.links([_link(uid)])
    if absent:
        panel.no_value(absent)
    return Sized(panel, width, 4)


def grid(
    title: str,
    description: str,
    keys: Mapping[str, str],
    columns: Sequence[Column],
    *,
    links: Mapping[str, str] | None = None,
    width: int = 12,
    height: int = 8,
) -> Sized:
    """A table with a row for each combination of labels, sorted by the first of them.

    Args:
        title: Of the panel.
        description: What it shows and what to make of it.
        keys: Heading of each label that makes up a row.
        columns: The numbers; their queries keep these labels alone.
        links: Address by heading of a key, for a click on its cells.
        width: Of 24.
        height: In rows of the grid.
    """
    panel = table.Panel().title(title).description(description).datasource(PROMETHEUS).show_header(True)
    names: dict[str, str] = dict(keys)
    for reference, column in _references(columns):
        query = _target(Query(column.expr, column.title), reference, instant=True)
        panel.with_target(query.format(PromQueryFormat.TABLE))
        names["Value" if len(columns) == 1 else f"Value #{reference}"] = column.title
        panel.override_by_name(column.title, [models.DynamicConfigValue("unit", column.unit)])
    for heading, url in (links or {}).items():
        link = {"title": f"Look at this {heading}", "url": url}
        panel.override_by_name(heading, [models.DynamicConfigValue("links", [link])])
    # As the report does it.
    panel.sort_by([common.TableSortByFieldState().display_name(next(iter(keys.values())))])
    order = {name: place for place, name in enumerate(names)}
    panel.transformations(
        [
            models.DataTransformerConfig(id_val="merge", options={}),
            models.DataTransformerConfig(
                id_val="organize",
                options={"excludeByName": {"Time": True}, "indexByName": order, "renameByName": names},
            ),
        ]
    )
    return Sized(panel, width, height)


def timeline(
    title: str, description: str, query: Query, states: Mapping[int, tuple[str, str]], *, height: int = 10
) -> Sized:
    """States over time, one line a series.

    Args:
        title: Of the panel.
        description: What it shows and what to make of it.
        query: Its values are the keys of `states`.
        states: Name and colour by value.
        height: In rows of the grid.
    """
    panel = statetimeline.Panel().title(title).description(description).datasource(PROMETHEUS).unit("short")
    panel.with_target(_target(query, "A"))
    panel.mappings(
        [
            models.ValueMap(
                {
                    str(value): models.ValueMappingResult(text=name, color=color, index=place)
                    for place, (value, (name, color)) in enumerate(states.items())
                }
            )
        ]
    )
    panel.merge_values(True).show_value(common_models.VisibilityMode.AUTO).row_height(0.8).line_width(0)
    panel.fill_opacity(70)
    return Sized(panel, 24, height)


def bars(
    title: str, description: str, unit: str, queries: Sequence[Query], *, absent: str = "", width: int = 8
) -> Sized:
    """Numbers over the whole range beside each other, in the order of the queries; `absent` where there are none."""
    panel = bargauge.Panel().title(title).description(description).datasource(PROMETHEUS).unit(unit).min(0)
    for reference, query in _references(queries):
        panel.with_target(_target(query, reference, instant=True))
    if absent:
        panel.no_value(absent)
    panel.orientation(common_models.VizOrientation.HORIZONTAL)
    panel.display_mode(common_models.BarGaugeDisplayMode.BASIC)
    panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False).fields(""))
    return Sized(panel, width, 8)


def traces(title: str, description: str, traceql: str, *, limit: int = 20, width: int = 12) -> Sized:
    """The newest traces that a TraceQL query finds; without the hint Tempo's limit takes any."""
    query = (
        tempo.TempoQuery()
        .ref_id("A")
        .query_type("traceql")
        .query(f"{traceql} with (most_recent=true)")
        .limit(limit)
    )
    panel = table.Panel().title(title).description(description).datasource(TEMPO).show_header(True)
    return Sized(panel.with_target(query.datasource(TEMPO).filters([])), width, 10)


def service_graph(title: str, description: str, *, height: int = 14) -> Sized:
    """Services, databases and exchanges, and what they ask of each other."""
    query = tempo.TempoQuery().ref_id("A").query_type("serviceMap").service_map_query("").query("")
    panel = nodegraph.Panel().title(title).description(description).datasource(TEMPO)
    panel.nodes(nodegraph.NodeOptions().main_stat_unit("s").secondary_stat_unit("reqps"))
    return Sized(panel.with_target(query.datasource(TEMPO).filters([])), 24, height)


def _target(query: Query, reference: str, *, instant: bool = False) -> prometheus.Dataquery:
    target = prometheus.Dataquery().ref_id(reference).datasource(PROMETHEUS)
    target.expr(query.expr).legend_format(query.legend).exemplar(query.exemplar)
    return target.instant() if instant else target.range()


def _references(items: Sequence[T]) -> list[tuple[str, T]]:
    return [(chr(ord("A") + number), item) for number, item in enumerate(items)]


def _link(uid: str) -> dashboard.DashboardLink:
    url = f"/d/{uid}?${{__url_time_range}}&${{__all_variables}}"
    return dashboard.DashboardLink("Look closer").type(models.DashboardLinkType.LINK).url(url)


_DASHED: list[models.DynamicConfigValue] = [
    models.DynamicConfigValue("color", {"mode": "fixed", "fixedColor": "red"}),
    models.DynamicConfigValue("custom.lineStyle", {"fill": "dash", "dash": [6, 6]}),
    models.DynamicConfigValue("custom.fillOpacity", 0),
    models.DynamicConfigValue("custom.drawStyle", "line"),
    models.DynamicConfigValue("custom.stacking", {"mode": "none", "group": "B"}),
]
_THRESHOLD_FROM_LIMIT = models.DataTransformerConfig(
    id_val="configFromData",
    options={"configRefId": LIMIT, "mappings": [{"fieldName": LIMIT, "handlerKey": "threshold1"}]},
)
