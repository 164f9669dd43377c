"""What the intake sends behind the collector's guards is what they would leave as it is, on the real programs."""

from __future__ import annotations

import os
import struct
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest
import yaml
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from botobs._ops.access import clients
from botobs._ops.components import native, ports
from botobs._ops.components.context import Context
from botobs._ops.components.table import BY_NAME
from botobs._ops.home.home import Home
from botobs._ops.programs.binaries import Binaries, Silent
from botobs._ops.settings.values import defaults
from botobs._ops.stack.configuration import render, variables
from botobs._ops.stack.options import Options
from testbed import odd_otlp
from testbed.otlp_load import Points, Spans
from tests.support.intake import PROTOBUF, Collector, Intake
from tests.support.waiting import eventually

_PATHS = {"/v1/traces": "spans", "/v1/metrics": "points"}
_SHORT, _LONG = 1_000, 20_000
#: For the edges of all services.
_FEW_PLACES = {"BOTOBS_COLLECTOR_EDGES": "200", "BOTOBS_SPAN_METRICS_INTERVAL": "500ms"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("untouched"))
    home.create()
    return home


@pytest.fixture(scope="module")
def untouched(home: Home, long: bool) -> list[tuple[str, bytes]]:
    """Path and body of the requests that an intake has sent behind the guards."""
    # Its port is known when it has begun, which needs the intake's secrets.
    environ = {"COLLECTOR_BEHIND_GUARDS_URL": ""}
    found = []
    intake = Intake(home.path, environ=environ)
    with Collector(intake.secrets) as behind:
        environ["COLLECTOR_BEHIND_GUARDS_URL"] = f"https://127.0.0.1:{behind.server.server_address[1]}"
        with intake, intake.client() as http:
            for path, body in _requests(_LONG if long else _SHORT):
                http.post(path, content=body, headers=PROTOBUF)
                found += [(path, each) for each in behind.bodies]
                behind.bodies.clear()
    return found


def _requests(count: int) -> Iterator[tuple[str, bytes]]:
    for source in (Spans("usual", 5), Points("usual", 5)):
        yield source.path, source.next().body
    for seed in range(count):
        yield odd_otlp.nearly_usual(seed, f"nearly-{seed % 5}")


@pytest.fixture(scope="module")
def guarded(home: Home) -> Iterator[tuple[dict[str, str], Path]]:
    """A collector that writes into a folder what comes out behind its guards: its two addresses, and the folder."""
    values = variables(home, ports.choose(["collector", "intake"], True), Options()) | _FEW_PLACES
    render(home, values)
    written = home.path / "written"
    written.mkdir()
    files = {name: f"file/{name}" for name in ("spans", "points", "unsound", "others")}
    pipelines = {
        "traces": [files["spans"], "span_metrics"],
        "metrics/guarded": [files["points"]],
        "metrics/unsound": [files["unsound"], "signal_to_metrics/refused"],
        **{f"metrics/{name}": [files["others"]] for name in ("refused", "host", "spans", "edges")},
    }
    overlay = {
        "exporters": {
            file: {"path": str(written / name), "format": "proto", "flush_interval": "100ms"}
            for name, file in files.items()
        },
        "service": {"pipelines": {name: {"exporters": each} for name, each in pipelines.items()}},
    }
    (home.config / "collector" / "custom.yaml").write_text(yaml.safe_dump(overlay))
    programs = Binaries()
    programs.require(["collector"], Silent())
    context = Context(home, programs, defaults() | values, httpx.AsyncClient())
    process = native.process(context, BY_NAME["collector"])
    addresses = {
        name: f"https://127.0.0.1:{values[f'BOTOBS_COLLECTOR_{name}_PORT']}"
        for name in ("OTLP", "BEHIND_GUARDS", "UNLINKED")
    }
    with (home.logs / "collector.log").open("ab") as log:
        collector = subprocess.Popen(
            process.command, stdout=log, stderr=log, env=os.environ | process.environ
        )
    try:
        yield addresses, written
    finally:
        collector.terminate()
        collector.wait()


def test_usual_requests_need_no_guards(untouched: list[tuple[str, bytes]]) -> None:
    """The first two, and many of the nearly usual ones."""
    assert [path for path, _ in untouched[:2]] == list(_PATHS)
    assert len(untouched) > _SHORT / 5


def test_no_guard_changes_them(
    home: Home, untouched: list[tuple[str, bytes]], guarded: tuple[dict[str, str], Path]
) -> None:
    """What comes out behind the guards is, byte by byte, what comes out of what has not been through them."""
    addresses, written = guarded
    addresses = {name: addresses[name] for name in ("OTLP", "BEHIND_GUARDS")}
    context = clients.ssl_context(home.secrets)
    context.load_cert_chain(home.secrets / "intake.pem", home.secrets / "intake.key")
    with httpx.Client(verify=context, trust_env=False, timeout=60) as http:
        assert eventually(lambda: all(_listens(http, address) for address in addresses.values()))
        taken = [each for each in untouched if _answer(http, addresses, *each) == 200]
    assert len(taken) > 0.9 * len(untouched)
    for path, name in _PATHS.items():
        bodies = [body for each, body in taken if each == path]
        assert eventually(partial(_holds, written / name, 2 * len(bodies)))
        left = _read(written / name)
        changed = [
            body for body, *both in zip(bodies, left[::2], left[1::2], strict=True) if len(set(both)) > 1
        ]
        assert changed == []
    assert _read(written / "unsound") == []


