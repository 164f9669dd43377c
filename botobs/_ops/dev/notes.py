"""What of a program's telemetry is worth a line while it runs: orders, errors, warnings that it logs."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Container, Hashable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ...semconv import exchange, orders
from ..embedded import otlp
from ..traces.query import SUBMITTING, outcome

_SUBMITTING = re.compile(SUBMITTING)
#: The span that the SDK exports before the response where an order waits longer than 25 ms for it.
_WAITING = "order submitted"
_ORDER_SPANS = {_WAITING: "waiting", orders.UNKNOWN_SPAN: "unknown", orders.SETTLED_SPAN: "settled"}
#: The severity number from which a log record is noted: WARN.
_WARN = 13
#: Traces and orders that are remembered, so that each is printed once.
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Note:
    """One line for the terminal.

    Attributes:
        kind: `order`, `error` or `log`.
        time: Seconds since the epoch.
        service: Name of the service that sent it.
        text: What happened.
        outcome: Of an order: that of its span, such as `accepted` or `unknown`; else `waiting`, `settled`,
            `answered` or `error`. Empty for the others.
        duration: Seconds that it took; None where that says nothing.
        trace_id: Where to look; empty for a log record without a trace.
    """

    kind: str
    time: float
    service: str
    text: str
    outcome: str = ""
    duration: float | None = None
    trace_id: str = ""

    def as_json(self) -> dict[str, Any]:
        """The note as JSON, without empty fields."""
        return {"event": self.kind} | {
            name: value for name, value in asdict(self).items() if name != "kind" and value not in ("", None)
        }


class Notes:
    """Picks them out of requests, each order and each failed trace once."""

    def __init__(self) -> None:
        self._orders = _Remembered()
        self._failed = _Remembered()

    def of(self, signal: str, request: Any) -> Iterator[Note]:
        """Yield the notes on an export request."""
        if signal == "traces":
            spans = list(otlp.spans(request))
            decided = set(_decided(span for _, span in spans))
            for resource, span in spans:
                note = self._of_span(str(resource.get("service.name", "unknown")), span, decided)
                if note is not None:
                    yield note
        elif signal == "logs":
            for resource, record in otlp.log_records(request):
                if record.severity_number >= _WARN:
                    yield _of_record(str(resource.get("service.name", "unknown")), record)

    def _of_span(self, service: str, span: Any, decided: Container[Hashable]) -> Note | None:
        if span.name in _ORDER_SPANS:
            return self._of_order_span(service, span, decided)
        failed = span.status.code == span.status.STATUS_CODE_ERROR
        if _SUBMITTING.fullmatch(span.name):
            # The client's span and the submission's above it are about the same order.
            found = otlp.attributes(span)
            key = _key(span, found)
            # The other one says what the answer means.
            if not _outcome_of(found) and key in decided:
                return None
            if self._orders.new(key):
                if failed:
                    self._failed.new(span.trace_id)
                return _order(service, span, found, outcome(found, failed))
            return None
        # What fails fails its callers too: the first that ends is where it began.
        if not failed or not self._failed.new(span.trace_id):
            return None
        found = otlp.attributes(span)
        reason = span.status.message or str(found.get("error.type", ""))
        return Note(
            "error", span.end_time_unix_nano / 1e9, service, _line(f"{span.name}: {reason}"),
            duration=_seconds(span), trace_id=span.trace_id.hex(),
        )  # fmt: skip

    def _of_order_span(self, service: str, span: Any, decided: Container[Hashable]) -> Note | None:
        found = otlp.attributes(span)
        if span.name == orders.UNKNOWN_SPAN:
            key = _key(span, found)
            # The span of its submission says so too, with the reason.
            if key in self._orders or key in decided:
                return None
        return _order(service, span, found, _ORDER_SPANS[span.name])


class _Remembered:
    def __init__(self) -> None:
        self._keys: OrderedDict[Hashable, None] = OrderedDict()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._keys

    def new(self, key: Hashable) -> bool:
        """Whether it was not there yet; from now on it is."""
        if key in self._keys:
            return False
        self._keys[key] = None
        if len(self._keys) > _REMEMBERED:
            self._keys.popitem(last=False)
        return True


def _decided(spans: Iterable[Any]) -> Iterator[Hashable]:
    """The orders of which a span says what became of them."""
    for span in spans:
        if _SUBMITTING.fullmatch(span.name) and _outcome_of(found := otlp.attributes(span)):
            yield _key(span, found)


def _outcome_of(found: Mapping[str, Any]) -> str:
    said = outcome(found, failed=False)
    return "" if said == "answered" else said


def _key(span: Any, found: Mapping[str, Any]) -> Hashable:
    return span.trace_id, found.get(exchange.ORDER_CLIENT_ID)


def _order(service: str, span: Any, found: Mapping[str, Any], outcome: str) -> Note:
    names = (
        exchange.NAME,
        exchange.SYMBOL,
        exchange.ORDER_SIDE,
        exchange.ORDER_TYPE,
        exchange.ORDER_CLIENT_ID,
    )
    subject = " ".join(str(found[name]) for name in names if found.get(name))
    reason = span.status.message
    length = None if span.name in _ORDER_SPANS else _seconds(span)
    return Note(
        "order", span.end_time_unix_nano / 1e9, service, _line(f"{subject}: {reason}" if reason else subject),
        outcome, length, span.trace_id.hex(),
    )  # fmt: skip


def _of_record(service: str, record: Any) -> Note:
    moment = (record.time_unix_nano or record.observed_time_unix_nano) / 1e9
    text = f"{record.severity_text or 'WARN'} {otlp.plain(record.body)}"
    return Note("log", moment, service, _line(text), trace_id=record.trace_id.hex())


def _seconds(span: Any) -> float:
    return max(0.0, float(span.end_time_unix_nano - span.start_time_unix_nano) / 1e9)


def _line(text: str) -> str:
    """One line, without what would steer a terminal."""
    kept = "".join(each if each.isprintable() else " " for each in text)
    return " ".join(kept.split())[:300]
