"""What is asked of Prometheus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from ..errors import UserError
from .alerts import Alert, of_rules


class Prometheus:
    """Alerts and instant values.

    Args:
        http: Client with its address and credentials.
    """

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def alerts(self) -> list[Alert]:
        """All alerts that fire or are pending.

        Raises:
            UserError: It cannot be asked.
        """
        return of_rules(self._get("/api/v1/rules", {"type": "alert"}))

    def values(self, promql: str, at: float | None = None) -> list[tuple[Mapping[str, str], float]]:
        """An instant query: labels and value of each series.

        Raises:
            UserError: It cannot be asked.
        """
        parameters = {"query": promql} | ({} if at is None else {"time": f"{at:.3f}"})
        found = self._get("/api/v1/query", parameters)["data"]["result"]
        return [(each["metric"], float(each["value"][1])) for each in found]

    def _get(self, path: str, parameters: Mapping[str, str]) -> Any:
        try:
            response = self._http.get(path, params=dict(parameters))
        except httpx.HTTPError as error:
            raise UserError(f"Prometheus at {self._http.base_url} cannot be reached: {error}") from error
        if response.is_error:
            raise UserError(f"Prometheus answered {response.status_code}: {response.text.strip()[:300]}")
        return response.json()