@pytest.mark.parametrize("way", ["behind the guards", "through them", "as JSON"])
def test_calls_without_end_take_no_edge_from_others(
    home: Home, guarded: tuple[dict[str, str], Path], way: str
) -> None:
    """One service makes ten times as many calls as may wait for an answer, and meanwhile another one calls a third."""
    addresses, written = guarded
    environ = {
        "COLLECTOR_URL": addresses["OTLP"],
        "COLLECTOR_BEHIND_GUARDS_URL": addresses["BEHIND_GUARDS"],
        "COLLECTOR_UNLINKED_URL": addresses["UNLINKED"],
    }
    before = len(_read(written / "spans"))
    with (
        Intake(home.path, f"--edges={_FEW_PLACES['BOTOBS_COLLECTOR_EDGES']}", environ=environ) as intake,
        intake.client() as http,
    ):
        assert eventually(lambda: intake.sends(b"") == 200)
        for _ in range(20):
            _send(http, _calls("hog", 100), way)
        asked = _calls(f"asks {way}", 10)
        _send(http, asked, way)
        _send(http, _answered(f"answers {way}", asked), way)
        assert eventually(lambda: _edges(written).get((f"asks {way}", f"answers {way}")) == 10)
        assert intake.figures()["botobs_intake_unlinked_spans_total"] >= 1_800
    # What draws no edge is stored as all is.
    assert eventually(lambda: _count_spans(written, before) == 2_020)


def _calls(service: str, count: int) -> ExportTraceServiceRequest:
    """Calls of which nobody says who answers them."""
    request = ExportTraceServiceRequest()
    owned = request.resource_spans.add()
    for key in ("service.name", "service.instance.id"):
        owned.resource.attributes.add(key=key).value.string_value = service
    spans, now = owned.scope_spans.add().spans, time.time_ns()
    for _ in range(count):
        spans.add(
            name="call", kind=3, trace_id=os.urandom(16), span_id=os.urandom(8),
            start_time_unix_nano=now, end_time_unix_nano=now,
        )  # fmt: skip
    return request


def _answered(service: str, asked: ExportTraceServiceRequest) -> ExportTraceServiceRequest:
    """The answers to calls, of the service that was called."""
    request = _calls(service, 10)
    calls = asked.resource_spans[0].scope_spans[0].spans
    for span, call in zip(request.resource_spans[0].scope_spans[0].spans, calls, strict=True):
        span.kind, span.trace_id, span.parent_span_id = 2, call.trace_id, call.span_id
    return request


def _send(http: httpx.Client, request: ExportTraceServiceRequest, way: str) -> None:
    if way == "as JSON":
        answer = http.post("/v1/traces", json=_json(request))
    else:
        # A span's name of 300 characters is cut by a guard.
        if way == "through them":
            request.resource_spans[0].scope_spans[0].spans[0].name = "long " * 60
        answer = http.post("/v1/traces", content=request.SerializeToString(), headers=PROTOBUF)
    assert answer.status_code == 200, answer.text


def _json(request: ExportTraceServiceRequest) -> dict[str, object]:
    """A request in JSON, in which OTLP writes ids as hexadecimal numbers."""
    [owned] = request.resource_spans
    spans = [
        {
            "name": span.name, "kind": span.kind, "traceId": span.trace_id.hex(), "spanId": span.span_id.hex(),
            "parentSpanId": span.parent_span_id.hex(), "startTimeUnixNano": str(span.start_time_unix_nano),
            "endTimeUnixNano": str(span.end_time_unix_nano),
        }
        for span in owned.scope_spans[0].spans
    ]  # fmt: skip
    attributes = [
        {"key": each.key, "value": {"stringValue": each.value.string_value}}
        for each in owned.resource.attributes
    ]
    scopes = [{"spans": spans}]
    return {"resourceSpans": [{"resource": {"attributes": attributes}, "scopeSpans": scopes}]}


def _count_spans(written: Path, skipped: int) -> int:
    """Spans that were stored, but for the first so many requests."""
    found = [ExportTraceServiceRequest.FromString(body) for body in _read(written / "spans")[skipped:]]
    return sum(
        len(scoped.spans) for one in found for owned in one.resource_spans for scoped in owned.scope_spans
    )


def _edges(written: Path) -> dict[tuple[str, str], int]:
    """How often who has called whom, by what was sent last."""
    found: dict[tuple[str, str], int] = {}
    for body in _read(written / "others"):
        for owned in ExportMetricsServiceRequest.FromString(body).resource_metrics:
            for scoped in owned.scope_metrics:
                for metric in scoped.metrics:
                    if metric.name == "traces_service_graph_request_total":
                        for point in metric.sum.data_points:
                            named = {each.key: each.value.string_value for each in point.attributes}
                            found[named["client"], named["server"]] = point.as_int
    return found


def _answer(http: httpx.Client, addresses: dict[str, str], path: str, body: bytes) -> int:
    """The status of both receivers, which is one: 400 for what is no OTLP, such as an id that is too short."""
    statuses = [
        http.post(address + path, content=body, headers=PROTOBUF).status_code
        for address in addresses.values()
    ]
    assert len(set(statuses)) == 1, statuses
    return statuses[0]


def _listens(http: httpx.Client, address: str) -> bool:
    try:
        return http.get(address).status_code > 0
    except httpx.TransportError:
        return False


def _holds(file: Path, count: int) -> bool:
    return len(_read(file)) >= count


def _read(file: Path) -> list[bytes]:
    """The messages of a file, each behind its length; what is not written wholly yet is left out."""
    content, found = file.read_bytes() if file.is_file() else b"", []
    while len(content) >= 4 and len(content) >= 4 + (length := struct.unpack(">I", content[:4])[0]):
        found.append(content[4 : 4 + length])
        content = content[4 + length :]
    return found
