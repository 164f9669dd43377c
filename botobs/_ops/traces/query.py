"""Builds TraceQL from what a person asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...semconv import exchange, trading
from ..shown import in_query

#: Names of the spans that end with the answer to an order, as a regular expression.
SUBMITTING = "order submit|(create|edit)_orders?(_ws)? .+"


def outcome(found: Mapping[str, Any], failed: bool) -> str:
    """What became of an order.

    Args:
        found: Attributes of a span that ends with the answer to it, or of several.
        failed: Whether that call failed.
    """
    names = (exchange.ORDER_OUTCOME, trading.ORDER_OUTCOME, trading.ORDER_STAGE)
    outcome = next((found[name] for name in names if found.get(name)), None)
    # By a library's instrumentation that knows nothing of orders.
    return str(outcome) if outcome else "error" if failed else "answered"


def quote(text: str) -> str:
    """`text` as a TraceQL string."""
    return f'"{in_query(text)}"'


def newest(query: str) -> str:
    """The query with a hint that Tempo finds the newest traces, where its limit would take any that it meets first.

    https://grafana.com/docs/tempo/latest/traceql/construct-traceql-queries/#retrieving-most-recent-results-experimental
    """
    return query if re.search(r"\bwith\s*\(", query) else f"{query} with (most_recent=true)"


def build_query(
    service: str | None = None,
    min_duration: float | None = None,
    error: bool = False,
    order: str | None = None,
    bot: str | None = None,
) -> str:
    """TraceQL for traces that meet all of the conditions.

    Args:
        service: Name of a service that took part.
        min_duration: Seconds that the whole trace took at least.
        error: One of its spans failed.
        order: Client order id, or the exchange's order id, on one of its spans.
        bot: Id of a bot, on one of its spans.
    """
    parts = []
    if service is not None:
        parts.append(f"{{ resource.service.name = {quote(service)} }}")
    if min_duration is not None:
        parts.append(f"{{ traceDuration >= {round(min_duration * 1e6)}us }}")
    if error:
        parts.append("{ status = error }")
    if order is not None:
        names = ("exchange.order.client_id", "exchange.order.id")
        parts.append("{ " + " || ".join(f"span.{name} = {quote(order)}" for name in names) + " }")
    if bot is not None:
        parts.append(f"{{ span.{trading.BOT_ID} = {quote(bot)} }}")
    return " && ".join(parts) or "{ }"
