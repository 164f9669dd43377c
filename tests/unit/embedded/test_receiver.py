"""The OTLP receiver of the embedded store, over real sockets."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from botobs._ops.embedded import receiver as module
from botobs._ops.embedded.handover import Progress, hand_over
from botobs._ops.embedded.receiver import Receiver
from botobs._ops.embedded.store import Store
from botobs._sdk.export.sender import Outcome, Sender
from botobs._sdk.settings import Settings, load
from testbed.otlp_receiver import Reply, receiving
from testbed.otlp_requests import Span, traces
from tests.support.waiting import eventually

PROTOBUF = {"Content-Type": "application/x-protobuf"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "store")
    yield made
    made.close()


@pytest.fixture
def receiver(store: Store) -> Iterator[Receiver]:
    made = Receiver(store, path="/known", tokens=lambda: ["right"])
    made.start()
    yield made
    made.stop()


def settings(endpoint: str, token: str = "right") -> Settings:
    return load({"endpoint": endpoint, "token": token}, {})


def post(
    receiver: Receiver, body: bytes, path: str = "/known/v1/traces", **headers: str
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", receiver.port)
    given = {**PROTOBUF, "Authorization": "Bearer right"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    connection.request("POST", path, body, given)
    answer = connection.getresponse()
    read = answer.read()
    connection.close()
    return answer.status, read


def names(store: Store) -> list[str]:
    return [name for (name,) in store.rows("SELECT name FROM spans ORDER BY name")]


def test_what_the_sdk_sends_is_kept(receiver: Receiver, store: Store) -> None:
    sender = Sender(settings(receiver.endpoint))
    for name in ("a", "b"):
        body = traces(Span(name)).SerializeToString()
        assert sender.send("traces", body, 30.0).outcome is Outcome.DELIVERED
    sender.close()
    assert names(store) == ["a", "b"]


def test_json_is_kept_as_the_same(receiver: Receiver, store: Store) -> None:
    span = {"traceId": "0a" * 16, "spanId": "0b" * 8, "name": "j", "kind": 3, "startTimeUnixNano": "5",
            "endTimeUnixNano": "7", "unheardOf": 1}  # fmt: skip
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()
    assert post(receiver, body, Content_Type="application/json; charset=utf-8") == (200, b"{}")
    assert store.rows("SELECT trace_id, span_id, name, end_ns FROM spans") == [
        (b"\x0a" * 16, b"\x0b" * 8, "j", 7)
    ]


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"", {"Authorization": "Bearer wrong"}, 401),
        (b"", {"path": "/v1/traces"}, 404),
        (b"", {"path": "/known/v1/profiles"}, 404),
        (b"", {"Content_Type": "text/plain"}, 415),
        (b"\xff\xff", {}, 400),
        (b"[" * 100_000, {"Content_Type": "application/json"}, 400),
        (b"{}}", {"Content_Type": "application/json"}, 400),
        (b"no gzip", {"Content_Encoding": "gzip"}, 400),
        (gzip.compress(b"0" * 100, mtime=0)[:-5], {"Content_Encoding": "gzip"}, 400),
        (gzip.compress(b"\0" * (module.MAX_REQUEST_BYTES + 1), mtime=0), {"Content_Encoding": "gzip"}, 413),
        (b"", {"Content_Encoding": "br"}, 415),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_wrong_is_refused(
    receiver: Receiver, store: Store, body: bytes, headers: dict[str, str], status: int
) -> None:
    assert post(receiver, body, **headers)[0] == status
    assert post(receiver, traces(Span("after")).SerializeToString())[0] == 200
    assert names(store) == ["after"]


def test_one_that_says_that_it_is_too_large_is_not_read(receiver: Receiver) -> None:
    assert post(receiver, b"", Content_Length=str(module.MAX_REQUEST_BYTES + 1))[0] == 413


def test_a_store_that_cannot_be_written_asks_for_another_try(receiver: Receiver, store: Store) -> None:
    reasons: list[str] = []
    receiver.unkept = reasons.append
    store.rows("ALTER TABLE requests RENAME TO gone")
    assert post(receiver, traces(Span("x")).SerializeToString())[0] == 503
    assert reasons == ["no such table: requests"]


def test_a_request_that_is_under_way_is_kept_when_it_stops(store: Store) -> None:
    receiver = Receiver(store)
    receiver.start()
    body = traces(Span("under way")).SerializeToString()
    server = receiver._server
    idle = socket.create_connection(("127.0.0.1", receiver.port))
    busy = socket.create_connection(("127.0.0.1", receiver.port))
    eventually(lambda: len(server._idle) == 2)
    busy.sendall(
        b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"
        + f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body[:3]
    )
    # It is being read.
    eventually(lambda: len(server._idle) == 1)
    stopping = threading.Thread(target=receiver.stop)
    stopping.start()
    eventually(lambda: server.stopping)
    assert idle.recv(1) == b""
    busy.sendall(body[3:])
    answer = b""
    while piece := busy.recv(4096):
        answer += piece
    stopping.join()
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"Connection: close" in answer
    assert names(store) == ["under way"]
    for connection in (idle, busy):
        connection.close()


def test_everything_is_handed_over_once_through_refusals(store: Store) -> None:
    for number in range(6):
        store.add("traces", traces(Span(f"s{number}")))
    progress, stop = Progress(), threading.Event()
    with receiving() as collector:
        collector.reply = Reply(status=503, headers={"Retry-After": "0"})
        thread = threading.Thread(
            target=hand_over, args=(store, settings(collector.endpoint), 60.0, progress, stop)
        )
        thread.start()
        collector.wait_for(lambda: len(collector.requests) > 1)
        assert progress.problem == "it answered 503 Service Unavailable"
        collector.reply = Reply()
        thread.join()
        assert sorted(span.name for span in collector.spans) == [f"s{number}" for number in range(6)]
        hand_over(store, settings(collector.endpoint), 60.0, progress, stop)
        assert len(collector.spans) == 6
    assert (progress.delivered, progress.problem, store.waiting) == (6, "", 0)


@pytest.mark.parametrize("status", [400, 413])
def test_what_a_collector_never_takes_does_not_hold_up_the_rest(store: Store, status: int) -> None:
    store.add("traces", traces(Span("x")))
    progress = Progress()
    with receiving() as collector:
        collector.reply = Reply(status=status)
        hand_over(store, settings(collector.endpoint), 60.0, progress, threading.Event())
    assert (progress.rejected, store.waiting) == (1, 0)


def test_metrics_that_are_older_than_the_stores_take_stay_here(store: Store) -> None:
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

    request: Any = ExportMetricsServiceRequest()
    request.resource_metrics.add()
    store.add("metrics", request)
    store.rows("UPDATE requests SET received = received - 100")
    store.add("traces", traces(Span("x")))
    progress = Progress()
    with receiving() as collector:
        hand_over(store, settings(collector.endpoint), 60.0, progress, threading.Event())
        assert [each.path for each in collector.requests] == ["/v1/traces"]
    assert (progress.too_old, progress.delivered, store.waiting) == (1, 1, 0)
