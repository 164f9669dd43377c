"""Orders at exchanges."""

from __future__ import annotations

from .._model import Metric
from ._attributes import CLIENT, ERROR_TYPE, NAME, ORDER_OUTCOME, ORDER_SIDE, ORDER_TRANSPORT, ORDER_TYPE

_WHO = (NAME, CLIENT)

#: Boundaries, in seconds, from an order to its fill: market orders at one end, patient limit orders at the other.
FILL_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)

ORDER_SUBMIT_DURATION = Metric(
    "exchange.order.submit.duration",
    "histogram",
    "s",
    "From the call that creates an order to the exchange's answer.",
    (*_WHO, ORDER_SIDE, ORDER_TYPE, ORDER_TRANSPORT, ORDER_OUTCOME),
)
ORDER_CANCEL_DURATION = Metric(
    "exchange.order.cancel.duration",
    "histogram",
    "s",
    "From the call that cancels an order to the exchange's answer.",
    (*_WHO, ORDER_TRANSPORT, ERROR_TYPE),
)
ORDER_FIRST_FILL_DURATION = Metric(
    "exchange.order.first_fill.duration",
    "histogram",
    "s",
    "From the exchange's answer to the first fill, where the application watches its orders.",
    _WHO,
    FILL_BUCKETS,
)
ORDER_DONE_DURATION = Metric(
    "exchange.order.done.duration",
    "histogram",
    "s",
    "From the exchange's answer to the order's end, where the application watches its orders.",
    (*_WHO, ORDER_OUTCOME),
    FILL_BUCKETS,
)
ORDERS = Metric(
    "exchange.orders",
    "counter",
    "{order}",
    "Orders by outcome: of the submission, and of the order where the application watches its orders.",
    (*_WHO, ORDER_OUTCOME),
)
ORDERS_REJECTED_BURST = Metric(
    "exchange.orders.rejected.burst",
    "observable_gauge",
    "{order}",
    "Orders rejected within ten seconds, while they are three at least and half of those answered; absent otherwise.",
    (NAME,),
)
ORDERS_IN_FLIGHT = Metric(
    "exchange.orders.in_flight",
    "observable_updowncounter",
    "{order}",
    "Orders submitted and not answered yet.",
    _WHO,
)
ORDERS_OLDEST_AGE = Metric(
    "exchange.orders.oldest_in_flight.age", "observable_gauge", "s", "Age of the oldest of them.", _WHO
)
