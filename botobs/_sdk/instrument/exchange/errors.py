"""Error classes of exchange clients, in words that are the same for every exchange.

Classes are compared by name along their bases: ccxt need not be imported, and the classes moved between its versions.
The message of an exception is never read: ccxt puts the signed URL into it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Literal

from ...orders import ccxt_class, codes_in, messages_in

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
    "TimeoutException": "timeout",
    "Timeout": "timeout",
    "InvalidNonce": "clock",
    "ChecksumError": "checksum",
    "BadResponse": "bad_response",
    "UnsubscribeError": "unsubscribed",
    "ExchangeClosedByUser": "closed",
    "NetworkError": "network",
    "PermissionError": "auth",
    "OSError": "network",
    "TransportError": "network",
    "ClientError": "network",
    "BinanceRequestException": "bad_response",
    "BinanceOrderException": "order",
    "BinanceWebsocketUnableToConnect": "network",
    "DuplicateOrderId": "order",
    "OrderImmediatelyFillable": "order",
    "OrderNotFillable": "order",
    "OrderNotFound": "order",
    "AccountNotEnabled": "auth",
    "APIError": "exchange",
    "ExchangeError": "exchange",
    "FailedRequestError": "exchange",
    "InvalidRequestError": "exchange",
    "RestError": "exchange",
    "ServerError": "unavailable",
    "BaseError": "exchange",
    "CancelledError": "cancelled",
    # What client libraries find wrong before they send.
    "OkxParamsException": "request",
    "ParameterArgumentError": "request",
    "ParameterRequiredError": "request",
    "ParameterTypeError": "request",
    "ParameterValueError": "request",
    "RequiredError": "request",
}

#: What an HTTP status says where neither a code nor a class says more.
_STATUSES = {
    400: "request",
    401: "auth",
    403: "auth",
    404: "request",
    408: "timeout",
    422: "request",
    504: "timeout",
}

#: What an HTTP status says more exactly than the class; 418 is how Binance bans an address.
_STATUS_CATEGORIES = {418: "ban", 429: "rate_limit"}

_MAXIMUM_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Failure:
    """How a call failed.

    Attributes:
        kind: Value of `error.type`.
        category: Value of `exchange.error.category`; empty when the caller gave up.
    """

    kind: str
    category: str


def failure(
    error: BaseException, transport: Transport, status: int | None, exchange: str = "", answer: str = ""
) -> Failure:
    """What became of a call that raised, by the class of the exception; the arguments are those of `category`."""
    given_up = is_cancellation(error)
    return Failure(
        error_type(error), "" if given_up else category(error, transport, status, exchange, answer)
    )


def failure_by_answer(
    error: BaseException, cause: BaseException | None, exchange: str, status: int | None, answer: str
) -> Failure:
    """What became of a call that raised, where the client's classes do not distinguish kinds of errors.

    Args:
        error: As it left the client library.
        cause: What the HTTP library raised in the last request.
        exchange: As it is called in `exchange.name`.
        status: HTTP status of the last response.
        answer: Its beginning.
    """
    if is_cancellation(error):
        return Failure(error_type(error), "")
    said = "" if cause is not None else answered(exchange, status, answer)
    return Failure(error_type(error), said or category(cause or error))


def refusal(exchange: str, code: str, status: int | None, answer: str = "") -> Failure:
    """What became of a call that returned an error of the exchange; its message may say more than its code."""
    kinds = (ccxt_class(exchange, said) for said in (*messages_in(answer), code))
    kind = next(filter(None, kinds), "ExchangeError")
    return Failure(kind, _STATUS_CATEGORIES.get(status or 0) or CATEGORIES.get(kind, "exchange"))


def answered(exchange: str, status: int | None, answer: str) -> str:
    """The category of a response: by the exchange's code, then by HTTP status; empty where neither is an error."""
    if status in _STATUS_CATEGORIES:
        return _STATUS_CATEGORIES[status]
    # As ccxt does: Binance has one code for all faults of an order, and names the fault in the message.
    for code in (*messages_in(answer), *codes_in(answer)):
        found = CATEGORIES.get(ccxt_class(exchange, code))
        if found is not None:
            return found
    if status is None or status < 400:
        return ""
    return _STATUSES.get(status) or ("unavailable" if status >= 500 else "exchange")


def error_type(error: BaseException) -> str:
    """The exception's class name, which is all of it that may leave the process."""
    return type(error).__name__[:_MAXIMUM_LENGTH]


def category(
    error: BaseException,
    transport: Transport = "rest",
    status: int | None = None,
    exchange: str = "",
    answer: str = "",
) -> str:
    """What kind of failure `error` is.

    Args:
        error: As it left the client library.
        transport: A wrong nonce is a clock error in a request, and a gap in a stream.
        status: HTTP status of the response, if there was one.
        exchange: As it is called in `exchange.name`, and
        answer: the beginning of its response, where they are known.

    Returns:
        A word from `CATEGORIES`, `ban`, `sequence`, or `internal` for an error that is not the exchange's.
    """
    if status in _STATUS_CATEGORIES:
        return _STATUS_CATEGORIES[status]
    if type(error).__name__ == "DDoSProtection" and _refuses_key(exchange, answer):
        return "auth"
    for name in _by_code(error) or [base.__name__ for base in type(error).__mro__]:
        found = CATEGORIES.get(name)
        if found == "clock" and transport == "ws":
            return "sequence"
        if found is not None:
            return found
    return "internal"


def _refuses_key(exchange: str, answer: str) -> bool:
    """Whether an answer refuses the key. ccxt takes Binance's -2015 for a limit once the key has been let through."""
    return any(CATEGORIES.get(ccxt_class(exchange, code)) == "auth" for code in codes_in(answer))


def _by_code(error: BaseException) -> list[str]:
    """ccxt's class for a code of Binance's, where the client has one exception for all of them."""
    if type(error).__name__ != "BinanceAPIException":
        return []
    # Among the codes that ccxt lacks are none of a class that matters here.
    return [ccxt_class("binance", str(getattr(error, "code", ""))) or "ExchangeError", "ExchangeError"]


def is_cancellation(error: BaseException) -> bool:
    """Whether the caller gave up, as opposed to the call having failed."""
    return isinstance(error, asyncio.CancelledError | GeneratorExit | KeyboardInterrupt | SystemExit)
