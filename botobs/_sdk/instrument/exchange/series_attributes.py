"""The attributes by which calls, requests and orders are counted and timed: few, and the same again and again."""

from __future__ import annotations

import functools

from ....semconv import exchange as semconv
from ...engine.constant import ConstantAttributes

#: Sets of attributes of each kind that are remembered.
_MOST = 1024


@functools.lru_cache(maxsize=_MOST)
def of_client(exchange: str, client: str) -> ConstantAttributes:
    """Those of all that a client does at an exchange."""
    return ConstantAttributes({semconv.NAME: exchange, semconv.CLIENT: client})


@functools.lru_cache(maxsize=_MOST)
def of_operation(exchange: str, client: str, operation: str, error: str) -> ConstantAttributes:
    """Those of a call; `error` is empty for one that went well."""
    known = {**of_client(exchange, client), semconv.OPERATION: operation}
    return ConstantAttributes(known | ({semconv.ERROR_TYPE: error} if error else {}))


@functools.lru_cache(maxsize=_MOST)
def of_spender(exchange: str, client: str, operation: str, account: str) -> ConstantAttributes:
    """Those of the requests of a call; `account` is empty where it is not known."""
    known = of_operation(exchange, client, operation, "")
    return ConstantAttributes(known | ({semconv.ACCOUNT: account} if account else {}))


@functools.lru_cache(maxsize=_MOST)
def of_request(
    exchange: str, client: str, api: str, method: str, status: int | None, error: str
) -> ConstantAttributes:
    """Those of a request; `status` is None where there was no response, `error` empty where nothing was raised."""
    known: dict[str, str | int] = {
        **of_client(exchange, client),
        semconv.API: api,
        semconv.HTTP_METHOD: method,
    }
    if status is not None:
        known[semconv.HTTP_STATUS] = status
    if error:
        known[semconv.ERROR_TYPE] = error
    return ConstantAttributes(known)


@functools.lru_cache(maxsize=_MOST)
def of_orders(exchange: str, client: str, outcome: str) -> ConstantAttributes:
    """Those of orders; `outcome` is empty where it is not distinguished."""
    known = of_client(exchange, client)
    return ConstantAttributes(known | ({semconv.ORDER_OUTCOME: outcome} if outcome else {}))


@functools.lru_cache(maxsize=_MOST)
def of_submission(
    exchange: str, client: str, side: str, kind: str, transport: str, outcome: str
) -> ConstantAttributes:
    """Those of a call that submits orders."""
    return ConstantAttributes(
        {
            **of_client(exchange, client),
            semconv.ORDER_SIDE: side,
            semconv.ORDER_TYPE: kind,
            semconv.ORDER_TRANSPORT: transport,
            semconv.ORDER_OUTCOME: outcome,
        }
    )
