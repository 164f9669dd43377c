"""Orders as services report them, and where they do not, as their clients' instrumentation sees them.

A service of one line, `botobs.init()`, tells nothing of orders by itself; its clients are seen. What neither tells is
not reported, which is no zero.
"""

from __future__ import annotations

from botobs.semconv import Metric, exchange, trading

from . import recorded
from .promql import Queries, reported_or_seen, zero_where

_SERVICE = ("service.name",)
#: What clients' instrumentation calls the stages and outcomes that services report.
_SEEN = {
    "submitted": "=~accepted|rejected|unknown",
    "acknowledged": "accepted",
    **{name: name for name in ("filled", "canceled", "expired", "rejected", "failed", "unknown")},
}


def reported(q: Queries) -> str:
    """Something where any order was reported within the time range, nothing where nobody has."""
    by_service, seen = q.select(trading.ORDERS_SUBMITTED), q.select(exchange.ORDERS)
    return f"count(last_over_time({by_service}[$__range])) or count(last_over_time({seen}[$__range]))"


def total(q: Queries, outcome: str) -> str:
    """Orders of an outcome, or those that were submitted, within the time range, each counted once."""
    metric, where = _counted(outcome)
    by_service = q.total(metric, _SERVICE, where)
    return zero_where(reported(q), reported_or_seen(by_service, _seen_total(q, outcome)))


def stage(q: Queries, name: str) -> str:
    """Orders that reached a stage within the time range; clients see those alone that they have an outcome for."""
    by_service = q.total(trading.ORDER_STAGES, _SERVICE, {trading.ORDER_STAGE: name})
    if name not in _SEEN:
        return zero_where(
            f"count(last_over_time({q.select(trading.ORDER_STAGES)}[$__range]))", f"sum({by_service})"
        )
    return zero_where(reported(q), reported_or_seen(by_service, _seen_total(q, name)))


def in_flight(q: Queries) -> str:
    """Orders that were sent and have no answer yet."""
    return reported_or_seen(
        q.latest(trading.IN_FLIGHT, _SERVICE, how="sum"),
        q.latest(exchange.ORDERS_IN_FLIGHT, _SERVICE, how="sum"),
    )


def submitted_rate(q: Queries) -> str:
    """Orders a second, by exchange."""
    sent = {exchange.ORDER_OUTCOME: _SEEN["submitted"]}
    by_service, seen = (
        q.rate(trading.ORDERS_SUBMITTED, (trading.EXCHANGE_NAME,)),
        q.rate(exchange.ORDERS, (exchange.NAME,), sent),
    )
    return f"{by_service} or on (exchange_name) {seen}"


def seen_outcomes(q: Queries) -> str:
    """Orders by outcome, counted one by one, of the services that tell nothing of orders by themselves."""
    seen = q.events(exchange.ORDERS, (*_SERVICE, exchange.ORDER_OUTCOME))
    by_service = f"last_over_time({q.select(trading.ORDERS_SUBMITTED)}[$__range])"
    return f"sum by (exchange_order_outcome) (({seen}) unless on (service_name) {by_service})"


def unsettled(q: Queries) -> str:
    """Orders of unknown outcome that nobody has settled yet."""
    return zero_where(reported(q), f"sum({q.select(recorded.ORDERS_UNSETTLED)})")


def _seen_total(q: Queries, name: str) -> str:
    return q.total(exchange.ORDERS, _SERVICE, {exchange.ORDER_OUTCOME: _SEEN[name]})


def _counted(outcome: str) -> tuple[Metric, dict[str, str]]:
    if outcome == "submitted":
        return trading.ORDERS_SUBMITTED, {}
    return trading.ORDERS, {trading.ORDER_OUTCOME: outcome}
