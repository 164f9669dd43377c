"""What Prometheus answers, and what stands where it does not."""

from __future__ import annotations

import httpx
import pytest

from botobs._ops.prometheus import PrometheusClient, PrometheusError, QueryRefused, Sample


def _client(answer: httpx.Response | httpx.TransportError) -> PrometheusClient:
    def respond(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, httpx.TransportError):
            raise answer
        return answer

    transport = httpx.MockTransport(respond)
    return PrometheusClient(httpx.Client(base_url="https://prometheus.test", transport=transport))


@pytest.mark.parametrize(
    ("data", "samples"),
    [
        ({"resultType": "scalar", "result": [1.5, "2"]}, [Sample({}, 2.0)]),
        (
            {"resultType": "vector", "result": [{"metric": {"job": "a"}, "value": [1.5, "+Inf"]}]},
            [Sample({"job": "a"}, float("inf"))],
        ),
        ({"resultType": "vector", "result": []}, []),
    ],
)
def test_an_answer_is_a_sample_of_each_series(data: dict[str, object], samples: list[Sample]) -> None:
    assert _client(httpx.Response(200, json={"status": "success", "data": data})).samples("up") == samples


def test_a_refused_query_is_told_with_the_reason() -> None:
    refusal = {"status": "error", "errorType": "bad_data", "error": "parse error: unexpected end of input"}
    with pytest.raises(QueryRefused) as raised:
        _client(httpx.Response(400, json=refusal)).samples("sum(")
    assert raised.value.reason == "parse error: unexpected end of input"
    assert raised.value.way_out == "sum("


@pytest.mark.parametrize(
    ("answer", "reported"),
    [
        (httpx.Response(401, text="Unauthorized\n"), "Prometheus answered 401: Unauthorized"),
        (httpx.Response(200, json=[1]), "Prometheus answered 200: [1]"),
        (
            httpx.ReadTimeout(""),
            "Prometheus at https://prometheus.test cannot be reached: it does not answer in time",
        ),
    ],
    ids=["refused", "another program", "silent"],
)
def test_what_is_no_answer_of_prometheus_is_told_as_it_is(
    answer: httpx.Response | httpx.TransportError, reported: str
) -> None:
    with pytest.raises(PrometheusError) as raised:
        _client(answer).samples("up")
    assert raised.value.problem == reported
