"""What Prometheus' series say: the hosts of a service that have no memory left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from botobs._ops.prometheus import PrometheusClient
from botobs._ops.why.series import read_memory


def _memory(used: Mapping[str, float], own: tuple[str, ...]) -> tuple[tuple[str, float], ...]:
    def answer(request: httpx.Request) -> httpx.Response:
        words = request.url.params.get("query") or httpx.QueryParams(request.content.decode())["query"]
        values = used if "memory" in words else dict.fromkeys(own, 1.0)
        result: list[dict[str, Any]] = [
            {"metric": {"host_name": host}, "value": [0, str(value)]} for host, value in values.items()
        ]
        data = {"resultType": "vector", "result": result}
        return httpx.Response(200, json={"status": "success", "data": data})

    with httpx.Client(transport=httpx.MockTransport(answer), base_url="http://prometheus") as http:
        return read_memory(PrometheusClient(http), "engine", "production", 1000.0, 60.0)


@pytest.mark.parametrize(
    ("own", "found"),
    [
        # Its own host has enough, and what another one lacks is no matter.
        (("roomy",), ()),
        (("full", "roomy"), (("full", 0.98),)),
        # It runs in a container, whose name no host has.
        (("a1b2c3",), (("full", 0.98),)),
    ],
    ids=["elsewhere", "here", "container"],
)
def test_hosts_without_memory(own: tuple[str, ...], found: tuple[tuple[str, float], ...]) -> None:
    assert _memory({"full": 0.98, "roomy": 0.94}, own) == found
