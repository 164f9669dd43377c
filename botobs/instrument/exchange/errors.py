"""Error classes of exchange clients, in words that are the same for every exchange.

Classes are compared by name along their bases: ccxt need not be imported, and the classes moved between its versions.
The message of an exception is never read: ccxt puts the signed URL into it.
"""

from __future__ import annotations

import asyncio
from typing import Literal

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
    for base in type(error).__mro__:
        found = CATEGORIES.get(base.__name__)
        if found == "clock" and transport == "ws":
            return "sequence"
        if found is not None:
            return found
    return "internal"


#: A refusal: the exchange has seen the request and has not taken it.
_REFUSED = frozenset({"rate_limit", "ban", "clock", "maintenance"})
#: The answer is missing or unreadable: the order may exist.
_UNANSWERED = frozenset({"timeout", "network", "unavailable", "bad_response", "cancelled", "internal"})


def submit_outcome(error: BaseException, sent: bool, status: int | None) -> str:
    """What became of an order whose submission raised `error`.

    Args:
        error: As it left the client library.
        sent: The request had been handed to the network.
        status: HTTP status of the answer, if there was one.

    Returns:
        `failed` when it never left, `rejected` when the exchange refused it, `unknown` when nobody can tell.
    """
    if not sent or _never_connected(error):
        return "failed"
    kind = category(error, status=status)
    if kind in _REFUSED or (status is not None and 400 <= status < 500):
        return "rejected"
    if kind in _UNANSWERED:
        return "unknown"
    return "rejected"


def _never_connected(error: BaseException) -> bool:
    """Whether the connection was not even made, by the causes of the exception."""
    names = {
        "ClientConnectorError",
        "NewConnectionError",
        "ConnectTimeout",
        "gaierror",
        "ConnectionRefusedError",
    }
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        if any(base.__name__ in names for base in type(cause).__mro__):
            return True
        reason = getattr(cause, "reason", None) or next(
            (a for a in cause.args if isinstance(a, Exception)), None
        )
        cause = (
            cause.__cause__ or (reason if isinstance(reason, BaseException) else None) or cause.__context__
        )
    return False


def is_cancellation(error: BaseException) -> bool:
    """Whether the caller gave up, as opposed to the call having failed."""
    return isinstance(error, asyncio.CancelledError | GeneratorExit | KeyboardInterrupt | SystemExit)
