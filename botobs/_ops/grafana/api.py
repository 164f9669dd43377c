"""Grafana's HTTP API, as far as pushing needs it. https://grafana.com/docs/grafana/latest/developers/http_api/"""

from __future__ import annotations

from typing import Any

import httpx

from ..._sdk.settings import shown_address
from ..errors import StackError


class Grafana:
    """A client of Grafana's HTTP API.

    Args:
        http: A client for its address, with the right to edit dashboards and data sources.
    """

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def get(self, path: str) -> Any:
        """The response, or None when there is no such thing.

        Raises:
            StackError: Grafana cannot be reached, or refuses.
        """
        response = self._send("GET", path, None)
        return None if response.status_code == 404 else self._checked(response, path)

    def tell(self, method: str, path: str, body: Any) -> Any:
        """Create or change something.

        Raises:
            StackError: Grafana cannot be reached, or refuses.
        """
        return self._checked(self._send(method, path, body), path)

    def _send(self, method: str, path: str, body: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, json=body)
        except httpx.HTTPError as error:
            where = shown_address(str(self._http.base_url))
            raise StackError(
                f"Grafana at {where} does not answer: {error or type(error).__name__}",
                "Look at --url, and for https at --ca.",
            ) from None

    def _checked(self, response: httpx.Response, path: str) -> Any:
        if response.status_code in (401, 403):
            raise StackError(
                f"Grafana refuses {path} with {response.status_code}: these credentials may not do that",
                "Use a service account with the role Admin, or a user who may edit data sources and dashboards.",
            )
        if response.is_error:
            raise StackError(f"Grafana answers {path} with {response.status_code}: {response.text[:300]}", "")
        return response.json()
