"""What the intake keeps away from the collector, each limit for itself; tests/drills/test_floods.py has all at once."""

from __future__ import annotations

import gzip
import json
import ssl
import zlib
from collections.abc import Iterator

import httpx
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from botobs._ops.access import tokens
from tests.support.intake import (
    PROTOBUF,
    TRACES,
    TRACES_OF_GRPC,
    Intake,
    empty_spans,
    frame,
    is_closed,
    spans,
)
from tests.support.waiting import eventually

_STRANGERS, _OF_AN_ADDRESS = 20, 10


@pytest.fixture(scope="module")
def intake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Intake]:
    limits = (
        "--header-timeout=1s", "--body-timeout=1s", "--memory-mib=128",
        f"--strangers={_STRANGERS}", f"--strangers-per-address={_OF_AN_ADDRESS}",
    )  # fmt: skip
    with Intake(tmp_path_factory.mktemp("intake"), *limits) as running:
        yield running


@pytest.fixture(scope="module")
def bound(intake: Intake) -> str:
    """A token that speaks for two services."""
    return tokens.create(intake.secrets, "desk", ["engine", "pnl"]).value


@pytest.mark.parametrize("packed", [None, "gzip", "deflate"])
def test_what_is_allowed_passes_unchanged(intake: Intake, packed: str | None) -> None:
    body = spans("anything", count=50)
    sent = gzip.compress(body) if packed == "gzip" else zlib.compress(body) if packed == "deflate" else body
    assert intake.sends(sent, **({"content-encoding": packed} if packed else {})) == 200
    assert intake.collector.bodies[-1] == body
    assert intake.calls(frame(body, packed=packed == "gzip"), **{"grpc-encoding": "gzip"}) == 0
    assert intake.collector.bodies[-1] == body


@pytest.mark.parametrize("packed", ["zstd", "snappy", "lz4", "br"])
def test_another_encoding_is_told_what_to_set(intake: Intake, packed: str) -> None:
    """Before anything is unpacked, in the words of either protocol."""
    with intake.client() as http:
        answer = http.post(TRACES, content=b"(packed)", headers={**PROTOBUF, "content-encoding": packed})
    assert answer.status_code == 415
    assert answer.headers["accept-encoding"] == "identity, gzip, deflate"
    assert "OTEL_EXPORTER_OTLP_COMPRESSION=gzip" in answer.text
    about = {"content-type": "application/grpc", "te": "trailers", "grpc-encoding": packed}
    framed = b"\1" + len(b"(packed)").to_bytes(4, "big") + b"(packed)"
    with intake.client(http2=True) as http:
        answer = http.post(TRACES_OF_GRPC, content=framed, headers=about)
    assert answer.headers["grpc-status"] == "12"
    assert answer.headers["grpc-accept-encoding"] == "identity, gzip, deflate"


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8"])
def test_json_passes_unchanged(intake: Intake, kind: str) -> None:
    body = json.dumps({"resourceSpans": [{"resource": {}, "scopeSpans": []}]}).encode()
    assert intake.sends(body, **{"content-type": kind}) == 200
    assert intake.collector.bodies[-1] == body


def test_names_of_encodings_have_any_case(intake: Intake) -> None:
    body = spans("anything")
    for name in ("GZIP", "x-gzip"):
        assert intake.sends(gzip.compress(body), **{"content-encoding": name}) == 200
        assert intake.collector.bodies[-1] == body


@pytest.mark.parametrize(
    "path", ["/v1/traces/v1/traces", "/v1/traces/", "/", "/api/v1/write", "/v1/profiles"]
)
def test_a_wrong_path_is_told_the_right_ones(intake: Intake, path: str) -> None:
    with intake.client() as http:
        answer = http.post(path, content=spans("anything"), headers=PROTOBUF)
    assert answer.status_code == 404
    assert "POST to /v1/traces, /v1/metrics or /v1/logs" in answer.text


def test_json_that_says_to_be_something_else_is_told_what_to_say(intake: Intake) -> None:
    with intake.client() as http:
        answer = http.post(TRACES, content=b'{"resourceSpans":[]}', headers={"content-type": "text/plain"})
    assert answer.status_code == 400
    assert "Content-Type: application/json" in answer.text


def test_who_says_nothing_is_closed(intake: Intake) -> None:
    with intake.connected() as silent:
        assert is_closed(silent)


def test_who_says_half_a_header_is_closed(intake: Intake) -> None:
    with intake.secured() as slow:
        slow.sendall(b"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nX-A: b")
        assert is_closed(slow)


def test_who_says_half_a_frame_is_closed(intake: Intake) -> None:
    context = ssl.create_default_context(cafile=str(intake.secrets / "ca.pem"))
    context.set_alpn_protocols(["h2"])
    with context.wrap_socket(intake.connected(), server_hostname="localhost") as slow:
        assert slow.selected_alpn_protocol() == "h2"
        slow.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0" + b"\0\x40\0\1")
        assert is_closed(slow)


