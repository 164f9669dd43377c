"""What the intake takes out of requests, by the real program."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest
from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]
from google.protobuf.message import Message  # type: ignore[import-untyped]
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from botobs._sdk.redaction import Redactor
from tests.support.intake import PROTOBUF, TRACES, Intake, frame
from tests.support.redaction import measure, mutated, said, unusual
from tests.support.redaction.intake import Passed, answers

#: Characters of a text that are looked at.
_TEXT = 64 * 1024
#: Keys that nothing but their looks tells, and which no pattern of the collector finds.
_BARE = "h2Fqa3J9ifWVXCnShhiB3pMp60JpUorUuzPWHe39"
_INNOCENT = "7f3c2a1e-5b8d-4c9e-9f10-2b3c4d5e6f70"


@pytest.fixture(scope="module")
def intake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Intake]:
    with Intake(tmp_path_factory.mktemp("intake"), environ={"REDACT_KEEP": '["^desk\\\\."]'}) as running:
        yield running


@pytest.fixture(scope="module")
def passed(intake: Intake) -> Passed:
    return Passed(intake, each=3, innocents=8)


def _attributes(to: Any) -> None:
    """Attributes of every type, each with a secret, and some without."""
    to.add(key="note").value.string_value = f"cannot use {_BARE}"
    to.add(key="raw").value.bytes_value = f"cannot use {_BARE}".encode()
    to.add(key="list").value.array_value.values.add().string_value = _BARE
    to.add(key="map").value.kvlist_value.values.add(key=f"key {_BARE}").value.string_value = _BARE
    to.add(key="credentials").value.kvlist_value.values.add(key="okx").value.string_value = "short"
    to.add(key="DB_PASS").value.string_value = "hunter2"
    to.add(key="pin").value.int_value = 425237
    to.add(key="otp").value.double_value = 425237
    to.add(key=f"of {_BARE}").value.bool_value = True
    to.add(key="exchange.order.id").value.string_value = _INNOCENT
    to.add(key="price").value.double_value = 42000.5
    to.add(key="count").value.int_value = -3


def _traces() -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    owned = request.resource_spans.add()
    _attributes(owned.resource.attributes)
    scoped = owned.scope_spans.add()
    scoped.scope.name = f"of {_BARE}"
    _attributes(scoped.scope.attributes)
    span = scoped.spans.add(name=f"get {_BARE}", trace_id=b"t" * 16, span_id=b"s" * 8)
    span.status.message = f"refused: {_BARE}"
    _attributes(span.attributes)
    _attributes(span.events.add(name=f"got {_BARE}").attributes)
    _attributes(span.links.add(trace_id=b"t" * 16, span_id=b"s" * 8).attributes)
    return request


def _metrics() -> ExportMetricsServiceRequest:
    request = ExportMetricsServiceRequest()
    owned = request.resource_metrics.add()
    scoped = owned.scope_metrics.add()
    for kind in ("gauge", "sum", "histogram", "exponential_histogram", "summary"):
        metric = scoped.metrics.add(name=f"of {_BARE}", description=f"of {_BARE}")
        point = getattr(metric, kind).data_points.add()
        _attributes(point.attributes)
        if kind != "summary":
            _attributes(point.exemplars.add().filtered_attributes)
    return request


def _logs() -> ExportLogsServiceRequest:
    request = ExportLogsServiceRequest()
    records = request.resource_logs.add().scope_logs.add().log_records
    records.add().body.string_value = f"cannot use {_BARE}"
    record = records.add()
    pair = record.body.kvlist_value.values.add(key="password")
    pair.value.string_value = "hunter2"
    _attributes(record.attributes)
    return request


_REQUESTS: dict[str, Callable[[], Any]] = {"traces": _traces, "metrics": _metrics, "logs": _logs}


def _pairs(message: Message) -> Iterator[KeyValue]:
    for _, held in message.ListFields():
        for each in held if hasattr(held, "add") else [held]:
            if isinstance(each, KeyValue):
                yield each
            if isinstance(each, Message):
                yield from _pairs(each)


@pytest.mark.parametrize("signal", _REQUESTS)
def test_no_place_of_a_request_keeps_a_secret(intake: Intake, signal: str) -> None:
    request = _REQUESTS[signal]()
    with intake.client() as http:
        http.post(f"/v1/{signal}", content=request.SerializeToString(), headers=PROTOBUF).raise_for_status()
    body = intake.collector.bodies[-1]
    passed = type(request).FromString(body)
    assert not any(secret in body for secret in (_BARE.encode(), b"hunter2", b"short"))
    sent, kept = list(_pairs(request)), list(_pairs(passed))
    assert len(sent) == len(kept)
    for before, after in zip(sent, kept, strict=True):
        if before.key in ("exchange.order.id", "price", "count"):
            assert before == after
        if before.key in ("pin", "otp"):
            assert after.value.string_value == "[redacted]"


@pytest.mark.parametrize("signal", _REQUESTS)
def test_json_is_cleaned_as_protobuf_is(intake: Intake, signal: str) -> None:
    request = MessageToDict(_REQUESTS[signal]())
    with intake.client() as http:
        http.post(f"/v1/{signal}", json=request).raise_for_status()
    body = intake.collector.bodies[-1]
    assert not any(secret in body for secret in (_BARE.encode(), b"hunter2", b"short"))
    assert json.loads(body).keys() == request.keys()
    assert body.count(_INNOCENT.encode()) == json.dumps(request).count(_INNOCENT) > 0


def test_calls_are_cleaned(intake: Intake) -> None:
    assert intake.calls(frame(_traces().SerializeToString(), packed=True), **{"grpc-encoding": "gzip"}) == 0
    assert _BARE.encode() not in intake.collector.bodies[-1]


def test_a_kept_name_keeps_its_values(intake: Intake) -> None:
    request = _traces()
    request.resource_spans[0].resource.attributes.add(key="desk.fingerprint").value.string_value = _BARE
    assert intake.sends(request.SerializeToString()) == 200
    assert intake.collector.bodies[-1].count(_BARE.encode()) == 1


def test_what_holds_no_secret_passes_unchanged(intake: Intake) -> None:
    body = json.dumps({"resourceSpans": [{"resource": {}, "scopeSpans": []}]}).encode()
    with intake.client() as http:
        http.post(TRACES, content=body, headers={"content-type": "application/json"}).raise_for_status()
    assert intake.collector.bodies[-1] == body


def test_the_intake_finds_secrets(passed: Passed) -> None:
    found = measure.count_secrets(passed.text, passed.attribute, each=3)
    assert found.recall >= 0.995, found.worst(0)[:9]
    assert [name for axis in (0, 1) for recall, name in found.worst(axis) if recall < 0.95] == []


def test_it_finds_what_stands_in_unusual_places(passed: Passed) -> None:
    missed = {name for name, text, secret in unusual.cases() if measure.leaks(secret, passed.text(text))}
    assert missed == unusual.MISSED


def test_innocents_stay(passed: Passed) -> None:
    tried, changed = measure.count_innocents(passed.text, passed.attribute, each=8)
    assert len(changed) <= tried / 1000, changed
    assert [text for text in said.INNOCENTS if passed.text(text) != text] == []


def test_it_answers_as_the_sdk_does(intake: Intake, long: bool) -> None:
    """Texts from a seed. What reads a statement keeps more of it in the SDK, and is left out.

    One of five thousand may differ: where two rules overlap, each may begin with another one.
    """
    redactor = Redactor()
    for seed in range(50 if long else 1):
        given = list(answers(intake, mutated.texts(seed, 4000 if long else 2000)))
        cleaned = ((text, redactor.text(text), left) for text, left in given)
        differing = [each for each in cleaned if each[1] != each[2]]
        assert len(differing) <= len(given) / 5000, (seed, differing)


#: What an alternation of quotes, brackets or names could make slow: each is repeated.
_REPEATED = [
    "token=", "secret=Optional[", "authorization: a ", "://a.a", "://a:b@", "[SQL: ", "near '", "Key (k)=(", "LINE 1: ",
    'key="\\"', "%2525", "-u a:b ", "a1B2c3D4e5F6g7H8", "abandon ", "&quot;", 'password "a" -> "', "token=('a',",
    "into a(", "INTO a VALUES ('", ":5432:a:b:", "[1,", "u:p4ss@", "@h:80", "mysql -p", "%41", "密码\uff1a", "a.", "a:",
    "8=FIX|96=", "name: |\n", '<secret a="b" ', "\\", "Bearer ", "cookie: ", "\x1b[1m", "redis-cli ", "secret:", "@",
]  # fmt: skip


@pytest.mark.parametrize("piece", _REPEATED, ids=repr)
def test_a_long_text_costs_as_much_as_many_short_ones(intake: Intake, piece: str) -> None:
    """In time of the processor, whatever else the machine does; a square would be eight times as much."""
    process = psutil.Process(intake.process.pid)

    def spent(length: int) -> float:
        text = piece * (length // len(piece))
        request = ExportTraceServiceRequest()
        spans = request.resource_spans.add().scope_spans.add().spans
        for _ in range(_TEXT // length * 8):
            spans.add(trace_id=b"t" * 16, span_id=b"s" * 8).status.message = text
        before = process.cpu_times()
        assert intake.sends(request.SerializeToString()) == 200
        after = process.cpu_times()
        intake.collector.bodies.clear()
        return after.user + after.system - before.user - before.system

    # A tick of the processor's clock is a hundredth of a second.
    assert spent(_TEXT) <= 4 * spent(_TEXT // 8) + 0.1
