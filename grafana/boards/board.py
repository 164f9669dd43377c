"""What every dashboard has in common: variables, annotations, links, and the order of panels on the grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models import dashboard as models

from botobs.semconv import exchange, sdk, trading

from .annotations import alerts, deployments, drills
from .panels import PROMETHEUS, Sized
from .promql import VARIABLES, label

#: Every dashboard has this tag, and finds the others by it.
TAG = "botobs"
_COLUMNS = 24

#: A metric whose series show which values a variable can have.
_VALUES_FROM = {
    "environment": sdk.HEARTBEAT,
    "service": sdk.HEARTBEAT,
    "exchange": exchange.OPERATION_DURATION,
    "bot": trading.BOT_STATES,
}


@dataclass(frozen=True)
class Row:
    """A heading and the panels below it, from left to right."""

    title: str
    panels: Sequence[Sized]


def board(
    uid: str, title: str, description: str, variables: Sequence[str], rows: Sequence[Row]
) -> models.Dashboard:
    """A dashboard.

    Args:
        uid: Its part of the address; alerts lead to it.
        title: Its name.
        description: Which questions it answers.
        variables: Names of its variables, in `promql.VARIABLES`; each narrows those after it.
        rows: What it shows.
    """
    built = dashboard.Dashboard(title).uid(uid).description(description).tags([TAG]).readonly()
    built.time("now-1h", "now").refresh("30s").timezone("browser")
    built.tooltip(models.DashboardCursorSync.CROSSHAIR)
    for number, name in enumerate(variables):
        built.with_variable(_variable(name, variables[:number]))
    for annotation in (deployments(), alerts(), drills()):
        built.annotation(annotation)
    built.link(
        dashboard.DashboardLink("Dashboards")
        .type(models.DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(True)
        .include_vars(True)
        .keep_time(True)
    )
    made = built.build()
    made.panels = _place(rows)
    return made


def _place(rows: Sequence[Row]) -> list[models.Panel | models.RowPanel]:
    placed: list[models.Panel | models.RowPanel] = []
    y = 0
    for row in rows:
        heading = dashboard.Row(row.title).id(len(placed) + 1).build()
        heading.grid_pos = models.GridPos(h=1, w=_COLUMNS, x=0, y=y)
        placed.append(heading)
        x, y, height = 0, y + 1, 0
        for sized in row.panels:
            if x + sized.width > _COLUMNS:
                x, y, height = 0, y + height, 0
            panel = sized.panel.build()
            panel.id_val = len(placed) + 1
            panel.grid_pos = models.GridPos(h=sized.height, w=sized.width, x=x, y=y)
            placed.append(panel)
            x, height = x + sized.width, max(height, sized.height)
        y += height
    return placed


def _variable(name: str, before: Sequence[str]) -> dashboard.QueryVariable:
    metric = _VALUES_FROM[name]
    suffix = "_count" if metric.kind == "histogram" else ""
    carried = (*metric.attributes, VARIABLES["environment"])
    matchers = ",".join(
        f'{label(VARIABLES[other])}=~"${other}"' for other in before if VARIABLES[other] in carried
    )
    values = f"label_values({metric.prometheus_name}{suffix}{{{matchers}}}, {label(VARIABLES[name])})"
    return (
        dashboard.QueryVariable(name)
        .label(name)
        .datasource(PROMETHEUS)
        .query({"query": values, "refId": name})
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .current(models.VariableOption(selected=True, text="All", value="$__all"))
    )
