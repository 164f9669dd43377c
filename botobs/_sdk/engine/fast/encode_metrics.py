"""OTLP metric requests written straight to bytes.

The field numbers are those of opentelemetry/proto/metrics/v1/metrics.proto. A series keeps its encoded attributes, so
that a collection writes little more than numbers.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from struct import Struct

from ...safe import class_name, fits_int64
from ...turns import in_turns
from ..callbacks import Observations
from ..faults import FAULTS
from .cells import MOST, Exemplar, GaugeCell, HistogramCell, SumCell
from .encode_attributes import AttributeEncoder, Redacted
from .encode_spans import SpanEncoder
from .instruments import (
    FastCounter,
    FastGauge,
    FastHistogram,
    FastInstrument,
    FastObservable,
    FastObservableCounter,
    FastObservableGauge,
)
from .meter import MeterProvider
from .wire import double, fixed64, sized, text

_signed64 = Struct("<q").pack
_CUMULATIVE = b"\x10\x02"
_MONOTONIC = b"\x18\x01"


def _number(value: float, as_double: bytes, as_int: bytes) -> bytes:
    if isinstance(value, int) and fits_int64(value):
        return as_int + _signed64(value)
    # A whole number with more digits than OTLP has, such as an amount in wei, becomes the nearest double.
    return as_double + double(min(max(value, -MOST), MOST) if isinstance(value, int) else value)


def _now() -> bytes:
    return b"\x19" + fixed64(time.time_ns())


def _exemplar(exemplar: Exemplar) -> bytes:
    value, when, trace_id, span_id = exemplar
    body = b"\x11" + fixed64(when) + _number(value, b"\x19", b"\x31")
    return body + b"\x22\x08" + span_id.to_bytes(8, "big") + b"\x2a\x10" + trace_id.to_bytes(16, "big")


class MetricEncoder:
    """Collects and encodes the metrics of one engine.

    Args:
        spans: Encodes resources and scopes, redacted.
    """

    def __init__(self, spans: SpanEncoder) -> None:
        self._spans = spans
        self._attributes = AttributeEncoder(Redacted(spans.redactor), None)
        self._observations: Observations = {}
        self._generation = spans.generation
        self._is_stale = False

    def encode(self, provider: MeterProvider, observations: Observations) -> bytes | None:
        """An `ExportMetricsServiceRequest`, or `None` if there is no metric yet.

        Args:
            provider: Whose metrics.
            answers: What the callbacks of observable instruments have observed.
        """
        self._spans.renew()
        self._attributes.renew()
        self._is_stale = self._generation != self._spans.generation
        self._generation = self._spans.generation
        scopes = b""
        self._observations = observations
        for meter in provider.meters():
            metrics = b"".join(map(self._metric, in_turns(meter.instruments())))
            if metrics:
                schema = meter.scope.schema_url
                body = b"\x0a" + sized(self._spans.scope(meter.scope)) + metrics
                scopes += b"\x12" + sized(body + (b"\x1a" + text(schema) if schema else b""))
        if not scopes:
            return None
        resource = provider.resource
        body = b"\x0a" + sized(self._spans.resource(resource)) + scopes
        return b"\x0a" + sized(body + (b"\x1a" + text(resource.schema_url) if resource.schema_url else b""))

    def _metric(self, instrument: FastInstrument) -> bytes:
        try:
            return self._encoded(instrument)
        except Exception as error:
            FAULTS.lose(instrument.name, "%s cannot be encoded: %s", instrument.name, class_name(type(error)))
            return b""

    def _encoded(self, instrument: FastInstrument) -> bytes:
        data = self._data(instrument)
        if not data:
            return b""
        name = b"\x0a" + self._spans.text(instrument.name)
        description = b"\x12" + self._spans.text(instrument.description) if instrument.description else b""
        unit = b"\x1a" + self._spans.text(instrument.unit) if instrument.unit else b""
        return b"\x12" + sized(name + description + unit + data)

    def _data(self, instrument: FastInstrument) -> bytes:
        """The field of the metric's data, empty if there is none."""
        if isinstance(instrument, FastHistogram):
            now = _now()
            points = [
                self._histogram_point(cell, now, instrument.bounds)
                for cell in in_turns(instrument.series.cells())
            ]
            return b"\x4a" + sized(b"".join(points) + _CUMULATIVE) if points else b""
        if isinstance(instrument, FastObservable):
            observed = instrument.observed(self._observations)
            is_gauge = isinstance(instrument, FastObservableGauge)
        else:
            observed = [
                (cell, value) for cell in instrument.series.cells() if (value := cell.value) is not None
            ]
            is_gauge = isinstance(instrument, FastGauge)
        if not observed:
            return b""
        now = _now()
        points = [self._number_point(cell, value, now, is_gauge) for cell, value in in_turns(observed)]
        if is_gauge:
            return b"\x2a" + sized(b"".join(points))
        monotonic = isinstance(instrument, FastCounter | FastObservableCounter)
        return b"\x3a" + sized(b"".join(points) + _CUMULATIVE + (_MONOTONIC if monotonic else b""))

    def _number_point(self, cell: SumCell | GaugeCell, value: float, now: bytes, is_gauge: bool) -> bytes:
        head = None if self._is_stale else cell.head
        if head is None:
            pairs = self._attributes.encode(cell.attributes)
            head = b"".join(b"\x3a" + pair for pair in pairs) + (
                b"" if is_gauge else b"\x11" + fixed64(cell.start)
            )
            cell.head = head
        body = head + now + _number(value, b"\x21", b"\x31") + self._exemplars(cell.take_exemplars(), b"\x2a")
        return b"\x0a" + sized(body)

    def _histogram_point(self, cell: HistogramCell, now: bytes, bounds: Sequence[float]) -> bytes:
        head = None if self._is_stale else cell.head
        if head is None:
            pairs = self._attributes.encode(cell.attributes)
            head = b"".join(b"\x4a" + pair for pair in pairs) + b"\x11" + fixed64(cell.start)
            head += b"\x3a" + sized(Struct(f"<{len(bounds)}d").pack(*bounds)) if bounds else b""
            cell.head = head
        counts, total, low, high = cell.snapshot()
        count = sum(counts)
        body = head + now + b"\x21" + fixed64(count) + b"\x29" + double(total)
        body += b"\x32" + sized(Struct(f"<{len(counts)}Q").pack(*counts))
        if count:
            body += b"\x59" + double(low) + b"\x61" + double(high)
        return b"\x0a" + sized(body + self._exemplars(cell.take_exemplars(), b"\x42"))

    @staticmethod
    def _exemplars(exemplars: list[Exemplar], tag: bytes) -> bytes:
        return b"".join(tag + sized(_exemplar(exemplar)) for exemplar in exemplars)
