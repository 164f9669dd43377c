"""Every error class of ccxt has a category."""

from __future__ import annotations

import inspect

import ccxt
import pytest

from botobs._sdk.instrument.exchange.errors import category, error_type

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


@pytest.mark.parametrize(("code", "expected"), [("-2015", "auth"), ("-1003", "rate_limit")])
def test_a_key_that_is_refused_is_no_limit(code: str, expected: str) -> None:
    """ccxt takes -2015 for a limit once the key has been let through."""
    answer = f'{{"code":{code},"msg":"m"}}'
    error = ccxt.DDoSProtection(f"binance {answer}")
    assert category(error, "rest", 401, "binance", answer) == expected


def test_the_type_is_bounded() -> None:
    assert error_type(type("E" * 500, (Exception,), {})()) == "E" * 64
