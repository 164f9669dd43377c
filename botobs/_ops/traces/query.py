"""Builds TraceQL from what a person asks for."""

from __future__ import annotations

import re

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(?<![\d.])(\d++(?:\.\d++)?)(ms|s|m|h|d)")


def parse_duration(text: str) -> float:
    """Seconds of `150ms`, `2s`, `15m`, `1h` or `7d`.

    Raises:
        ValueError: `text` is none of these.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a duration; write it like 150ms, 2s, 15m, 1h or 7d")
    return float(match[1]) * _UNITS[match[2]]


def quote(text: str) -> str:
    """`text` as a TraceQL string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def build_query(
    service: str | None = None,
    min_duration: float | None = None,
    error: bool = False,
    order: str | None = None,
) -> str:
    """TraceQL for traces that meet all of the conditions.

    Args:
        service: Name of a service that took part.
        min_duration: Seconds that the whole trace took at least.
        error: One of its spans failed.
        order: Client order id, or the exchange's order id, on one of its spans.
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
    return " && ".join(parts) or "{ }"
