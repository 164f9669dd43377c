"""The real collector does to texts what its patterns do in Python, on which the whole corpus is measured."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from random import Random
from ssl import create_default_context
from typing import Any

import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from botobs._ops.access.secrets import read_secret
from testbed.stack import LiveStack
from tests.support.redaction import carriers, collector, innocents
from tests.support.redaction.kinds import KINDS
from tests.support.waiting import eventually

_SERVICE = "redaction-corpus"


def _texts() -> list[str]:
    """Every kind in some carriers, every carrier with some kinds, and innocents."""
    random = Random(7)
    places = [*carriers.NAMED, *carriers.DATABASES, *carriers.BARE]
    texts = []
    for number, kind in enumerate(KINDS):
        value = kind.make(random)
        some = places[number % 11 :: 11]
        texts += [carrier.write(kind.names[0], value) for carrier in some if carrier.takes(value)]
    texts += [text for _, text in innocents.texts(random, 1)]
    return [text for text in texts if len(text) < 3_000]


def _request(trace_id: bytes, texts: list[str]) -> bytes:
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.resource.attributes.add(key="service.name").value.string_value = _SERVICE
    spans = resource.scope_spans.add().spans
    for number, text in enumerate(texts):
        start = time.time_ns()
        span = spans.add(
            name=f"case {number}", trace_id=trace_id, span_id=os.urandom(8), start_time_unix_nano=start
        )
        span.end_time_unix_nano = start + 1000
        span.status.message = text
        span.attributes.add(key="note").value.string_value = text
        span.attributes.add(key="exchange.order.id").value.string_value = text
    return bytes(request.SerializeToString())


def _values(span: dict[str, Any]) -> dict[str, str]:
    return {each["key"]: each["value"].get("stringValue", "") for each in span["attributes"]}


def _spans(trace: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for resource in trace["batches"]:
        for scope in resource["scopeSpans"]:
            yield from scope["spans"]


def test_the_collector_does_what_its_patterns_say(live: LiveStack) -> None:
    texts = _texts()
    trace_id = os.urandom(16)
    headers = {
        "authorization": f"Bearer {read_secret(live.home.secrets / 'service.token')}",
        "content-type": "application/x-protobuf",
    }
    context = create_default_context(cafile=live.home.secrets / "ca.pem")
    with httpx.Client(base_url=live.stack.addresses["collector"], verify=context) as http:
        http.post("/v1/traces", content=_request(trace_id, texts), headers=headers).raise_for_status()
    eventually(lambda: live.search(f'{{resource.service.name="{_SERVICE}"}}'))
    with live.client("tempo") as http:
        answer = http.get(f"/api/traces/{trace_id.hex()}", headers={"accept": "application/json"})
        answer.raise_for_status()
    found = {span["name"]: span for span in _spans(answer.json())}
    assert len(found) == len(texts)
    for number, text in enumerate(texts):
        span = found[f"case {number}"]
        values = _values(span)
        assert values["note"] == collector.text(text)
        assert span["status"]["message"] == collector.text(text)
        assert values["exchange.order.id"] == text
        assert set(values) == {"note", "exchange.order.id"}
