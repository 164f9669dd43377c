"""Tenants of a cluster see their own alone, are told apart by their passwords, and pay for their own floods."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import httpx
import pytest

from botobs._ops.access import clients
from botobs._ops.home.private import read_secret
from testbed.otlp_load import Points, Spans
from testbed.stack import LiveStack
from tests.support.waiting import eventually

_OTLP = {"Content-Type": "application/x-protobuf"}
#: Points of a flood's request: two a second are already more than a tenant may send.
_FLOOD = 5000


def _gateway(live: LiveStack, tenant: str, claimed: str = "") -> httpx.Client:
    """A client that sends as an agent of `tenant` does, and may claim to be of another."""
    return httpx.Client(
        base_url=live.stack.values["BOTOBS_GATEWAYS_URL"],
        auth=(tenant, read_secret(live.home.secrets / "tenants" / f"{tenant}.password")),
        headers={**_OTLP, **({"X-Scope-OrgID": claimed} if claimed else {})},
        verify=clients.ssl_context(live.home.secrets),
        timeout=60,
        trust_env=False,
    )


def _stored(live: LiveStack, tenant: str, points: Points) -> int:
    """Series of a source that a tenant finds in Mimir."""
    with live.client("mimir") as http:
        answer = http.get(
            "/prometheus/api/v1/query",
            params={"query": f"count({points.selector})"},
            headers={"X-Scope-OrgID": tenant},
        )
    result = answer.raise_for_status().json()["data"]["result"]
    return int(result[0]["value"][1]) if result else 0


def _finds(live: LiveStack, tenant: str, spans: Spans) -> bool:
    """Whether a tenant finds the first trace of a source in Tempo."""
    with live.client("tempo") as http:
        answer = http.get(f"/api/traces/{spans.trace_id(1).hex()}", headers={"X-Scope-OrgID": tenant})
    return answer.status_code == 200


@pytest.mark.parametrize("claimed", ["", "loud"], ids=["nothing claimed", "another claimed"])
def test_what_is_sent_belongs_to_whose_password_it_was(cluster: LiveStack, claimed: str) -> None:
    points, spans = Points(f"mine-{claimed}"), Spans(f"mine-{claimed}")
    with _gateway(cluster, "quiet", claimed) as http:
        for source in (points, spans):
            http.post(source.path, content=source.next().body).raise_for_status()
    assert eventually(lambda: _stored(cluster, "quiet", points) == points.items)
    assert eventually(lambda: _finds(cluster, "quiet", spans))
    for other in ("loud", "botobs"):
        assert _stored(cluster, other, points) == 0
        assert not _finds(cluster, other, spans)


@contextmanager
def _flood(live: LiveStack) -> Iterator[dict[int, int]]:
    """Have a tenant send far more than it may, as fast as it goes; counts what it is answered."""
    answers: dict[int, int] = {}
    over = Event()

    def run() -> None:
        points = Points("flood", _FLOOD)
        with _gateway(live, "loud") as http:
            while not over.is_set():
                status = http.post(points.path, content=points.next().body).status_code
                answers[status] = answers.get(status, 0) + 1

    threads = [Thread(target=run, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _seconds_for(http: httpx.Client, points: Points, requests: int) -> list[float]:
    """How long each of some requests took that must be taken."""
    lasted = []
    for _ in range(requests):
        began = time.monotonic()
        http.post(points.path, content=points.next().body).raise_for_status()
        lasted.append(time.monotonic() - began)
    return sorted(lasted)


def test_a_flood_is_limited_and_slows_nobody_else(cluster: LiveStack) -> None:
    points = Points("neighbour")
    with _gateway(cluster, "quiet") as http:
        _seconds_for(http, points, 3)
        before = _seconds_for(http, points, 20)
        with _flood(cluster) as answers:
            assert eventually(lambda: sum(count for status, count in answers.items() if status != 200) > 5)
            during = _seconds_for(http, points, 20)
    # A retryable refusal: the flood waits in the queue of its own agent.
    assert set(answers) <= {200, 429, 503}
    assert _stored(cluster, "quiet", points) == points.items
    # Of a flood that was let through it would be the last in a queue; two cores are shared by all of this.
    assert during[10] < 10 * before[10] + 0.5, (before, during)
