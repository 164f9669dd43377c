"""Attributes of measurements: which become labels, and under which names; keeps the number of series bounded.

Every combination of attribute values is a series, which stays in this process and in the stores. So attributes whose
values never repeat, such as an order's id, are removed from measurements (here), and a metric has a limited number of
series; measurements of further ones go to one overflow series (each engine's `series` module).
https://opentelemetry.io/docs/specs/otel/metrics/sdk/#cardinality-limits

Prometheus spells every character of a name that is no ASCII letter or digit as an underscore. Names in other scripts
would become one, and a label of underscores alone is refused with its whole request: they are escaped (`label_name`).
Names of labels that say whose a series is, such as `job`, are given a prefix: they would be replaced, or replace these.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..safe import Log, caller, head

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

#: What Prometheus stores of a name without taking it for another's.
_PLAIN = re.compile(r"(?!U__)(?=[\x00-\x7f]*[A-Za-z0-9])[\x00-\x7f]+")
_ESCAPED = re.compile(r"[^A-Za-z0-9]")
#: Labels that say whose a series is, which come from the resource: collector/collector.yaml, `transform/labels`.
_RESERVED = re.compile(
    r"job|instance|__name__|service[^A-Za-z0-9]+(?:name|namespace|version|instance[^A-Za-z0-9]+id)"
    r"|deployment[^A-Za-z0-9]+environment[^A-Za-z0-9]+name|host[^A-Za-z0-9]+name|collector[^A-Za-z0-9]+instance[^A-Za-z0-9]+id"
)

#: Keys whose result is cached, and pairs of metric and key that are warned about.
_REMEMBERED = 1000
#: Characters of a key that is remembered; of a longer one the last words are looked at.
_LONGEST = 1000


def names_one_of_many(key: str) -> bool:
    """Whether an attribute of this name has a new value for every order, trade, request, user or moment.

    `client_order_id`, `clientOrderId`, `exchange.order.client_id` and `order.id` are; `botobs.bot.id` is not.
    """
    words = tuple(word.lower() for word in _WORDS.findall(key[-_LONGEST:]))
    return any(words[-len(refused) :] == refused for refused in _REFUSED)


def label_name(key: str) -> str:
    """`key`, or its escaped form where Prometheus would refuse it or confuse it with another.

    The form is the one that Prometheus uses itself, and can be reversed: `U__`, then letters and digits as they are, an
    underscore as two, and any other character as its code point in hexadecimal digits between underscores.
    https://prometheus.io/docs/instrumenting/escaping_schemes/

    A label that says whose a series is gets the prefix that Prometheus gives it when it scrapes: `exported.job`.
    """
    if _RESERVED.fullmatch(key):
        return f"exported.{key}"
    if _PLAIN.fullmatch(key):
        return key
    return "U__" + _ESCAPED.sub(lambda one: "__" if one[0] == "_" else f"_{ord(one[0]):x}_", key)


class AttributeGuard:
    """Removes attributes from measurements whose values never repeat, and escapes names that Prometheus would refuse.

    Safe to use from several threads: a race may lose a count.

    Attributes:
        refused: Attributes removed so far.
    """

    def __init__(self) -> None:
        self._names: dict[str, str | None] = {}
        self._warned: set[tuple[str, str]] = set()
        self.refused = 0

    def without_refused(self, metric: str, attributes: Mapping[str, object]) -> Mapping[str, object]:
        """`attributes` under their label names, without refused ones; the same object if nothing changes.

        Those whose values never repeat are removed and counted.
        """
        changed = {key: name for key in attributes if (name := self._name(key)) != key}
        if not changed:
            return attributes
        for key, name in changed.items():
            key = head(key, _LONGEST)
            if name is None:
                self.refused += 1
                self._warn(
                    metric,
                    key,
                    f"{metric} is recorded without its attribute {key!r}, which would make a series of every value; "
                    "put it on a span or in a log",
                )
            else:
                why = (
                    "the other says whose the series is"
                    if name.startswith("exported.")
                    else "Prometheus takes ASCII letters and digits in names"
                )
                self._warn(
                    metric, key, f"{metric} is recorded with its attribute {key!r} as the label {name}: {why}"
                )
        return {
            name: value for key, value in attributes.items() if (name := changed.get(key, key)) is not None
        }

    def forget(self) -> None:
        """Count from zero, as a forked child does."""
        self.refused = 0

    def _name(self, key: str) -> str | None:
        """What an attribute is called as a label; None for one that is removed."""
        try:
            return self._names[key]
        except KeyError:
            name = None if names_one_of_many(key) else label_name(key)
            if len(self._names) < _REMEMBERED and len(key) <= _LONGEST:
                self._names[key] = name
            return name

    def _warn(self, metric: str, key: str, message: str) -> None:
        if (metric, key) not in self._warned and len(self._warned) < _REMEMBERED:
            self._warned.add((metric, key))
            logger.warning("%s%s", head(message, 3 * _LONGEST), caller())
