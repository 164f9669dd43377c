"""Orders: how many get how far, and where the time goes."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from botobs.semconv import database, exchange, runtime, trading
from botobs.semconv import orders as order_names

from . import known_orders, recorded
from .board import Row, board
from .colours import OUTCOMES
from .panels import Query, Sized, bars, graph, latency, number, traces
from .promql import NOT_REPORTED, Queries

_q = Queries(("environment", "service", "exchange", "bot"))
_STAGES = ("decided", "submitted", "acknowledged", "filled")
_CREATE = {exchange.OPERATION: "create_order"}


def build() -> Dashboard:
    """The dashboard."""
    return board(
        "botobs-orders",
        "Orders",
        "How many orders get from the decision to the fill, what stops the others, and where does the time go?",
        _q.variables,
        [
            Row("From decision to fill", _funnel()),
            Row("Where the time goes", _time()),
            Row("As the exchange clients see it", _clients()),
            Row("Compared with the exchange", _reconciled()),
            Row("Orders to look at", _examples()),
        ],
    )


def _funnel() -> list[Sized]:
    ends = ("partially_filled", "canceled", "expired", "rejected", "failed", "unknown")
    return [
        bars(
            "Funnel",
            "Orders that reached each stage within the time range, each order once a stage.",
            "short",
            [Query(known_orders.stage(_q, name), name) for name in _STAGES],
            absent=NOT_REPORTED,
        ),
        bars(
            "What else became of them",
            "Orders within the time range that were filled in part, or ended otherwise.",
            "short",
            [Query(known_orders.stage(_q, name), name.replace("_", " ")) for name in ends],
            absent=NOT_REPORTED,
        ),
        graph(
            "Stages over time",
            "Orders that reached each stage, counted one by one.",
            "short",
            [Query(_q.events(trading.ORDER_STAGES, (trading.ORDER_STAGE,)), "{{botobs_order_stage}}")],
            bars=True,
        ),
    ]


def _time() -> list[Sized]:
    answer = _q.mean(trading.DECISION_TO_ACK)
    call = _q.mean(exchange.OPERATION_DURATION, where=_CREATE)
    return [
        graph(
            "Mean time from decision to answer, in its parts",
            "Risk checks, writing the order down and everything else before the call; then the call itself, with its "
            "wait in the rate limiter, the network and the exchange. Means add up, quantiles do not.",
            "s",
            [
                Query(f"clamp_min({answer} - {call}, 0)", "before the call"),
                Query(call, "call to the exchange"),
            ],
            stack=True,
        ),
        graph(
            "What a call is made of",
            "Means of all calls: the wait in the client's own rate limiter, and requests over network and exchange. "
            "What is left of a call is the client library.",
            "s",
            [
                Query(call, "call that creates an order"),
                Query(_q.mean(exchange.THROTTLE_WAITED), "wait in the rate limiter"),
                Query(
                    _q.mean(exchange.REQUEST_DURATION, where={exchange.API: "private"}),
                    "network and exchange",
                ),
            ],
        ),
        graph(
            "What holds the process up",
            "Means of the database's part and of the event loop's lag. Both delay decisions and answers alike.",
            "s",
            [
                Query(_q.mean(database.OPERATION_DURATION), "statement"),
                Query(_q.mean(database.CONNECTION_WAIT_TIME), "wait for a connection"),
                Query(_q.mean(runtime.EVENT_LOOP_LAG), "event loop lag"),
            ],
        ),
        latency(
            "Decision to answer",
            "Points are exemplars: a click opens the trace of that order.",
            _q,
            trading.DECISION_TO_ACK,
            limits=recorded.ORDER_ACK,
        ),
        latency(
            "Call that creates an order",
            "As the caller sees it: rate limiter, network, exchange, client library.",
            _q,
            exchange.OPERATION_DURATION,
            where=_CREATE,
        ),
        latency(
            "Answer to complete fill",
            "By exchange, the 95th percentile.",
            _q,
            trading.FILL_DURATION,
            by=(trading.EXCHANGE_NAME,),
            legend="{{exchange_name}}",
        ),
    ]


def _clients() -> list[Sized]:
    return [
        graph(
            "Unsettled",
            "Orders of unknown outcome, by service and bot, until each of them is settled.",
            "short",
            [
                Query(
                    f"sum by (service_name, botobs_bot_id) ({_q.select(recorded.ORDERS_UNSETTLED)})",
                    "{{service_name}} {{botobs_bot_id}}",
                )
            ],
        ),
        graph(
            "Submissions by outcome",
            "Requests that create orders, as the clients' instrumentation counts them: one sent twice counts twice.",
            "short",
            [Query(_q.events(exchange.ORDERS, (exchange.ORDER_OUTCOME,)), "{{exchange_order_outcome}}")],
            bars=True,
            colours=OUTCOMES,
        ),
        latency(
            "Submission, by side and type",
            "From the call to the exchange's answer, the 95th percentile.",
            _q,
            exchange.ORDER_SUBMIT_DURATION,
            by=(exchange.ORDER_SIDE, exchange.ORDER_TYPE),
            legend="{{exchange_order_side}} {{exchange_order_type}}",
        ),
        graph(
            "Cancellation, first fill, end",
            "The 95th percentiles: of the call that cancels, and from the answer to the first fill and to the end.",
            "s",
            [
                Query(_q.quantile(0.95, exchange.ORDER_CANCEL_DURATION), "cancel"),
                Query(_q.quantile(0.95, exchange.ORDER_FIRST_FILL_DURATION), "first fill"),
                Query(_q.quantile(0.95, exchange.ORDER_DONE_DURATION), "end"),
            ],
        ),
        number(
            "Oldest order without an answer",
            "As the clients' instrumentation sees it.",
            "s",
            _q.latest(exchange.ORDERS_OLDEST_AGE),
            threshold=recorded.ORDER_IN_FLIGHT,
            absent=NOT_REPORTED,
            width=8,
        ),
    ]


def _reconciled() -> list[Sized]:
    since = f"time() - {_q.latest(trading.RECONCILE_LAST, how='min')}"
    return [
        graph(
            "Orders that one side does not know",
            "What `botobs.trading.reconcile` finds. Orphaned: in the account, and not the service's. Ghost: open to "
            "the service, and not to the exchange. No line where nothing is compared.",
            "short",
            [
                Query(
                    _q.latest(trading.ORDERS_ORPHANED, (trading.EXCHANGE_NAME,)), "orphaned {{exchange_name}}"
                ),
                Query(_q.latest(trading.ORDERS_GHOST, (trading.EXCHANGE_NAME,)), "ghost {{exchange_name}}"),
            ],
        ),
        number(
            "Largest drift of a position",
            "Difference of the reported position and the exchange's, divided by the larger of the two. Empty where no "
            "position is reported or compared.",
            "percentunit",
            _q.latest(trading.POSITION_DRIFT),
            threshold=recorded.POSITION_DRIFT,
            width=4,
        ),
        number(
            "Last comparison",
            "Time since the account was last compared, of the exchange where it is longest ago. Empty where none is.",
            "s",
            since,
            width=4,
        ),
        graph(
            "Comparisons",
            "By what became of them: limited, banned and skipped ones leave an exchange's limits to the bots.",
            "short",
            [
                Query(
                    _q.events(trading.RECONCILE_LOOKS, (trading.RECONCILE_OUTCOME,)),
                    "{{botobs_reconcile_outcome}}",
                )
            ],
            bars=True,
        ),
    ]


def _examples() -> list[Sized]:
    of = 'resource.deployment.environment.name =~ "$environment"'
    return [
        traces(
            "Orders of unknown outcome",
            "Each order of which nobody knew whether the exchange took it, settled since or not, in the trace that "
            "sent it. `botobs orders` leaves out those that are settled.",
            f'{{ {of} && name = "{order_names.UNKNOWN_SPAN}" && span.{exchange.NAME} =~ "$exchange" }}',
        ),
        traces(
            "Slow orders",
            "Calls that create an order and take longer than 100 ms. Each trace shows what came before the call.",
            f'{{ {of} && name =~ "create_order .*" && span.{exchange.NAME} =~ "$exchange" && duration > 100ms }}',
        ),
        traces(
            "Failed orders",
            "Calls that create an order and failed, for whatever reason.",
            f'{{ {of} && name =~ "create_order .*" && span.{exchange.NAME} =~ "$exchange" && status = error }}',
        ),
        traces(
            "Orders and positions that do not agree with the exchange",
            "One a finding of `botobs.trading.reconcile`, with the ids of the order.",
            f'{{ {of} && name =~ "order orphaned|order ghost|position drift" && span.{exchange.NAME} =~ "$exchange" }}',
        ),
    ]
