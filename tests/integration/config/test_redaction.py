"""The real collector does to texts what its patterns do in Python, on which the whole corpus is measured."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
import yaml
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from botobs._ops.components.ports import free_ports
from botobs._ops.programs.binaries import Binaries, Silent
from testbed.otlp_receiver import OtlpReceiver
from tests.support import configs
from tests.support.redaction import carriers, collector, innocents, unusual
from tests.support.redaction.kinds import KINDS
from tests.support.waiting import eventually

_PROCESSORS = ["transform/texts", "redaction", "transform/redaction"]


def _texts() -> list[str]:
    """Every kind in some carriers, every carrier with some kinds, what is unusual, and innocents."""
    random = Random(7)
    places = [*carriers.NAMED, *carriers.DATABASES, *carriers.BARE]
    texts = []
    for number, kind in enumerate(KINDS):
        value = kind.make(random)
        some = places[number % 11 :: 11]
        texts += [carrier.write(kind.names[0], value) for carrier in some if carrier.takes(value)]
    texts += [text for _, text, _ in unusual.cases()]
    texts += [text for _, text in innocents.texts(random, 1)]
    return [text for text in texts if len(text) < 3_000]


def _request(texts: list[str]) -> bytes:
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    for number, text in enumerate(texts):
        span = spans.add(name=f"case {number}", trace_id=os.urandom(16), span_id=os.urandom(8))
        span.status.message = text
        span.attributes.add(key="note").value.string_value = text
        span.attributes.add(key="exchange.order.id").value.string_value = text
    return bytes(request.SerializeToString())


@pytest.fixture
def redacting(tmp_path: Path) -> Iterator[tuple[httpx.Client, OtlpReceiver]]:
    """The collector with our redaction and nothing else, and what it sends to."""
    processors = configs.load("collector/collector.yaml")["processors"]
    (port,) = free_ports(1)
    receiver = OtlpReceiver()
    config: dict[str, Any] = {
        "receivers": {"otlp": {"protocols": {"http": {"endpoint": f"127.0.0.1:{port}"}}}},
        "processors": {name: processors[name] for name in _PROCESSORS},
        "exporters": {"otlp_http": {"endpoint": receiver.endpoint, "compression": "none"}},
        "service": {
            "telemetry": {"metrics": {"level": "none"}},
            "pipelines": {
                "traces": {"receivers": ["otlp"], "processors": _PROCESSORS, "exporters": ["otlp_http"]}
            },
        },
    }
    config["processors"]["redaction"] |= {"ignored_key_patterns": []}
    file = tmp_path / "collector.yaml"
    file.write_text(yaml.safe_dump(config), encoding="utf-8")
    binaries = Binaries()
    binaries.require(["collector"], Silent())
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen([binaries["botobs-collector"], f"--config={file}"], stderr=log)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as http:
            yield http, receiver
    finally:
        process.terminate()
        process.wait()
        receiver.close()


def test_the_collector_does_what_its_patterns_say(redacting: tuple[httpx.Client, OtlpReceiver]) -> None:
    http, receiver = redacting
    texts = _texts()

    def sent() -> bool:
        try:
            http.post(
                "/v1/traces", content=_request(texts), headers={"content-type": "application/x-protobuf"}
            ).raise_for_status()
        except httpx.TransportError:
            return False
        return True

    eventually(sent)
    receiver.wait_for(lambda: len(receiver.spans) >= len(texts))
    found = {span.name: span for span in receiver.spans}
    for number, text in enumerate(texts):
        span = found[f"case {number}"]
        values = {each.key: each.value.string_value for each in span.attributes}
        assert values["note"] == collector.text(text)
        assert span.status.message == collector.text(text)
        assert values["exchange.order.id"] == text
        assert set(values) == {"note", "exchange.order.id"}
