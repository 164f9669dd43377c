"""Trading engine: orders by exchange, how fast they are answered, and the process that sends them."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from botobs.semconv import exchange, runtime, trading

from . import known_orders, recorded
from .board import Row, board
from .colours import OUTCOMES
from .panels import Query, Sized, graph, latency, number
from .promql import NOT_REPORTED, Queries

_q = Queries(("environment", "service", "exchange"))
_EXCHANGE = (trading.EXCHANGE_NAME,)
_OUTCOME = (trading.ORDER_OUTCOME,)


def build() -> Dashboard:
    """The dashboard."""
    return board(
        "botobs-trading-engine",
        "Trading engine",
        "Do orders reach the exchanges, how fast, and what becomes of them? Is the process that sends them well?",
        _q.variables,
        [
            Row("Orders now", _now()),
            Row("Orders over time", _orders()),
            Row("How fast", _speed()),
            Row("The process", _process()),
        ],
    )


def _now() -> list[Sized]:
    def outcome(title: str, name: str, description: str, bad: float | None = None) -> Sized:
        return number(title, description, "short", known_orders.total(_q, name), bad=bad, absent=NOT_REPORTED)

    return [
        number(
            "Submitted",
            "Orders sent within the time range, each once.",
            "short",
            known_orders.total(_q, "submitted"),
            uid="botobs-orders",
            absent=NOT_REPORTED,
        ),
        outcome("Filled", "filled", "Orders that were filled completely within the time range."),
        outcome("Canceled", "canceled", "Orders that were canceled within the time range."),
        outcome("Rejected", "rejected", "Orders that exchanges refused within the time range."),
        outcome("Unknown", "unknown", "Orders of which nobody knows whether the exchange took them.", bad=1),
        number(
            "In flight",
            "Orders that were sent and have no answer yet.",
            "short",
            known_orders.in_flight(_q),
            absent=NOT_REPORTED,
        ),
    ]


def _orders() -> list[Sized]:
    submitted = f"sum by (exchange_name) ({_q.select(recorded.ORDERS_SUBMITTED)})"
    rejected = f"sum by (exchange_name) ({_q.select(recorded.ORDERS_REJECTED)})"
    return [
        graph(
            "Submitted, by exchange",
            "Orders per second, by exchange. Silence while bots run is an alert.",
            "ops",
            [Query(known_orders.submitted_rate(_q), "{{exchange_name}}")],
            stack=True,
        ),
        graph(
            "Outcomes",
            "What became of orders, counted one by one.",
            "short",
            [
                Query(_q.events(trading.ORDERS, _OUTCOME), "{{botobs_order_outcome}}"),
                Query(known_orders.seen_outcomes(_q), "{{exchange_order_outcome}}, as clients see it"),
            ],
            bars=True,
            colours=OUTCOMES | {f"{name}, as clients see it": colour for name, colour in OUTCOMES.items()},
        ),
        graph(
            "Rejected of the submitted",
            "Part of the orders that exchanges refuse, over two minutes.",
            "percentunit",
            [Query(f"({rejected} or 0 * {submitted}) / ({submitted} > 0)", "{{exchange_name}}")],
            limits=recorded.ORDER_REJECT_RATIO,
        ),
        graph(
            "Decisions by outcome",
            "`ordered`; `refused` by a risk check; `passed`, when no order was wanted; `error`.",
            "ops",
            [
                Query(
                    _q.rate(trading.DECISIONS, (trading.DECISION_OUTCOME,), all_of="exchange"),
                    "{{botobs_decision_outcome}}",
                )
            ],
            stack=True,
        ),
        graph(
            "In flight, by exchange",
            "Orders that were sent and have no answer yet.",
            "short",
            [
                Query(
                    f"{_q.latest(trading.IN_FLIGHT, _EXCHANGE, how='sum')} or on (exchange_name) "
                    f"{_q.latest(exchange.ORDERS_IN_FLIGHT, _EXCHANGE, how='sum')}",
                    "{{exchange_name}}",
                )
            ],
        ),
        graph(
            "Oldest in flight",
            "Age of the oldest order without an answer. Client libraries give up after ten seconds.",
            "s",
            [
                Query(
                    f"{_q.latest(trading.OLDEST_IN_FLIGHT, _EXCHANGE)} or on (exchange_name) "
                    f"{_q.latest(exchange.ORDERS_OLDEST_AGE, _EXCHANGE)}",
                    "{{exchange_name}}",
                )
            ],
            limits=recorded.ORDER_IN_FLIGHT,
        ),
    ]


def _speed() -> list[Sized]:
    return [
        latency(
            "Decision to answer",
            "From the begin of a decision to the exchange's answer. Points are exemplars: a click opens the trace.",
            _q,
            trading.DECISION_TO_ACK,
            limits=recorded.ORDER_ACK,
        ),
        latency(
            "Decision to answer, by exchange",
            "The 95th percentile.",
            _q,
            trading.DECISION_TO_ACK,
            by=_EXCHANGE,
            legend="{{exchange_name}}",
            limits=recorded.ORDER_ACK,
        ),
        latency(
            "Answer to fill",
            "From the exchange's answer to the complete fill: limit orders wait until somebody takes them.",
            _q,
            trading.FILL_DURATION,
            by=(trading.ORDER_TYPE,),
            legend="{{exchange_order_type}}",
        ),
    ]


def _process() -> list[Sized]:
    service = ("service.name",)
    return [
        graph(
            "Event loop lag p99",
            "How late what is due is run. From the line on time-outs fire that should not.",
            "s",
            [Query(_q.quantile(0.99, runtime.EVENT_LOOP_LAG, service), "{{service_name}}")],
            limits=recorded.EVENT_LOOP_LAG,
        ),
        graph(
            "Tasks",
            "Unfinished tasks of the event loops. Growing without end is a leak.",
            "short",
            [Query(_q.latest(runtime.EVENT_LOOP_TASKS, service, how="sum"), "{{service_name}}")],
        ),
        graph(
            "CPU",
            "CPU seconds per second; 1 is a core, and a Python process seldom uses more.",
            "short",
            [Query(_q.rate(runtime.CPU_TIME, service), "{{service_name}}")],
        ),
    ]
