"""Keeps the number of series of a metric bounded.

Every combination of attribute values is a series, which stays in this process and in the stores. So attributes whose
values never repeat, such as an order's id, are removed from measurements (here), and a metric has a limited number of
series; measurements of further ones go to one overflow series (each engine's `series` module).
https://opentelemetry.io/docs/specs/otel/metrics/sdk/#cardinality-limits
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..safe import Log

logger = Log("botobs")

#: The attributes of the overflow series.
OVERFLOW: dict[str, bool] = {"otel.metric.overflow": True}

#: Last words of attribute names whose values never repeat. Ids of bots, hosts or pools are few, and allowed.
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

#: Keys whose result is cached, and pairs of metric and key that are warned about.
_REMEMBERED = 1000


def names_one_of_many(key: str) -> bool:
    """Whether an attribute of this name has a new value for every order, trade, request, user or moment.

    `client_order_id`, `clientOrderId`, `exchange.order.client_id` and `order.id` are; `botobs.bot.id` is not.
    """
    words = tuple(word.lower() for word in _WORDS.findall(key))
    return any(words[-len(refused) :] == refused for refused in _REFUSED)


class AttributeGuard:
    """Removes attributes from measurements whose values never repeat.

    Safe to use from several threads: a race may lose a count.

    Attributes:
        refused: Attributes removed so far.
    """

    def __init__(self) -> None:
        self._refused_keys: dict[str, bool] = {}
        self._warned: set[tuple[str, str]] = set()
        self.refused = 0

    def without_refused(self, metric: str, attributes: Mapping[str, object]) -> Mapping[str, object]:
        """`attributes` without those whose values never repeat, which are counted; the same object without any."""
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

    def forget(self) -> None:
        """Count from zero, as a forked child does."""
        self.refused = 0

    def _refuses(self, key: str) -> bool:
        refused = self._refused_keys.get(key)
        if refused is None:
            refused = names_one_of_many(key)
            if len(self._refused_keys) < _REMEMBERED:
                self._refused_keys[key] = refused
        return refused

    def _warn(self, metric: str, key: str, message: str) -> None:
        if (metric, key) not in self._warned and len(self._warned) < _REMEMBERED:
            self._warned.add((metric, key))
            logger.warning("%s", message)
