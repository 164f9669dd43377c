"""Finds traces, and shows one as a waterfall."""

from __future__ import annotations

from markupsafe import Markup

from ...._sdk import units as times
from ...errors import UserError
from ...report import waterfalls
from ...report.dashboards import load
from ...report.page import draw_waterfalls
from ...traces.query import build_query
from ...traces.source import full_id
from .. import frame
from ..request import Page, Request
from .dashboards import drawn

#: Traces that a search shows at most.
_MOST = 100
_GRAPH = "nodeGraph"


def page(request: Request) -> Page:
    """The search, or one trace.

    Raises:
        UserError: What is asked for cannot be understood.
    """
    if len(request.path) > 1:
        return _one(request, full_id(request.path[1]))
    query = traceql(request)

    async def found() -> Markup:
        traces = await request.backends.traces(query, request.range.window(), _MOST)
        return frame.block("traces-list.html", traces=traces, most=_MOST)

    async def graph() -> Markup:
        window = await request.window()
        panel = next(panel for board in load() for panel in board.panels if panel.kind == _GRAPH)
        return await drawn(request, panel, window, frozenset(), {})

    return Page("Traces", "traces.html", "traces", {"traceql": query}, {"found": found, "graph": graph})


def traceql(request: Request) -> str:
    """What is asked for, in TraceQL; what a person writes in it wins.

    Raises:
        UserError: A duration is none.
    """
    words = {name: value.strip() for name, value in request.query.items()}
    if words.get("q"):
        return words["q"]
    try:
        shortest = times.seconds(words["min"]) if words.get("min") else None
    except ValueError as error:
        raise UserError(f"at least: {error}") from None
    return build_query(
        words.get("service") or None,
        shortest,
        words.get("error") == "1",
        words.get("order") or None,
        words.get("bot") or None,
    )


def _one(request: Request, trace_id: str) -> Page:
    async def trace() -> Markup:
        found = await request.backends.trace(trace_id)
        drawn = [waterfalls.draw(found, most=1000)] if found.spans else []
        return draw_waterfalls(
            drawn, "Tempo has no such trace: it is older than what is kept, or not there yet."
        )

    # A range would be none of its business, and a trace that has ended does not change.
    return Page(
        f"Trace {trace_id[:12]}", "trace.html", "traces", {}, {"trace": trace}, refresh=0, ranged=False
    )