def test_a_sender_gets_in_through_any_number_of_strangers(intake: Intake) -> None:
    crowd = [intake.connected() for _ in range(5 * _STRANGERS)]
    try:
        assert intake.sends(spans("a")) == 200
        assert intake.figures()['botobs_intake_connections{token="none"}'] <= _OF_AN_ADDRESS
        assert intake.refused("strangers") >= 4 * _STRANGERS
    finally:
        for each in crowd:
            each.close()


def test_a_stranger_is_answered_before_his_body(intake: Intake) -> None:
    with intake.secured() as stranger:
        stranger.sendall(b"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000\r\n\r\n")
        assert stranger.recv(12) == b"HTTP/1.1 401"
        assert is_closed(stranger)


def test_a_slow_body_is_given_up(intake: Intake) -> None:
    with intake.secured() as slow:
        head = f"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {intake.token}\r\n"
        slow.sendall(
            f"{head}Content-Type: application/x-protobuf\r\nContent-Length: 1000\r\n\r\nabc".encode()
        )
        assert slow.recv(12) == b"HTTP/1.1 408"


_TOO_LARGE = {"empty spans": empty_spans(8_000_000), "more than 16 MiB": b"\0" * (16 * 2**20 + 1)}


@pytest.mark.parametrize("body", _TOO_LARGE.values(), ids=_TOO_LARGE)
def test_what_is_large_only_when_it_is_read(intake: Intake, body: bytes) -> None:
    before = len(intake.collector.bodies)
    assert len(gzip.compress(body)) < 100_000
    assert intake.sends(gzip.compress(body), **{"content-encoding": "gzip"}) == 413
    assert intake.calls(frame(body, packed=True), **{"grpc-encoding": "gzip"}) == 3
    assert len(intake.collector.bodies) == before


def test_many_objects_of_json(intake: Intake) -> None:
    body = b'{"resourceSpans":[{"scopeSpans":[{"spans":[' + b"{}," * 1_000_000 + b"{}]}]}]}"
    assert intake.sends(body, **{"content-type": "application/json"}) == 413


def test_what_is_no_telemetry(intake: Intake) -> None:
    assert intake.sends(b"\xff" * 50) == 400
    assert intake.sends(b"no gzip", **{"content-encoding": "gzip"}) == 400
    assert intake.sends(b"", **{"content-encoding": "br"}) == 415
    assert intake.calls(b"\0\0\0\0\5abc") == 3


def test_the_budget_of_a_token_is_given_back(intake: Intake) -> None:
    """More, one after the other, than a token may have at a time."""
    for _ in range(8):
        assert intake.sends(empty_spans(25_000)) == 200


def test_a_collector_that_is_away_is_waited_for(intake: Intake) -> None:
    intake.collector.answer = 503
    try:
        assert intake.sends(spans("a")) == 503
        assert intake.calls(frame(spans("a"))) == 14
    finally:
        intake.collector.answer = 200


def test_a_revoked_token_is_refused_on_an_open_connection(intake: Intake) -> None:
    made = tokens.create(intake.secrets, "leaver")
    with intake.client(made.value) as http:
        assert http.post(TRACES, content=b"", headers=PROTOBUF).status_code == 200
        tokens.revoke(intake.secrets, made.id)
        assert http.post(TRACES, content=b"", headers=PROTOBUF).status_code == 401


def test_streams_of_a_connection_are_few(intake: Intake) -> None:
    context = ssl.create_default_context(cafile=str(intake.secrets / "ca.pem"))
    context.set_alpn_protocols(["h2"])
    with context.wrap_socket(intake.connected(), server_hostname="localhost") as open_one:
        open_one.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0")
        settings = open_one.recv(4096)
    # SETTINGS_MAX_CONCURRENT_STREAMS, RFC 9113.
    assert b"\x00\x03" + (64).to_bytes(4, "big") in settings


@pytest.mark.parametrize(
    ("services", "status"),
    [(("engine",), 200), (("engine", "pnl"), 200), (("other",), 403), (("engine", "other"), 403), ((), 200)],
)
def test_a_bound_token_speaks_for_its_services(
    intake: Intake, bound: str, services: tuple[str, ...], status: int
) -> None:
    assert intake.sends(spans(*services), bound) == status
    assert intake.calls(frame(spans(*services)), bound) == (0 if status == 200 else 7)
    named = [{"resource": {"attributes": [_attribute(service)]}} for service in services]
    body = json.dumps({"resourceSpans": named}).encode()
    if services:
        assert intake.sends(body, bound, **{"content-type": "application/json"}) == status


def _attribute(service: str) -> dict[str, object]:
    return {"key": "service.name", "value": {"stringValue": service}}


_HIDDEN = {
    "twice in a resource": [_attribute("engine"), _attribute("other")],
    "twice in a value": [
        {"key": "service.name", "value": {"stringValue": "engine", "string_value": "other"}}
    ],
    "as a number": [{"key": "service.name", "value": {"intValue": "1"}}],
}


@pytest.mark.parametrize("attributes", _HIDDEN.values(), ids=_HIDDEN)
def test_a_name_cannot_be_hidden_in_json(intake: Intake, bound: str, attributes: list[object]) -> None:
    body = json.dumps({"resourceSpans": [{"resource": {"attributes": attributes}}]}).encode()
    assert intake.sends(body, bound, **{"content-type": "application/json"}) == 403


