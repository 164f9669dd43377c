"""Finds the client order ids in what is sent to an exchange.

Client libraries make an id where the caller has given none, some of them only when they sign a request, so that each
attempt has another one. The names are those that ccxt 4.5 (`create_order`, `sign` and `create_orders` of its classes)
and python-binance 1.0 write.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

#: Names that mean a client order id wherever they occur.
_NAMES = (
    "newClientOrderId",
    "newClientStrategyId",
    "clientOrderId",
    "clientOrderID",
    "ClientOrderId",
    "clientAlgoId",
    "clientAlgoOrderId",
    "client_order_id",
    "client-order-id",
    "algo_client_order_id",
    "clOrdId",
    "clOrdID",
    "algoClOrdId",
    "cl_ord_id",
    "clOrderId",
    "ClOrderId",
    "cliOrdId",
    "clientOid",
    "client_oid",
    "orderLinkId",
    "externalOid",
    "cloid",
)
#: Names that mean something else elsewhere, by exchange.
_NAMES_OF: dict[str, tuple[str, ...]] = {
    "backpack": ("clientId",),
    "bitfinex": ("cid",),
    "coinbaseinternational": ("label",),
    "deribit": ("label",),
    "derive": ("label",),
    "gate": ("text",),
    "gateio": ("text",),
    "hyperliquid": ("c",),
    "kraken": ("userref",),
    "lbank": ("custom_id",),
    "lighter": ("client_order_index",),
    "onetrading": ("client_id",),
    "paradex": ("client_id",),
    "tokocrypto": ("clientId",),
    "upbit": ("identifier",),
}
#: Characters of a request that are looked at, and of an id.
_LONGEST_TEXT = 16_384
LONGEST_ID = 128
_DEEPEST = 4
_VALUE = re.compile(rf"[^&#\s]{{1,{3 * LONGEST_ID}}}")


def client_order_ids(exchange: str, sent: Any) -> list[str]:
    """The client order ids in a request, in its order.

    Args:
        exchange: ccxt's id of the exchange.
        sent: The body or the address of a request, as text or bytes, or a message as it is before it becomes JSON.
    """
    if isinstance(sent, bytes | bytearray):
        sent = sent[:_LONGEST_TEXT].decode("utf-8", "replace")
    if isinstance(sent, str):
        sent = sent[:_LONGEST_TEXT]
        if "%22" in sent:
            # JSON within a query, as Binance's batches are sent.
            sent = unquote_plus(sent)
        if '"' not in sent:
            return _in_query(sent, _names(exchange))
        matches = _pattern(exchange).finditer(sent)
        return [(json or unquote_plus(query))[:LONGEST_ID] for json, query in (m.groups() for m in matches)]
    return _inside(sent, _names(exchange), _DEEPEST)


def _in_query(sent: str, names: frozenset[str]) -> list[str]:
    """As `_pattern` finds them, ten times as fast: it runs on the thread that sends the order."""
    address, mark, query = sent.partition("?")
    asked = query if mark and "=" not in address else sent
    parts = [part for part in asked.split("&") if part.partition("=")[0] in names]
    matches = [_VALUE.match(part.partition("=")[2]) for part in parts]
    return [_unquoted(kept[0]) for kept in matches if kept]


def _unquoted(text: str) -> str:
    return (unquote_plus(text) if "%" in text or "+" in text else text)[:LONGEST_ID]


@functools.cache
def _names(exchange: str) -> frozenset[str]:
    return frozenset(_NAMES + _NAMES_OF.get(exchange, ()))


@functools.lru_cache(maxsize=256)
def _pattern(exchange: str) -> re.Pattern[str]:
    names = "|".join(map(re.escape, sorted(_names(exchange))))
    # As JSON, in which a number may be an id too, or as a query.
    return re.compile(
        rf'"(?:{names})"\s{{0,4}}:\s{{0,4}}"?([^"\\,}}\]\s]{{1,{LONGEST_ID}}})'
        rf"|(?:^|[?&])(?:{names})=([^&#\s]{{1,{3 * LONGEST_ID}}})"
    )


def _inside(sent: Any, names: frozenset[str], depth: int) -> list[str]:
    if depth == 0:
        return []
    if isinstance(sent, Mapping):
        found = []
        for key, value in sent.items():
            if key in names and isinstance(value, str | int) and value != "":
                found.append(str(value)[:LONGEST_ID])
            else:
                found += _inside(value, names, depth - 1)
        return found
    if isinstance(sent, list | tuple):
        return [one for item in sent for one in _inside(item, names, depth - 1)]
    return []
