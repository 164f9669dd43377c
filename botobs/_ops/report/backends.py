"""Asks Prometheus, Tempo and Alertmanager; a refusal is an answer too, which the report shows in its place."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx

from ..access import clients
from ..home import state
from ..traces import Summary, Trace, newest
from .window import Window

T = TypeVar("T")

#: Requests at once to one part: a report must not be the load that it shows. A part that is slow delays no other.
_AT_ONCE = 4
#: Seconds that a part may take before it is asked whether it lives; a long query may take longer, a frozen part not.
_LOOK = 0.5
#: Seconds that a part which lives may take for an answer.
LONGEST = 30.0
#: Seconds in which one that was found frozen is not asked again.
_REST = 3.0
#: What every part answers at once, whatever it is doing.
_PROBES = {"prometheus": "/api/v1/status/buildinfo", "tempo": "/api/echo", "alertmanager": "/-/healthy"}


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


@dataclass
class Backends:
    """The parts of a stack that a report asks.

    Attributes:
        parts: A client by part; what is missing here does not run.
        patience: Seconds in which a part that lives answers a question that costs it nothing.
    """

    parts: Mapping[str, httpx.AsyncClient]
    patience: float = 10.0
    _turns: dict[str, asyncio.Semaphore] = field(
        default_factory=lambda: defaultdict(lambda: asyncio.Semaphore(_AT_ONCE))
    )
    #: When each was found frozen, by the monotonic clock.
    _silent: dict[str, float] = field(default_factory=dict)

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

    async def watched(self, parts: Sequence[str], answer: Awaitable[T]) -> T:
        """Wait for an answer that needs parts, as long as these live.

        Raises:
            Refused: One of them is frozen, or was a moment ago.
        """
        waiting = asyncio.ensure_future(answer)
        try:
            for part in parts:
                self._refuse_silent(part)
            while not (await asyncio.wait({waiting}, timeout=_LOOK))[0]:
                await asyncio.gather(*(self._probe(part) for part in parts))
            return waiting.result()
        finally:
            waiting.cancel()

    async def silent(self, parts: Sequence[str]) -> frozenset[str]:
        """Those of the parts that are frozen now."""

        async def is_silent(part: str) -> bool:
            try:
                await self._probe(part)
            except Refused:
                return True
            return False

        found = await asyncio.gather(*map(is_silent, parts))
        return frozenset(part for part, silent in zip(parts, found, strict=True) if silent)

    async def _probe(self, part: str) -> None:
        self._refuse_silent(part)
        client = self.parts.get(part)
        if client is None:
            return
        # A refused connection is the question's own matter.
        with suppress(httpx.TransportError):
            try:
                await client.get(_PROBES[part], timeout=self.patience)
            except httpx.TimeoutException:
                self._silent[part] = time.monotonic()
                self._refuse_silent(part)

    def _refuse_silent(self, part: str) -> None:
        if time.monotonic() - self._silent.get(part, -_REST) < _REST:
            raise Refused(f"{part.capitalize()} does not answer.")

    async def _ask(self, part: str, method: str, path: str, values: Mapping[str, Any]) -> Any:
        client = self.parts.get(part)
        if client is None:
            raise Refused(f"{part.capitalize()} is not part of the running stack.")
        form, parameters = (dict(values), None) if method == "POST" else (None, dict(values))
        async with self._turns[part]:
            try:
                response = await self.watched(
                    [part], client.request(method, path, data=form, params=parameters)
                )
            except httpx.TimeoutException as error:
                await self._probe(part)
                raise Refused(f"{part.capitalize()} has not answered this in time; it lives.") from error
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
async def connect(running: state.Running, patience: float = 10.0) -> AsyncIterator[Backends]:
    """Clients for the parts of a running stack, for the length of a block.

    Args:
        running: The stack.
        patience: Of `Backends`.
    """
    async with AsyncExitStack() as stack:
        parts = {
            name: await stack.enter_async_context(
                clients.async_client(running.home.secrets, running.url(name))
            )
            for name in _PROBES
            if name in running.parts
        }
        for client in parts.values():
            client.timeout = httpx.Timeout(LONGEST)
        yield Backends(parts, patience)


def _labels(metric: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in metric.items() if name != "__name__"}


def _spread(values: list[tuple[float, str]], window: Window) -> tuple[float | None, ...]:
    """Values at their places in the window: Prometheus leaves out the points that have none."""
    spread: list[float | None] = [None] * window.points
    for moment, value in values:
        spread[round((moment - window.start) / window.step)] = float(value)
    return tuple(spread)
