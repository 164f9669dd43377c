"""Mimir receives what is pushed and what is scraped."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from botobs._demo.services import Load
from testbed.stack import LiveStack
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def long_term() -> Iterator[LiveStack]:
    """A stack with Mimir and a small demo."""
    with LiveStack(demo=Load(bots=4, rate=2), mimir=True) as stack:
        yield stack


@pytest.mark.parametrize(
    "promql",
    [
        pytest.param(
            'http_server_request_duration_seconds_count{service_name="trading-engine"}', id="pushed"
        ),
        pytest.param("system_cpu_time_seconds_total", id="host"),
        pytest.param('otelcol_exporter_queue_size{job="collector"}', id="scraped"),
        pytest.param('pg_up{job="postgres"}', id="database"),
    ],
)
def test_it_is_in_mimir(long_term: LiveStack, promql: str) -> None:
    with long_term.client("mimir") as http:

        def found() -> bool:
            answer = http.get(
                "/prometheus/api/v1/query", params={"query": promql}, headers={"X-Scope-OrgID": "botobs"}
            )
            answer.raise_for_status()
            return bool(answer.json()["data"]["result"])

        assert eventually(found)


def test_nothing_is_refused_on_its_way(long_term: LiveStack) -> None:
    with long_term.client("mimir") as http:

        def arrived() -> bool:
            answer = http.get(
                "/prometheus/api/v1/query",
                params={"query": "count({job!=''})"},
                headers={"X-Scope-OrgID": "botobs"},
            )
            return bool(answer.json()["data"]["result"])

        assert eventually(arrived)
    assert not long_term.query(
        'otelcol_exporter_send_failed_metric_points_total{exporter="otlp_http/mimir"} > 0'
    )
    assert not long_term.query("prometheus_remote_storage_samples_failed_total > 0")