def test_a_name_cannot_be_hidden_behind_a_key_that_stands_twice(intake: Intake, bound: str) -> None:
    one, two = (
        json.dumps([{"resource": {"attributes": [_attribute(name)]}}]) for name in ("other", "engine")
    )
    body = f'{{"resourceSpans": {one}, "resourceSpans": {two}}}'.encode()
    values = '"value": {"stringValue": "other"}, "value": {"stringValue": "engine"}'
    attribute = f'{{"key": "service.name", {values}}}'
    twice = f'{{"resourceSpans": [{{"resource": {{"attributes": [{attribute}]}}}}]}}'.encode()
    assert intake.sends(twice, bound, **{"content-type": "application/json"}) == 403
    assert intake.sends(body, bound, **{"content-type": "application/json"}) == 403


def test_a_name_cannot_be_hidden_in_protobuf(intake: Intake, bound: str) -> None:
    unnamed = ExportTraceServiceRequest()
    unnamed.resource_spans.add().resource.attributes.add(key="host.name").value.string_value = "engine"
    number = ExportTraceServiceRequest()
    number.resource_spans.add().resource.attributes.add(key="service.name").value.int_value = 5
    # Fields that stand twice: readers take the last.
    value = b"\x0a\x05other\x0a\x06engine"
    attribute = b"\x0a\x01x\x0a\x0cservice.name\x12" + bytes([len(value)]) + value
    resource = b"\x0a" + bytes([len(attribute)]) + attribute
    owned = b"\x0a" + bytes([len(resource)]) + resource
    twice = b"\x0a" + bytes([len(owned)]) + owned
    for body in (unnamed.SerializeToString(), number.SerializeToString(), twice):
        assert intake.sends(body, bound) == 403
    [read] = ExportTraceServiceRequest.FromString(twice).resource_spans[0].resource.attributes
    assert (read.key, read.value.string_value) == ("service.name", "engine")


def _histogram(metrics: ExportMetricsServiceRequest, **figures: object) -> None:
    """An exponential histogram of its own, whose figures are consistent where nothing else is said."""
    metric = metrics.resource_metrics.add().scope_metrics.add().metrics.add(name="h").exponential_histogram
    usual: dict[str, object] = {
        "count": 6,
        "zero_count": 1,
        "sum": 3.0,
        "positive": {"bucket_counts": [2, 300]},
    }
    point = metric.data_points.add(**{**usual, "negative": {"bucket_counts": [1]}, "count": 304, **figures})
    assert point.count == figures.get("count", 304)


_FIGURES: dict[str, tuple[dict[str, object], bool]] = {
    "consistent": ({}, True),
    "fewer in buckets": ({"count": 305}, False),
    "more in buckets": ({"count": 303}, False),
    "one that is no number": ({"count": 305, "sum": float("nan")}, True),
    "more in buckets, and no number": ({"count": 303, "sum": float("nan")}, False),
    "too many for a number": ({"count": 6, "positive": {"bucket_counts": [2**64 - 1, 5]}}, False),
    "no recorded value": ({"count": 0, "flags": 1}, True),
}


@pytest.mark.parametrize(("figures", "sound"), _FIGURES.values(), ids=_FIGURES)
def test_a_histogram_that_contradicts_itself_loses_itself(
    intake: Intake, figures: dict[str, object], sound: bool
) -> None:
    request = ExportMetricsServiceRequest()
    _histogram(request)
    _histogram(request, **figures)
    _histogram(request)
    with intake.client() as http:
        answer = http.post("/v1/metrics", content=request.SerializeToString(), headers=PROTOBUF)
    assert answer.status_code == 200
    said = ExportMetricsServiceResponse.FromString(answer.content)
    assert said.partial_success.rejected_data_points == (0 if sound else 1)
    passed = ExportMetricsServiceRequest.FromString(intake.collector.bodies[-1])
    points = [
        len(each.scope_metrics[0].metrics[0].exponential_histogram.data_points)
        for each in passed.resource_metrics
    ]
    assert points == [1, 1 if sound else 0, 1]


def test_a_token_of_before_speaks_for_all(intake: Intake) -> None:
    assert intake.sends(spans("whatever", "else")) == 200


def test_refusals_of_who_has_a_token_are_in_the_log(intake: Intake, bound: str) -> None:
    intake.sends(spans("other"), bound)
    text = intake.log.read_text(encoding="utf-8")
    assert "service=desk" in text and "reason=service" in text
    assert bound not in text


def test_who_shows_no_certificate_of_the_stack_sees_no_figures(intake: Intake) -> None:
    context = ssl.create_default_context(cafile=str(intake.secrets / "ca.pem"))
    with httpx.Client(verify=context, trust_env=False) as http, pytest.raises(httpx.TransportError):
        http.get(f"https://127.0.0.1:{intake._health}/metrics")


def test_nobody_is_left_behind(intake: Intake) -> None:
    assert eventually(lambda: intake.figures()['botobs_intake_connections{token="none"}'] == 0)
    assert intake.sends(spans("a")) == 200
