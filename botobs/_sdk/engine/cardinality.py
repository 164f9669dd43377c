"""Keeps metrics from growing without end.

Every combination of attribute values is a series that lives in this process and in the stores for as long as they do.
Two things are done about it: attributes that name one thing among endlessly many, such as an order's id, are taken off
measurements, and a metric has only so many series, after which further ones are summed up in one.
https://opentelemetry.io/docs/specs/otel/metrics/sdk/#cardinality-limits
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping

from ..safe import Log

logger = Log("botobs")

#: The attributes of the one series that stands for all beyond the limit.
OVERFLOW: dict[str, bool] = {"otel.metric.overflow": True}

#: Last words of names that never repeat their values. Ids of bots, hosts, pools and the like are few, and welcome.
_REFUSED = tuple(
    tuple(name.split("_"))
    for name in (
        "order_id",
        "order_ids",
        "order_client_id",
        "client_order_id",
        "client_oid",
        "cl_ord_id",
        "order_link_id",
        "trade_id",
        "fill_id",
        "deal_id",
        "execution_id",
        "transaction_id",
        "user_id",
        "enduser_id",
        "customer_id",
        "session_id",
        "request_id",
        "message_id",
        "correlation_id",
        "trace_id",
        "span_id",
        "email",
        "uuid",
        "nonce",
        "timestamp",
        "url_full",
        "url_query",
        "query_text",
        "client_address",
    )
)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

#: Keys whose verdict is remembered, and keys and metrics that are warned about one by one.
_REMEMBERED = 1000


def names_one_of_many(key: str) -> bool:
    """Whether an attribute of this name has a new value for every order, trade, request, user or moment.

    `client_order_id`, `clientOrderId`, `exchange.order.client_id` and `order.id` are; `botobs.bot.id` is not.
    """
    words = tuple(word.lower() for word in _WORDS.findall(key))
    return any(words[-len(refused) :] == refused for refused in _REFUSED)


class AttributeGuard:
    """Filters the attributes of measurements.

    Safe to use from several threads: what they may lose is an occasional count.

    Args:
        series_limit: Series of one metric, the overflow series included.

    Attributes:
        refused: Attributes taken off so far.
        overflowed: Measurements sent to an overflow series so far.
    """

    def __init__(self, series_limit: int = 2000) -> None:
        self._limit = series_limit
        self._series: dict[str, set[Hashable]] = {}
        self._verdicts: dict[str, bool] = {}
        self._warned: set[tuple[str, str]] = set()
        self.refused = 0
        self.overflowed = 0

    def filter(self, metric: str, attributes: Mapping[str, object]) -> Mapping[str, object]:
        """The attributes under which a measurement is to be recorded: these, fewer, or `OVERFLOW`."""
        attributes = self.without_refused(metric, attributes)
        return attributes if self.admits(metric, frozenset(attributes.items())) else OVERFLOW

    def without_refused(self, metric: str, attributes: Mapping[str, object]) -> Mapping[str, object]:
        """`attributes` without those that name one thing among many; the same object if there are none."""
        refused = [key for key in attributes if self._refuses(key)]
        if not refused:
            return attributes
        self.refused += len(refused)
        for key in refused:
            self._warn(
                metric,
                key,
                f"{metric} is recorded without its attribute {key!r}, which would make a series of every value; "
                "put it on a span or in a log",
            )
        return {key: value for key, value in attributes.items() if key not in refused}

    def admits(self, metric: str, series: Hashable) -> bool:
        """Whether `metric` has this series, or room for it; for callers that keep series in a form of their own."""
        known = self._series.setdefault(metric, set())
        if series in known:
            return True
        if len(known) >= self._limit - 1:
            self.overflowed += 1
            self._warn(
                metric, "", f"{metric} has more than {self._limit} series: further ones are summed up in one"
            )
            return False
        known.add(series)
        return True

    def forget(self) -> None:
        """Begin anew, as the aggregations of a process that was forked do."""
        self._series = {}
        self.refused = self.overflowed = 0

    def _refuses(self, key: str) -> bool:
        verdict = self._verdicts.get(key)
        if verdict is None:
            verdict = names_one_of_many(key)
            if len(self._verdicts) < _REMEMBERED:
                self._verdicts[key] = verdict
        return verdict

    def _warn(self, metric: str, key: str, message: str) -> None:
        if (metric, key) not in self._warned and len(self._warned) < _REMEMBERED:
            self._warned.add((metric, key))
            logger.warning("%s", message)
