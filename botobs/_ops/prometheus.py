"""Asks Prometheus over its HTTP API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from .errors import StackError, no_answer


class PrometheusError(StackError):
    """Prometheus cannot be reached, does not take a query, or the response is not one of its API."""


class QueryRefused(PrometheusError):
    """Prometheus does not take a query.

    Args:
        query: What it was asked, in PromQL.
        reason: What it says of it.
    """

    def __init__(self, query: str, reason: str) -> None:
        super().__init__(f"Prometheus does not take the query: {reason}", query)
        self.reason = reason


@dataclass(frozen=True)
class Sample:
    """One series of an instant query."""

    labels: Mapping[str, str]
    value: float


class PrometheusClient:
    """Instant queries.

    Args:
        http: Client with Prometheus' base address and whatever credentials it needs.
    """

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def samples(self, promql: str, at: float | None = None) -> list[Sample]:
        """The result of a query: a sample of each series; of a scalar, one without labels.

        Args:
            promql: The query; its result is a vector or a scalar.
            at: For when, in seconds since the epoch; Prometheus' now by default.

        Raises:
            PrometheusError: Prometheus cannot be asked, or does not take the query.
        """
        data = self.query(promql, at)
        if data["resultType"] == "scalar":
            return [Sample({}, float(data["result"][1]))]
        return [Sample(each["metric"], float(each["value"][1])) for each in data["result"]]

    def query(self, promql: str, at: float | None = None) -> dict[str, Any]:
        """The same as Prometheus writes it: `resultType` and `result`.

        Raises:
            PrometheusError: Prometheus cannot be asked, or does not take the query.
        """
        form = {"query": promql} | ({} if at is None else {"time": f"{at:.3f}"})
        body = self._answer("POST", "/api/v1/query", form)
        if body.get("status") != "success":
            raise QueryRefused(promql, str(body.get("error", "it does not say why")))
        return dict(body["data"])

    def alerting_rules(self) -> list[dict[str, Any]]:
        """Every rule that alerts, with its alerts, as `/api/v1/rules` writes them.

        Raises:
            PrometheusError: Prometheus cannot be asked.
        """
        body = self._answer("GET", "/api/v1/rules", {"type": "alert"})
        return [rule for group in body["data"]["groups"] for rule in group["rules"]]

    def _answer(self, method: str, path: str, words: Mapping[str, str]) -> dict[str, Any]:
        """The JSON of a response, which a refused query has too."""
        where = {"data": dict(words)} if method == "POST" else {"params": dict(words)}
        try:
            response = self._http.request(method, path, **where)  # type: ignore[arg-type]
        except httpx.HTTPError as error:
            problem = f"Prometheus at {self._http.base_url} cannot be reached: {no_answer(error)}"
            raise PrometheusError(problem, "See what runs: botobs status") from error
        try:
            body = response.json()
        except ValueError:
            body = None
        if not isinstance(body, dict) or "status" not in body:
            raise PrometheusError(
                f"Prometheus answered {response.status_code}: {response.text.strip()[:300]}"
            )
        return body
