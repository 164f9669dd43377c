"""Reads back from the stores every item that was acknowledged, and counts what is missing and what came twice."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import httpx
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from botobs._ops import cli
from testbed.otlp_load import Points, Spans
from testbed.sender import Sender
from testbed.stack import LiveStack
from tests.support.own_metrics import own_series

#: Traces read at the same time.
_READERS = 4


@dataclass(frozen=True)
class Delivery:
    """The end of a ledger.

    Attributes:
        acknowledged: Items that the collector has answered for.
        missing: Those of them that cannot be read back.
        requests: Numbers of the requests that lack something, for whoever wants to know when it was lost.
    """

    acknowledged: int
    missing: int
    requests: frozenset[int] = frozenset()

    def __add__(self, other: Delivery) -> Delivery:
        return Delivery(
            self.acknowledged + other.acknowledged,
            self.missing + other.missing,
            self.requests | other.requests,
        )


class Stack(Protocol):
    """What stored data is read from: a stack, native or in a cluster."""

    def client(self, part: str) -> httpx.Client:
        """An HTTP client for a part, such as `tempo`; close it after use."""


def wait_for_all(live: Stack, sender: Sender, within: float = 120, part: str | None = None) -> Delivery:
    """Read until nothing is missing, or `within` seconds are over.

    Args:
        live: The stack.
        sender: One that has ended.
        within: Seconds for the queues to be sent.
        part: The store; Tempo for spans and Prometheus for points unless it says otherwise.
    """
    deadline = time.monotonic() + within
    total = Delivery(0, 0)
    for source, receipts in zip(sender.sources, sender.acknowledged, strict=True):
        if isinstance(source, Spans):
            total += _spans(live, source, receipts, deadline)
        elif isinstance(source, Points):
            total += _points(live, source, receipts, deadline, part or "prometheus")
    return total


def _spans(live: Stack, source: Spans, receipts: Sequence[int], deadline: float) -> Delivery:
    wanted: dict[bytes, set[bytes]] = {}
    for number in receipts:
        wanted.setdefault(source.trace_id(number), set()).update(source.span_ids(number))
    with live.client("tempo") as http, ThreadPoolExecutor(_READERS) as readers:

        def missing_of(trace_id: bytes) -> set[bytes]:
            return wanted[trace_id] - _stored(http, trace_id)

        incomplete = dict(wanted)
        while True:
            found = list(readers.map(missing_of, incomplete))
            incomplete = {one: missing for one, missing in zip(incomplete, found, strict=True) if missing}
            if not incomplete or time.monotonic() > deadline:
                missing = [span_id for ids in incomplete.values() for span_id in ids]
                requests = frozenset(source.number_of(span_id) for span_id in missing)
                return Delivery(len(receipts) * source.items, len(missing), requests)
            time.sleep(0.5)


def _stored(http: httpx.Client, trace_id: bytes) -> set[bytes]:
    answer = http.get(f"/api/traces/{trace_id.hex()}", headers={"Accept": "application/protobuf"}, timeout=60)
    # A store that has just been started, or is busy, fails for a moment: it is asked again.
    if answer.status_code == 404 or answer.is_server_error:
        return set()
    answer.raise_for_status()
    trace = TracesData.FromString(answer.content)
    return {span.span_id for one in trace.resource_spans for scope in one.scope_spans for span in scope.spans}


def _points(live: Stack, source: Points, receipts: Sequence[int], deadline: float, part: str) -> Delivery:
    wanted = set(receipts)
    with live.client(part) as http:
        while True:
            series = samples(http, source.selector, part)
            found = [{int(float(value)) for _, value in one["values"]} for one in series]
            # A series that nobody has stored lacks all of it.
            missing = sum(len(wanted - values) for values in found)
            missing += len(wanted) * (source.items - len(found))
            if not missing or time.monotonic() > deadline:
                requests = frozenset(
                    number for number in wanted if not all(number in values for values in found)
                )
                return Delivery(len(wanted) * source.items, missing, requests)
            time.sleep(0.5)


def samples(
    http: httpx.Client, selector: str, part: str = "prometheus", last: str = "1h"
) -> list[dict[str, Any]]:
    """Every stored sample of some series, as they are, by a query for a range of raw samples."""
    prefix = "/prometheus" if part == "mimir" else ""
    answer = http.post(f"{prefix}/api/v1/query", data={"query": f"{selector}[{last}]"}, timeout=60)
    # As above.
    if answer.is_server_error:
        return []
    answer.raise_for_status()
    return list(answer.json()["data"]["result"])


def delivered_spans(live: Stack) -> int:
    """Spans that Tempo was sent since it started, those that came twice included."""
    with live.client("tempo") as http:
        return int(sum(own_series(http, "tempo_distributor_spans_received_total")))


def accounts(
    live: LiveStack, capsys: pytest.CaptureFixture[str], last: str = "10m"
) -> tuple[int, dict[str, Any]]:
    """What `botobs ledger` answers: its exit code, and the accounts by service."""
    code = cli.main(["ledger", "--home", str(live.home.path), "--last", last, "--json"])
    found = json.loads(capsys.readouterr().out)
    # An object says why it cannot tell.
    assert isinstance(found, list), found
    return code, {account["service"]: account for account in found}
