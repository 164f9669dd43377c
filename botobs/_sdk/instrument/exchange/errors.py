"""Error classes of exchange clients, in words that are the same for every exchange.

Classes are compared by name along their bases: ccxt need not be imported, and the classes moved between its versions.
The message of an exception is never read: ccxt puts the signed URL into it.
"""

from __future__ import annotations

import asyncio
from typing import Literal

from ...orders import ccxt_class

Transport = Literal["rest", "ws"]

#: Category by class name. An exception gets the category of the first of its bases that is listed.
CATEGORIES: dict[str, str] = {
    "AccountSuspended": "auth",
    "AuthenticationError": "auth",
    "PermissionDenied": "auth",
    "InsufficientFunds": "funds",
    "BadSymbol": "symbol",
    "MarketClosed": "symbol",
    "ContractUnavailable": "symbol",
    "InvalidOrder": "order",
    "OperationRejected": "order",
    "CancelPending": "order",
    "ArgumentsRequired": "request",
    "BadRequest": "request",
    "InvalidAddress": "request",
    "InvalidProxySettings": "request",
    "NotSupported": "unsupported",
    "RateLimitExceeded": "rate_limit",
    "DDoSProtection": "rate_limit",
    "OnMaintenance": "maintenance",
    "ExchangeNotAvailable": "unavailable",
    "RequestTimeout": "timeout",
    "TimeoutError": "timeout",
    "InvalidNonce": "clock",
    "ChecksumError": "checksum",
    "BadResponse": "bad_response",
    "UnsubscribeError": "unsubscribed",
    "ExchangeClosedByUser": "closed",
    "NetworkError": "network",
    "OSError": "network",
    "ClientError": "network",
    "BinanceRequestException": "bad_response",
    "BinanceOrderException": "order",
    "BinanceWebsocketUnableToConnect": "network",
    "DuplicateOrderId": "order",
    "OrderImmediatelyFillable": "order",
    "OrderNotFillable": "order",
    "OrderNotFound": "order",
    "AccountNotEnabled": "auth",
    "ExchangeError": "exchange",
    "BaseError": "exchange",
    "CancelledError": "cancelled",
}

#: What an HTTP status says more exactly than the class; 418 is how Binance bans an address.
_STATUS_CATEGORIES = {418: "ban", 429: "rate_limit"}

_MAXIMUM_LENGTH = 64


def error_type(error: BaseException) -> str:
    """The exception's class name, which is all of it that may leave the process."""
    return type(error).__name__[:_MAXIMUM_LENGTH]


def category(error: BaseException, transport: Transport = "rest", status: int | None = None) -> str:
    """What kind of failure `error` is.

    Args:
        error: As it left the client library.
        transport: A wrong nonce is a clock error in a request, and a gap in a stream.
        status: HTTP status of the answer, if there was one.

    Returns:
        A word from `CATEGORIES`, `ban`, `sequence`, or `internal` for an error that is not the exchange's.
    """
    if status in _STATUS_CATEGORIES:
        return _STATUS_CATEGORIES[status]
    for name in _by_code(error) or [base.__name__ for base in type(error).__mro__]:
        found = CATEGORIES.get(name)
        if found == "clock" and transport == "ws":
            return "sequence"
        if found is not None:
            return found
    return "internal"


def _by_code(error: BaseException) -> list[str]:
    """ccxt's class for a code of Binance's, where the client has one exception for all of them."""
    if type(error).__name__ != "BinanceAPIException":
        return []
    # Among the codes that ccxt lacks are none of a class that matters here.
    return [ccxt_class("binance", str(getattr(error, "code", ""))) or "ExchangeError", "ExchangeError"]


def is_cancellation(error: BaseException) -> bool:
    """Whether the caller gave up, as opposed to the call having failed."""
    return isinstance(error, asyncio.CancelledError | GeneratorExit | KeyboardInterrupt | SystemExit)
