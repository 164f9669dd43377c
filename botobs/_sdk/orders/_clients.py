"""Reads the exceptions of clients that are not watched: which exchange refused, with which code and status.

Where their requests were seen, these are not asked: an answer says more than what a client makes of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from ._evidence import LONGEST_TEXT


@dataclass(frozen=True, slots=True)
class Quoted:
    """An answer as an exception quotes it.

    Attributes:
        exchange: Whose table its code is looked up in.
        status: HTTP status, where the exception has it.
        answer: The body, or one with the code that is left of it.
    """

    exchange: str
    status: int | None
    answer: str


def quoted(error: BaseException) -> Quoted | Literal["failed"] | None:
    """What the answer was that `error` was made of.

    Returns:
        `failed` for what a client finds wrong before it sends; None where the class is not known, or there was no
        answer.
    """
    for base in type(error).__mro__:
        module = base.__module__
        if f"{module}.{base.__name__}" in _BEFORE_SENDING:
            return "failed"
        reader = _READERS.get((module.partition(".")[0], base.__name__))
        if reader is not None:
            return reader(error)
    return None


def _bybit(error: Any) -> Quoted:
    # pybit calls bybit's own code a status.
    return Quoted("bybit", None, _body(error.status_code, getattr(error, "message", "")))


def _binance_connector(error: Any) -> Quoted:
    code = getattr(error, "error_code", None)
    return Quoted("binance", error.status_code, _body(code, getattr(error, "error_message", "")))


def _binance_server(error: Any) -> Quoted:
    return Quoted("binance", error.status_code, str(error.message)[:LONGEST_TEXT])


def _binance_modular(error: Any) -> Quoted:
    # The connectors of the second generation call Binance's own code a status.
    return Quoted("binance", None, _body(error.status_code, getattr(error, "error_message", "")))


def _alpaca(error: Any) -> Quoted:
    return Quoted("alpaca", error.status_code, str(error.args[0])[:LONGEST_TEXT])


def _okx(error: Any) -> Quoted:
    return Quoted("okx", error.status_code, _body(error.code, getattr(error, "message", "")))


def _kucoin(error: Any) -> Quoted | None:
    answer = error.response
    return (
        None if answer is None else Quoted("kucoin", 200, _body(answer.code, getattr(answer, "message", "")))
    )


def _hyperliquid(error: Any) -> Quoted:
    return Quoted("hyperliquid", error.status_code, "")


def _body(code: Any, message: Any) -> str:
    words = str(message or "")[:LONGEST_TEXT]
    return json.dumps({"code": str(code), "msg": words}) if code not in (None, "", "None") else words


_READERS: dict[tuple[str, str], Callable[[Any], Quoted | None]] = {
    ("pybit", "InvalidRequestError"): _bybit,
    ("binance", "ClientError"): _binance_connector,
    ("binance", "ServerError"): _binance_server,
    **{
        ("binance_common", name): _binance_modular
        for name in (
            "BadRequestError",
            "ForbiddenError",
            "NotFoundError",
            "RateLimitBanError",
            "ServerError",
            "TooManyRequestsError",
            "UnauthorizedError",
        )
    },
    ("alpaca", "APIError"): _alpaca,
    ("okx", "OkxAPIException"): _okx,
    ("kucoin_universal_sdk", "RestError"): _kucoin,
    ("hyperliquid", "ClientError"): _hyperliquid,
    ("hyperliquid", "ServerError"): _hyperliquid,
}

_BEFORE_SENDING = frozenset(
    {
        "binance.error.ParameterArgumentError",
        "binance.error.ParameterRequiredError",
        "binance.error.ParameterTypeError",
        "binance.error.ParameterValueError",
        "binance_common.errors.RequiredError",
        "okx.exceptions.OkxParamsException",
    }
)
