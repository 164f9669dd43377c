"""An order of unknown outcome, from what the service has reported of it and what a watched client has seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from opentelemetry import trace
from opentelemetry.trace import SpanContext

from .._sdk.orders import UnsettledOrder
from ..semconv import trading as names


def unsettled_order(
    key: tuple[str, str],
    attributes: Mapping[str, str],
    bot_id: str | None,
    submission: SpanContext | None,
    seen: UnsettledOrder | None,
) -> UnsettledOrder:
    """Build the unsettled order that is remembered.

    Args:
        key: Exchange and client order id.
        attributes: What spans of the order carry.
        bot_id: The bot's, where it is known.
        submission: The span in which it was sent.
        seen: What a watched client has sent for it, perhaps under another id.
    """
    exchange, own = key
    known = seen or UnsettledOrder(exchange)
    sent_as = known.client_order_id or own
    trace_id, span_id = known.trace_id, known.span_id
    if not trace_id and submission is not None and submission.is_valid:
        trace_id = trace.format_trace_id(submission.trace_id)
        span_id = trace.format_span_id(submission.span_id)
    return replace(
        known,
        client_order_id=sent_as,
        known_as="" if sent_as == own else own,
        order_id=known.order_id or attributes.get(names.ORDER_ID, ""),
        symbol=known.symbol or attributes.get(names.SYMBOL, ""),
        side=known.side or attributes.get(names.ORDER_SIDE, ""),
        bot=known.bot or bot_id or "",
        trace_id=trace_id,
        span_id=span_id,
    )
