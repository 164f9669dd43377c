"""Orders of unknown outcome, and what became of them.

An order that is unknown is a series with the time at which it was found to be so; its settlement is another with the
time of that. It is unsettled while the first time is later than the second, or there is no second. Whoever settles it,
in whichever process, the two meet by the order's key, and saying it twice changes nothing.
"""

from __future__ import annotations

from . import exchange, trading
from ._model import Metric, declared_in

#: A hash of exchange and client order id, 16 hexadecimal digits; of what else is known where there is no such id.
ORDER_KEY = "botobs.order.key"
#: Of the submission that the span is about.
SUBMISSION_TRACE_ID = "botobs.order.submission.trace_id"
SUBMISSION_SPAN_ID = "botobs.order.submission.span_id"
#: When the order was submitted, in seconds since the epoch.
SUBMITTED_AT = "botobs.order.submitted.timestamp"

#: Names of the spans.
UNKNOWN_SPAN = "order unknown"
SETTLED_SPAN = "order settled"

#: What both carry, apart from what spans of orders carry anyway.
SPAN_ATTRIBUTES: tuple[str, ...] = (ORDER_KEY, SUBMISSION_TRACE_ID, SUBMISSION_SPAN_ID, SUBMITTED_AT)

UNKNOWN = Metric(
    name="botobs.order.unknown.timestamp",
    kind="observable_gauge",
    unit="s",
    description=(
        "When the outcome of an order was found to be unknown, in seconds since the epoch: a series for each order "
        "that is unsettled, of at most 1,000 orders a process. It ends when the order is settled; until then the "
        "service's next process on the same host goes on with it."
    ),
    attributes=(exchange.NAME, trading.BOT_ID, ORDER_KEY),
)
SETTLED = Metric(
    name="botobs.order.settled.timestamp",
    kind="observable_gauge",
    unit="s",
    description=(
        "When it was found out what became of an order of unknown outcome, in seconds since the epoch: reported for an "
        "hour. Outcomes: accepted, rejected, failed, filled, canceled, expired."
    ),
    attributes=(exchange.NAME, trading.BOT_ID, ORDER_KEY, exchange.ORDER_OUTCOME),
)

UNSETTLED = Metric(
    name="botobs.orders.unsettled",
    kind="observable_gauge",
    unit="{order}",
    description=(
        "Orders of unknown outcome that this process knows of, its own and those that it took over from ended "
        "processes of its service; 0 where it knows of none. They may be settled elsewhere: what counts is "
        "`botobs.order.settled.timestamp`."
    ),
)

METRICS = declared_in(globals())
