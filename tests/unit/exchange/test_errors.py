"""Every error class of ccxt has a category, and a submission that failed has an outcome."""

from __future__ import annotations

import asyncio
import inspect

import ccxt
import pytest
import requests

from botobs.instrument.exchange.errors import category, error_type, submit_outcome

CLASSES = [cls for _, cls in inspect.getmembers(inspect.getmodule(ccxt.BaseError), inspect.isclass)]


@pytest.mark.parametrize("cls", CLASSES)
def test_every_class_of_ccxt_has_a_category(cls: type[Exception]) -> None:
    assert category(cls("x")) != "internal"


@pytest.mark.parametrize(
    ("error", "transport", "status", "expected"),
    [
        (ccxt.InvalidNonce("x"), "rest", 400, "clock"),
        (ccxt.InvalidNonce("x"), "ws", None, "sequence"),
        (ccxt.ChecksumError("x"), "ws", None, "checksum"),
        (ccxt.DDoSProtection("x"), "rest", 418, "ban"),
        (ccxt.ExchangeNotAvailable("x"), "rest", 429, "rate_limit"),
        (ccxt.OnMaintenance("x"), "rest", 503, "maintenance"),
        (ccxt.BadSymbol("x"), "rest", 400, "symbol"),
        (KeyError("x"), "rest", None, "internal"),
        (ConnectionResetError("x"), "rest", None, "network"),
    ],
)
def test_categories(error: Exception, transport: str, status: int | None, expected: str) -> None:
    assert category(error, transport, status) == expected  # type: ignore[arg-type]


def caused(error: Exception, cause: BaseException) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "sent", "status", "expected"),
    [
        (ccxt.InvalidOrder("x"), False, None, "failed"),
        (ccxt.InsufficientFunds("x"), True, 400, "rejected"),
        (ccxt.InsufficientFunds("x"), True, 200, "rejected"),
        (ccxt.RequestTimeout("x"), True, None, "unknown"),
        (ccxt.ExchangeNotAvailable("x"), True, 502, "unknown"),
        (ccxt.RateLimitExceeded("x"), True, 429, "rejected"),
        (asyncio.CancelledError(), True, None, "unknown"),
        (asyncio.CancelledError(), False, None, "failed"),
        (caused(ccxt.ExchangeNotAvailable("x"), ConnectionRefusedError()), True, None, "failed"),
        (caused(ccxt.ExchangeNotAvailable("x"), requests.ConnectTimeout()), True, None, "failed"),
        (caused(ccxt.ExchangeNotAvailable("x"), ConnectionResetError()), True, None, "unknown"),
        (ccxt.BadResponse("x"), True, 200, "unknown"),
    ],
)
def test_outcome_of_a_submission(error: BaseException, sent: bool, status: int | None, expected: str) -> None:
    assert submit_outcome(error, sent, status) == expected


def test_a_circle_of_causes_ends() -> None:
    first, second = ccxt.ExchangeNotAvailable("x"), ccxt.NetworkError("y")
    first.__cause__, second.__cause__ = second, first
    assert submit_outcome(first, True, None) == "unknown"


def test_the_type_is_bounded() -> None:
    assert error_type(type("E" * 500, (Exception,), {})()) == "E" * 64
