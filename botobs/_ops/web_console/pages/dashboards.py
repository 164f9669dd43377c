"""Dashboards: those that Grafana shows, and a person's own, narrowed by their variables."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

from markupsafe import Markup

from ...custom import files
from ...report import panels
from ...report.backends import Refused
from ...report.dashboards import Dashboard, Panel, fill, load
from ...report.gather import ask
from ...report.window import Window
from .. import frame
from ..request import Block, NoSuchPage, Page, Request

_VALUES = re.compile(r"\Alabel_values\((.+),\s*(\w+)\)\Z", re.DOTALL)
_PREFIX = "var-"
#: Values of a variable that can be chosen from at most.
_MOST = 500


def page(request: Request) -> Page:
    """One dashboard, the overview where none is named.

    Raises:
        NoSuchPage: There is none of that name.
    """
    known = all_of(request)
    uid = request.path[1] if len(request.path) > 1 else known[0].uid
    found = next((each for each in known if each.uid == uid), None)
    if found is None:
        raise NoSuchPage(f"there is no dashboard {uid!r}")
    made = blocks(request, found, chosen(request))
    made["variables"] = lambda: _variables(request, found)
    context = {"dashboards": known, "dashboard": found, "blocks": {}}
    return Page(found.title, "dashboard.html", "dashboards", context, made)


def all_of(request: Request) -> list[Dashboard]:
    """All dashboards of the stack."""
    return load(files(request.running.home.custom, "dashboards"))


def chosen(request: Request) -> dict[str, str]:
    """Values of variables in the address, by name: `var-service=x`, as Grafana has it."""
    return {
        name.removeprefix(_PREFIX): value
        for name, value in request.query.items()
        if name.startswith(_PREFIX) and value
    }


def blocks(request: Request, dashboard: Dashboard, values: Mapping[str, str]) -> dict[str, Block]:
    """A block for each panel.

    Args:
        request: Whose range it is.
        dashboard: Its panels.
        values: Of its variables; one without stands for everything.
    """
    variables = {name: _escaped(value) for name, value in values.items()}
    shared: list[asyncio.Task[tuple[Window, frozenset[str]]]] = []

    def common() -> asyncio.Task[tuple[Window, frozenset[str]]]:
        # All panels have the same axis, and ask for it once.
        if not shared:
            shared.append(asyncio.ensure_future(_common(request)))
        return shared[0]

    def block(panel: Panel) -> Block:
        async def draw() -> Markup:
            window, metrics = await common()
            return await drawn(request, panel, window, metrics, variables)

        return draw

    return {panel.id: block(panel) for panel in dashboard.panels}


async def drawn(
    request: Request,
    panel: Panel,
    window: Window,
    metrics: frozenset[str],
    variables: Mapping[str, str],
) -> Markup:
    """One panel.

    Raises:
        Refused: A part does not answer one of its queries: what is left would not be the truth.
    """
    answers = await ask(request.backends, panel, window, variables)
    if answers.refusals:
        raise Refused(answers.refusals[0])
    return frame.view(panels.draw(panel, answers, window, metrics), panel.id)


async def _common(request: Request) -> tuple[Window, frozenset[str]]:
    window = await request.window()
    try:
        return window, await request.backends.metrics(window)
    except Refused:
        # It tells only why a panel is empty.
        return window, frozenset()


async def _variables(request: Request, dashboard: Dashboard) -> Markup:
    window = request.range.window()
    values = chosen(request)
    found: dict[str, list[str]] = {}
    for name, query in dashboard.variables.items():
        if (asked := _VALUES.match(query)) is None:
            continue
        selector = fill(asked[1], window, {key: _escaped(value) for key, value in values.items()})
        known = await request.backends.label_values(asked[2], selector, window)
        # What was chosen stays, though it may have no data in this time.
        found[name] = sorted({*known[:_MOST], *filter(None, [values.get(name)])})
    return frame.block("variables.html", found=found, chosen=values, prefix=_PREFIX)


def _escaped(value: str) -> str:
    """A value as it stands between the quotes of a regular expression in PromQL or TraceQL."""
    return re.escape(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
