"""Asks the backends for everything that a report shows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ..traces import Summary, Trace
from . import alerts, panels, waterfalls
from .backends import Backends, Refused
from .dashboards import Dashboard, Panel, Query, fill
from .panels import Answers
from .view import View
from .waterfalls import Waterfall
from .window import Window

T = TypeVar("T")

#: Traces of each kind that are drawn.
_TRACES = 10
#: Tempo does not sort by duration: it is asked for the slow ones first, and for faster ones while these are too few.
_SLOWER_THAN = ("5m", "1m", "30s", "10s", "3s", "1s", "300ms", "100ms", "30ms", "0ms")


@dataclass(frozen=True)
class Report:
    """Everything that the page shows.

    Attributes:
        views: By the id of the panel.
        slow: The slowest traces.
        failed: The newest traces with a failed span.
    """

    window: Window
    environment: str
    dashboards: Sequence[Dashboard]
    views: dict[str, View]
    history: View
    current: View
    slow: Sequence[Waterfall]
    failed: Sequence[Waterfall]


async def gather(
    backends: Backends, window: Window, dashboards: Sequence[Dashboard], environment: str
) -> Report:
    """Fill a report. What a backend refuses stands in the report, at its place."""
    metrics = await _or(frozenset[str](), backends.metrics(window))
    drawn = [panel for dashboard in dashboards for panel in dashboard.panels]
    answers = await asyncio.gather(*(ask(backends, panel, window) for panel in drawn))
    views = {
        panel.id: panels.draw(panel, answer, window, metrics)
        for panel, answer in zip(drawn, answers, strict=True)
    }
    slow, failed = await asyncio.gather(
        _waterfalls(backends, await _slowest(backends, window)),
        _waterfalls(
            backends,
            await _or([], backends.traces("{ status = error }", window, _TRACES)),
        ),
    )
    return Report(
        window=window,
        environment=environment,
        dashboards=dashboards,
        views=views,
        history=await _view(backends.lines(alerts.HISTORY, window), lambda it: alerts.history(it, window)),
        current=await _view(backends.alerts(), alerts.current),
        slow=slow,
        failed=failed,
    )


async def ask(
    backends: Backends, panel: Panel, window: Window, variables: Mapping[str, str] | None = None
) -> Answers:
    """The answers to one panel's queries; `variables` are the dashboard's."""
    refusals: list[str] = []

    async def answered(wanted: Awaitable[list[Any]]) -> list[Any]:
        try:
            return await wanted
        except Refused as refusal:
            refusals.append(str(refusal))
            return []

    def asked(query: Query) -> Awaitable[list[Any]]:
        text = fill(query.text, window, variables)
        return backends.values(text, window) if query.instant else backends.lines(text, window)

    if panel.kind == "nodeGraph":
        found = [
            await answered(backends.values(fill(text, window), window)) for text in panels.EDGES.values()
        ]
        return Answers(edges=dict(zip(panels.EDGES, found, strict=True)), refusals=refusals)
    if panel.source == "tempo":
        query = panel.queries[0]
        traces = await answered(backends.traces(fill(query.text, window, variables), window, query.limit))
        return Answers(traces=traces, refusals=refusals)
    series = {query.reference: await answered(asked(query)) for query in panel.queries}
    exemplars = [
        each
        for query in panel.queries
        if query.exemplar
        for each in await _or([], backends.exemplars(fill(query.text, window, variables), window))
    ]
    return Answers(series=series, exemplars=exemplars, refusals=refusals)


async def _slowest(backends: Backends, window: Window) -> list[Summary]:
    found: dict[str, Summary] = {}
    for duration in _SLOWER_THAN:
        # Of the root span alone: a trace that waits minutes for an order's fills is not slow.
        query = f"{{ nestedSetParent < 0 && duration > {duration} }}"
        for each in await _or([], backends.traces(query, window, 100)):
            found[each.trace_id] = each
        if len(found) >= _TRACES:
            break
    return sorted(found.values(), key=lambda each: each.longest, reverse=True)[:_TRACES]


async def _waterfalls(backends: Backends, found: Sequence[Summary]) -> list[Waterfall]:
    traces = [await _or(None, _trace(backends, each)) for each in found]
    return [waterfalls.draw(trace) for trace in traces if trace is not None and trace.spans]


async def _trace(backends: Backends, found: Summary) -> Trace | None:
    return await backends.trace(found.trace_id)


async def _or(otherwise: T, wanted: Awaitable[T]) -> T:
    try:
        return await wanted
    except Refused:
        return otherwise


async def _view(wanted: Awaitable[T], draw: Callable[[T], View]) -> View:
    try:
        return draw(await wanted)
    except Refused as refusal:
        return View(note=str(refusal))
