"""What the demo's viewer and its checks ask the backends."""

from __future__ import annotations

import time
from typing import Any

import httpx

from .._ops.access import clients
from .._ops.stack.stack import Stack

_ORDERS = 'sum(exchange_client_operation_duration_seconds_count{exchange_operation="create_order"})'


class Backends:
    """Prometheus, Tempo and Alertmanager of a running stack, over their HTTP APIs.

    Attributes:
        cluster: Whether they are several processes each, and Mimir stands in for Prometheus.
    """

    def __init__(self, stack: Stack) -> None:
        self.cluster = stack.options.cluster
        self._stack = stack
        self._http = clients.async_client(stack.home.secrets)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def query(self, promql: str) -> list[dict[str, Any]]:
        """Samples of an instant query, as `{"metric": labels, "value": [time, text]}`."""
        body = await self._get("prometheus", "/api/v1/query", query=promql)
        return list(body["data"]["result"])

    async def value(self, promql: str) -> float | None:
        """The one value of a query, or None when it has none."""
        result = await self.query(promql)
        return float(result[0]["value"][1]) if result else None

    async def orders(self) -> int | None:
        """How many orders the exchange clients have counted; None while there is no such series."""
        count = await self.value(_ORDERS)
        return None if count is None else int(count)

    async def series(self, selector: str, last: float = 600) -> list[dict[str, str]]:
        """Label sets of the series that a selector matches."""
        now = time.time()
        body = await self._get(
            "prometheus", "/api/v1/series", **{"match[]": selector, "start": now - last, "end": now}
        )
        return list(body["data"])

    async def exemplars(self, promql: str, last: float = 600) -> list[dict[str, Any]]:
        """Exemplars of the series of a query, newest last."""
        now = time.time()
        body = await self._get(
            "prometheus", "/api/v1/query_exemplars", query=promql, start=now - last, end=now
        )
        found = [exemplar for series in body["data"] for exemplar in series["exemplars"]]
        return sorted(found, key=lambda exemplar: float(exemplar["timestamp"]))

    async def search(
        self, traceql: str, limit: int = 20, last: float = 600, spans: int = 3
    ) -> list[dict[str, Any]]:
        """Traces that a TraceQL query finds, newest first."""
        now = time.time()
        body = await self._get(
            "tempo",
            "/api/search",
            q=traceql,
            start=int(now - last),
            end=int(now) + 1,
            limit=limit,
            spss=spans,
        )
        traces = body.get("traces") or []
        return sorted(traces, key=lambda trace: int(trace["startTimeUnixNano"]), reverse=True)

    async def spans_stored(self, last: float = 3600) -> int:
        """How many spans Tempo has that started within the last `last` seconds."""
        now = time.time()
        body = await self._get(
            "tempo", "/api/metrics/query", q="{} | count_over_time()", start=int(now - last), end=int(now) + 1
        )
        return sum(round(float(series.get("value", 0))) for series in body.get("series") or [])

    async def trace(self, trace_id: str) -> Any:
        """A whole trace in OTLP's JSON, or None."""
        response = await self._http.get(f"{self._stack.addresses['tempo']}/api/v2/traces/{trace_id}")
        return response.json() if response.status_code == 200 else None

    async def alerts(self) -> list[dict[str, Any]]:
        """Return the alerts that Alertmanager holds, as its API returns them."""
        return list(await self._get("alertmanager", "/api/v2/alerts"))

    async def simulator(self) -> Any:
        """What the exchange simulator has counted itself."""
        return await self._get("exchange-simulator", "/control/counts")

    async def _get(self, part: str, path: str, **parameters: Any) -> Any:
        response = await self._http.get(f"{self._stack.addresses[part]}{path}", params=parameters)
        if response.is_error:
            raise httpx.HTTPStatusError(
                f"{part} answered {response.status_code}: {response.text[:300]}",
                request=response.request,
                response=response,
            )
        return response.json()
