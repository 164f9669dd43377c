"""Asks Prometheus, Tempo and Alertmanager; a refusal is an answer too, which the report shows in its place."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from ..access import clients
from ..access.watched import StandsStill
from ..home import state
from ..traces import Summary, Trace, newest
from .window import Window

#: Requests at once to one part: a report must not be the load that it shows. A part that is slow delays no other.
_AT_ONCE = 4
#: Seconds that a part which works may take for an answer.
LONGEST = 30.0
_PARTS = ("prometheus", "tempo", "alertmanager")


class Refused(Exception):
    """A part cannot be asked or refuses; the message is for a person."""


@dataclass(frozen=True)
class Series:
    """One series of an answer.

    Attributes:
        labels: Without the name of the metric.
        name: The metric, where the query keeps it.
        values: One for each point of the window, None where there is none; of an instant query just one.
    """

    labels: Mapping[str, str]
    values: tuple[float | None, ...]
    name: str = ""


@dataclass(frozen=True)
class Exemplar:
    """One measurement, and the trace in which it was made.

    Attributes:
        moment: Seconds since the epoch.
    """

    trace_id: str
    value: float
    moment: float


class Backends:
    """The parts of a stack that a report asks.

    Args:
        parts: A client by part; what is missing here does not run.
    """

    def __init__(self, parts: Mapping[str, httpx.AsyncClient]) -> None:
        self._parts = parts
        self._turns: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(_AT_ONCE))

    async def lines(self, promql: str, window: Window) -> list[Series]:
        """A range query.

        Raises:
            Refused: Prometheus does not answer it.
        """
        form = {"query": promql, "start": window.start, "end": window.end, "step": window.step}
        body = await self._ask("prometheus", "POST", "/api/v1/query_range", form)
        return [
            Series(_labels(raw["metric"]), _spread(raw["values"], window), raw["metric"].get("__name__", ""))
            for raw in body["data"]["result"]
        ]

    async def values(self, promql: str, window: Window) -> list[Series]:
        """An instant query at the window's end.

        Raises:
            Refused: Prometheus does not answer it.
        """
        form = {"query": promql, "time": window.end}
        body = await self._ask("prometheus", "POST", "/api/v1/query", form)
        return [
            Series(_labels(raw["metric"]), (float(raw["value"][1]),), raw["metric"].get("__name__", ""))
            for raw in body["data"]["result"]
        ]

    async def exemplars(self, promql: str, window: Window) -> list[Exemplar]:
        """Measurements that a query is about, with their traces; the largest first.

        Raises:
            Refused: Prometheus does not answer it.
        """
        span = {"query": promql, "start": window.start, "end": window.end}
        body = await self._ask("prometheus", "GET", "/api/v1/query_exemplars", span)
        found = [
            Exemplar(each["labels"]["trace_id"], float(each["value"]), float(each["timestamp"]))
            for series in body["data"]
            for each in series["exemplars"]
            if "trace_id" in each["labels"]
        ]
        return sorted(found, key=lambda each: each.value, reverse=True)

    async def metrics(self, window: Window) -> frozenset[str]:
        """Names of all metrics that had a sample in the window.

        Raises:
            Refused: Prometheus does not say.
        """
        span = {"start": window.start, "end": window.end}
        return frozenset(
            (await self._ask("prometheus", "GET", "/api/v1/label/__name__/values", span))["data"]
        )

    async def label_values(self, label: str, selector: str, window: Window) -> list[str]:
        """The values of a label in the window, sorted.

        Raises:
            Refused: Prometheus does not say.
        """
        span = {"match[]": selector, "start": window.start, "end": window.end}
        path = f"/api/v1/label/{label}/values"
        return sorted((await self._ask("prometheus", "GET", path, span))["data"])

    async def traces(self, traceql: str, window: Window, limit: int) -> list[Summary]:
        """The newest traces that meet a query, newest first.

        Raises:
            Refused: Tempo does not answer it.
        """
        # Tempo's end is exclusive.
        span = {"q": newest(traceql), "start": window.start, "end": window.end + 1, "limit": limit}
        body = await self._ask("tempo", "GET", "/api/search", span)
        found = [Summary.from_json(raw) for raw in body.get("traces") or []]
        return sorted(found, key=lambda each: each.start_ns, reverse=True)

    async def trace(self, trace_id: str) -> Trace:
        """All spans of one trace.

        Raises:
            Refused: Tempo does not give it.
        """
        return Trace.from_otlp(trace_id, await self._ask("tempo", "GET", f"/api/v2/traces/{trace_id}", {}))

    async def alerts(self) -> list[Mapping[str, Any]]:
        """What Alertmanager holds now.

        Raises:
            Refused: Alertmanager does not answer.
        """
        return list(await self._ask("alertmanager", "GET", "/api/v2/alerts", {}))

    async def first_sample(self) -> float | None:
        """When Prometheus' data begins, in seconds since the epoch; None where it does not say.

        Raises:
            Refused: Prometheus does not answer.
        """
        found = await self._ask(
            "prometheus", "POST", "/api/v1/query", {"query": "min(prometheus_tsdb_lowest_timestamp_seconds)"}
        )
        return next((float(each["value"][1]) for each in found["data"]["result"]), None)

    async def _ask(self, part: str, method: str, path: str, values: Mapping[str, Any]) -> Any:
        client = self._parts.get(part)
        if client is None:
            raise Refused(f"{part.capitalize()} is not part of the running stack.")
        form, parameters = (dict(values), None) if method == "POST" else (None, dict(values))
        async with self._turns[part]:
            try:
                response = await client.request(method, path, data=form, params=parameters)
            except StandsStill as error:
                raise Refused(f"{part.capitalize()} does not answer: {error.reason}.") from error
            except httpx.TimeoutException as error:
                raise Refused(f"{part.capitalize()} has not answered this in time.") from error
            except httpx.HTTPError as error:
                raise Refused(
                    f"{part.capitalize()} cannot be reached: {str(error) or type(error).__name__}"
                ) from error
        if response.is_error:
            raise Refused(
                f"{part.capitalize()} answered {response.status_code}: {response.text.strip()[:300]}"
            )
        return response.json()


@asynccontextmanager
async def connect(running: state.Running) -> AsyncIterator[Backends]:
    """Clients for the parts of a running stack, for the length of a block."""
    async with AsyncExitStack() as stack:
        yield Backends(
            {
                name: await stack.enter_async_context(clients.async_of_part(running, name, LONGEST))
                for name in _PARTS
                if name in running.parts
            }
        )


def _labels(metric: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in metric.items() if name != "__name__"}


def _spread(values: list[tuple[float, str]], window: Window) -> tuple[float | None, ...]:
    """Values at their places in the window: Prometheus leaves out the points that have none."""
    spread: list[float | None] = [None] * window.points
    for moment, value in values:
        spread[round((moment - window.start) / window.step)] = float(value)
    return tuple(spread)
