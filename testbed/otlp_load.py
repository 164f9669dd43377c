"""Numbered OTLP requests, encoded once: a new one is the old bytes with other ids, times and values in their places."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

# Bytes that nothing else in a request contains. Protobuf keeps the width of all that they stand for.
_TRACE = b"\xf1TRACE-ID-HERE\xf2\xf3"
_SPAN = b"\xf4SP\xf5"
_START, _END = b"\xf6START\xf6\xf7", b"\xf6STOP\xf6\xf7\xf7"
_VALUE = b"\xf8VALUE\xf8\xf9"
#: A few large traces are read back sooner than many small ones.
_REQUESTS_OF_A_TRACE = 10


@dataclass(frozen=True, slots=True)
class Request:
    """One export request.

    Attributes:
        number: Of the request within its source, from 1.
        body: Encoded.
    """

    number: int
    body: bytes


class Source(Protocol):
    """Makes requests one after the other."""

    path: str
    service: str
    items: int

    def next(self) -> Request:
        """The next request, of `items` items."""


class Spans:
    """Spans: ten requests are one trace, and every span id of a source is used once.

    Args:
        service: Name of the service that they come from.
        items: Spans a request.
    """

    path = "/v1/traces"

    def __init__(self, service: str, items: int = 200) -> None:
        self.service = service
        self.items = items
        self._run = os.urandom(8)
        self._number = 0
        self._template = self._encode()

    def trace_id(self, number: int) -> bytes:
        """The trace of a request."""
        return self._run + (number // _REQUESTS_OF_A_TRACE).to_bytes(8, "big")

    def span_ids(self, number: int) -> set[bytes]:
        """The spans of a request."""
        return {number.to_bytes(4, "big") + place.to_bytes(4, "big") for place in range(1, self.items + 1)}

    def number_of(self, span_id: bytes) -> int:
        """The request that a span was in."""
        return int.from_bytes(span_id[:4], "big")

    def next(self) -> Request:
        """The next request."""
        self._number += 1
        now = time.time_ns()
        body = (
            self._template.replace(_TRACE, self.trace_id(self._number))
            .replace(_SPAN, self._number.to_bytes(4, "big"))
            .replace(_START, (now - 1_000_000).to_bytes(8, "little"))
            .replace(_END, now.to_bytes(8, "little"))
        )
        return Request(self._number, body)

    def _encode(self) -> bytes:
        request = ExportTraceServiceRequest()
        one = request.resource_spans.add()
        _identify(one, self.service)
        scope = one.scope_spans.add()
        scope.scope.name = "ledger"
        for place in range(1, self.items + 1):
            span = scope.spans.add(
                trace_id=_TRACE,
                span_id=_SPAN + place.to_bytes(4, "big"),
                name="create_order binance",
                kind=3,
                start_time_unix_nano=int.from_bytes(_START, "little"),
                end_time_unix_nano=int.from_bytes(_END, "little"),
            )
            for key, value in (
                ("exchange.name", "binance"),
                ("exchange.client", "ccxt"),
                ("exchange.operation", "create_order"),
                ("exchange.symbol", "BTC/USDT"),
                ("exchange.order.side", "buy"),
                ("exchange.order.type", "limit"),
                ("exchange.order.client_id", f"bot-7-{place}"),
                ("server.address", "api.binance.com"),
            ):
                span.attributes.add(key=key).value.string_value = value
        encoded: bytes = request.SerializeToString()
        return encoded


class Points:
    """Points: each series' value is the number of the request, so that a gap says what is missing.

    Args:
        service: Name of the service that they come from.
        items: Series, each with one point a request.
        sender: Distinguishes sources of one service.
        clock: Seconds since the epoch of each request; without it, the time at which it is made.
    """

    path = "/v1/metrics"
    #: The metric's name at Prometheus.
    metric = "ledger_sequence"

    def __init__(
        self, service: str, items: int = 200, sender: str = "0", clock: Sequence[float] = ()
    ) -> None:
        self.service = service
        self.items = items
        self.sender = sender
        self._clock = clock
        self._number = 0
        self._last = 0
        self._template = self._encode()

    @property
    def selector(self) -> str:
        """The series of this source, in PromQL."""
        return f'{self.metric}{{service_name="{self.service}",sender="{self.sender}"}}'

    def next(self) -> Request:
        """The next request."""
        self._number += 1
        now = int(self._clock[self._number - 1] * 1e9) if self._clock else time.time_ns()
        # Two values of one series within a millisecond would be a mistake of the sender.
        self._last = max(now, self._last + 1_000_000)
        body = self._template.replace(_END, self._last.to_bytes(8, "little")).replace(
            _VALUE, self._number.to_bytes(8, "little")
        )
        return Request(self._number, body)

    def _encode(self) -> bytes:
        request = ExportMetricsServiceRequest()
        one = request.resource_metrics.add()
        _identify(one, self.service)
        scope = one.scope_metrics.add()
        metric = scope.metrics.add(name="ledger.sequence")
        for place in range(self.items):
            point = metric.gauge.data_points.add(
                time_unix_nano=int.from_bytes(_END, "little"),
                as_int=int.from_bytes(_VALUE, "little", signed=True),
            )
            for key, value in (("series", str(place)), ("sender", self.sender)):
                point.attributes.add(key=key).value.string_value = value
        encoded: bytes = request.SerializeToString()
        return encoded


def _identify(one: Any, service: str) -> None:
    for key, value in (("service.name", service), ("service.instance.id", f"{service}-0")):
        one.resource.attributes.add(key=key).value.string_value = value
