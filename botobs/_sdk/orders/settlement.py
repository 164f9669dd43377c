"""Reports unsettled orders and their settlements: metrics for the alert, spans for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from opentelemetry import trace
from opentelemetry.metrics import CallbackOptions, Meter, Observation
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, TraceFlags, Tracer

from ...semconv import exchange, orders, trading
from ..safe import never_raise
from .unsettled import UNSETTLED, Unsettled, UnsettledOrder

#: Instrumentation scope of both.
SCOPE = "botobs.orders"


class SettlementTelemetry:
    """Metrics and spans of unsettled orders, from `start` to `stop`.

    Args:
        tracer: Makes the spans.
        report_soon: Has metrics exported before their time, so that the alert is not a whole interval late.
        unsettled: The orders.
    """

    def __init__(
        self, tracer: Tracer, report_soon: Callable[[], None], unsettled: Unsettled = UNSETTLED
    ) -> None:
        self._tracer = tracer
        self._report_soon = report_soon
        self._unsettled = unsettled

    def start(self, meter: Meter) -> None:
        """Create the metrics, and make spans from now on."""
        orders.UNKNOWN.create(meter, [self._unknown])
        orders.SETTLED.create(meter, [self._settled])
        self._unsettled.on_doubt.append(self._doubted)
        self._unsettled.on_settled.append(self._record)

    def stop(self) -> None:
        """Stop making spans."""
        if self._doubted in self._unsettled.on_doubt:
            self._unsettled.on_doubt.remove(self._doubted)
            self._unsettled.on_settled.remove(self._record)

    def _unknown(self, _: CallbackOptions) -> Iterable[Observation]:
        return [Observation(order.unknown_since, _labels(order)) for order in self._unsettled.reported()[0]]

    def _settled(self, _: CallbackOptions) -> Iterable[Observation]:
        return [
            Observation(each.at, {**_labels(each.order), exchange.ORDER_OUTCOME: each.outcome})
            for each in self._unsettled.reported()[1]
        ]

    @never_raise
    def _doubted(self, order: UnsettledOrder) -> None:
        self._span(orders.UNKNOWN_SPAN, order, "unknown")
        self._report_soon()

    @never_raise
    def _record(self, order: UnsettledOrder, outcome: str) -> None:
        self._span(orders.SETTLED_SPAN, order, outcome)
        self._report_soon()

    def _span(self, name: str, order: UnsettledOrder, outcome: str) -> None:
        """Record the settlement as a span without duration in the submission's trace, where people look for it."""
        submission = _submission(order)
        self._tracer.start_span(
            name,
            context=None if submission is None else trace.set_span_in_context(NonRecordingSpan(submission)),
            links=[] if submission is None else [Link(submission)],
            attributes={**_attributes(order), trading.ORDER_OUTCOME: outcome},
        ).end()


def _submission(order: UnsettledOrder) -> SpanContext | None:
    try:
        # Sampled: where only some traces are recorded, orders of unknown outcome are all the same.
        found = SpanContext(
            int(order.trace_id, 16), int(order.span_id, 16), True, TraceFlags(TraceFlags.SAMPLED)
        )
    except ValueError:
        return None
    return found if found.is_valid else None


def _labels(order: UnsettledOrder) -> dict[str, str]:
    bot = {trading.BOT_ID: order.bot} if order.bot else {}
    return {exchange.NAME: order.exchange, orders.ORDER_KEY: order.key, **bot}


def _attributes(order: UnsettledOrder) -> dict[str, str | float]:
    known = {
        trading.ORDER_CLIENT_ID: order.client_order_id or order.known_as,
        trading.ORDER_ID: order.order_id,
        trading.SYMBOL: order.symbol,
        trading.ORDER_SIDE: order.side,
        orders.SUBMISSION_TRACE_ID: order.trace_id,
        orders.SUBMISSION_SPAN_ID: order.span_id,
    }
    found: dict[str, str | float] = {name: value for name, value in known.items() if value}
    return {**_labels(order), **found, orders.SUBMITTED_AT: order.since}
