"""Reads unsettled orders out of Tempo, where each is a span, and out of Prometheus, which counts them for the alert.

Where no backend runs, both come from the spans of the embedded store.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, Protocol

import httpx

from ..._sdk.orders import order_key
from ...semconv import exchange, orders, trading
from ..errors import UserError
from ..prometheus import PrometheusClient, PrometheusError
from ..traces import EmbeddedTraces, Found, TempoClient
from ..traces.query import SUBMITTING, quote
from ._listing import Counted, Listing, Order

#: Seconds for which orders are named: as long as Tempo keeps traces by default.
NAMED_FOR = 14 * 86400.0
_DAY = 86400.0
#: Orders of one day that are named.
_MOST = 5000
_ENVIRONMENT = "deployment.environment.name"
_SELECTED = (
    "resource.service.name",
    f"resource.{_ENVIRONMENT}",
    *(
        f"span.{name}"
        for name in (
            exchange.NAME,
            exchange.ORDER_CLIENT_ID,
            exchange.ORDER_ID,
            exchange.SYMBOL,
            exchange.ORDER_SIDE,
            trading.BOT_ID,
            orders.ORDER_KEY,
            orders.SUBMISSION_SPAN_ID,
            orders.SUBMITTED_AT,
        )
    ),
)
#: A submission without a span below it that says that it was submitted; that one is exported before the response.
_OPEN = f'{{ name =~ "{SUBMITTING}" }} !> {{ name = "order submitted" }}'


#: Orders that are asked for with one query: its address must not get too long.
_ASKED_AT_ONCE = 100


def _answered(client_order_ids: Sequence[str]) -> str:
    """TraceQL of the submissions of these orders that have ended."""
    names = "|".join(map(re.escape, client_order_ids))
    return f'{{ name =~ "{SUBMITTING}" && span.{exchange.ORDER_CLIENT_ID} =~ {quote(names)} }}'


def _client_ids(spans: Sequence[Found]) -> list[str]:
    ids = (span.attributes.get(exchange.ORDER_CLIENT_ID) for span in spans)
    return sorted({str(each) for each in ids if each})


class OrderSpans(Protocol):
    """Where spans about orders are: Tempo, or the embedded store."""

    def named(self, name: str, begin: float, end: float) -> list[Found]:
        """The spans with a name that began in a time, in seconds since the epoch."""

    def unanswered(self, begin: float, end: float) -> list[Found]:
        """The spans `order submitted` within a time whose parent span has not ended yet."""


class _InTempo:
    def __init__(self, tempo: TempoClient) -> None:
        self._tempo = tempo

    def named(self, name: str, begin: float, end: float) -> list[Found]:
        return self._spans(f"{{ name = {quote(name)} }}", begin, end)

    def unanswered(self, begin: float, end: float) -> list[Found]:
        open_ = self._spans(_OPEN, begin, end)
        # Tempo compares spans of one file only, and for some minutes a trace that goes on for longer than
        # `trace_idle_period` is in several: those that are answered are asked for once more, by name.
        ids = _client_ids(open_)
        answered = {
            (span.trace_id, span.attributes.get(exchange.ORDER_CLIENT_ID))
            for first in range(0, len(ids), _ASKED_AT_ONCE)
            for span in self._spans(_answered(ids[first : first + _ASKED_AT_ONCE]), begin, end)
        }
        return [
            span
            for span in open_
            if (span.trace_id, span.attributes.get(exchange.ORDER_CLIENT_ID)) not in answered
        ]

    def _spans(self, query: str, begin: float, end: float) -> list[Found]:
        return self._tempo.spans(f"{query} | select({', '.join(_SELECTED)})", begin, end, _MOST)


def read(
    tempo: httpx.Client | None,
    prometheus: httpx.Client | None,
    last: float,
    now: float | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Listing:
    """List the orders that are unsettled.

    Args:
        tempo: A client with its address; None where it does not run.
        prometheus: The same for Prometheus.
        last: Seconds to look back for orders that are named.
        now: Seconds since the epoch; now by default.
        progress: Called with what is being done.
    """
    moment = time.time() if now is None else now
    problems: list[str] = []
    named: list[Order] | None = None
    counted: list[Counted] | None = None
    if tempo is None:
        problems.append("no Tempo runs, so no order can be named")
    else:
        try:
            named = _named(_InTempo(TempoClient(tempo)), last, moment, progress)
        except UserError as error:
            problems.append(str(error))
    if prometheus is None:
        problems.append("no Prometheus runs, so it is not known how many there are")
    else:
        progress("counting")
        try:
            counted = _counted(prometheus)
        except PrometheusError as error:
            problems.append(f"it is not known how many there are: {error.problem}")
    return Listing(named, counted, problems, moment)


def read_embedded(store: EmbeddedTraces, last: float, now: float | None = None) -> Listing:
    """The same from the embedded store, which has no alert: what is counted there are the orders that it names.

    Args:
        store: It.
        last: Seconds to look back.
        now: Seconds since the epoch; now by default.
    """
    moment = time.time() if now is None else now
    named = _named(store, last, moment, lambda _: None)
    counted = Counter((each.service, each.exchange, each.bot) for each in named if each.state == "unknown")
    return Listing(named, [Counted(*who, orders) for who, orders in sorted(counted.items())], (), moment)


def _named(source: OrderSpans, last: float, now: float, progress: Callable[[str], None]) -> list[Order]:
    found: dict[str, Order] = {}
    settled: dict[str, float] = {}
    unknown: dict[str, float] = {}
    for begin, end in _days(now - last, now):
        progress(f"looking through the traces of {time.strftime('%d %B', time.localtime(begin))}")
        for span in source.named(orders.SETTLED_SPAN, begin, end):
            key = str(span.attributes.get(orders.ORDER_KEY, ""))
            settled[key] = max(span.start_ns / 1e9, settled.get(key, 0.0))
        for span in source.named(orders.UNKNOWN_SPAN, begin, end):
            order = _order("unknown", span)
            unknown[order.key] = max(span.start_ns / 1e9, unknown.get(order.key, 0.0))
            found[order.key] = order
        for span in source.unanswered(begin, end):
            order = _order("open", span)
            unknown.setdefault(order.key, order.submitted)
            found.setdefault(order.key, order)
    left = [order for key, order in found.items() if settled.get(key, 0.0) < unknown[key]]
    return sorted(left, key=lambda order: order.submitted)


def _days(begin: float, end: float) -> Iterator[tuple[float, float]]:
    """The newest first, so that what is looked at longest is looked at last."""
    while end > begin:
        yield max(begin, end - _DAY), end
        end -= _DAY


def _order(state: Literal["unknown", "open"], span: Found) -> Order:
    def text(name: str) -> str:
        return str(span.attributes.get(name) or "")

    submitted = span.attributes.get(orders.SUBMITTED_AT)
    venue, client_id, exchange_id = (
        text(exchange.NAME),
        text(exchange.ORDER_CLIENT_ID),
        text(exchange.ORDER_ID),
    )
    return Order(
        state,
        text(orders.ORDER_KEY) or order_key(venue, client_id, exchange_id) or span.span_id,
        venue,
        client_id,
        exchange_id,
        text(exchange.SYMBOL),
        text(exchange.ORDER_SIDE),
        text("service.name"),
        text(_ENVIRONMENT),
        text(trading.BOT_ID),
        span.trace_id,
        text(orders.SUBMISSION_SPAN_ID) or span.span_id,
        float(submitted) if isinstance(submitted, int | float) else span.start_ns / 1e9,
    )


def _counted(prometheus: httpx.Client) -> list[Counted]:
    by = "sum by (service_name, exchange_name, botobs_bot_id)"
    return [
        Counted(
            each.labels.get("service_name", ""),
            each.labels.get("exchange_name", ""),
            each.labels.get("botobs_bot_id", ""),
            round(each.value),
        )
        for each in PrometheusClient(prometheus).samples(f"{by} (bot:orders_unsettled:count)")
    ]
