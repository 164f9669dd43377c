"""What exceptions of exchange clients say about an order that was being sent."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from botobs.trading._answers import answer_in

UNKNOWN = {
    "BaseError",
    "BadResponse",
    "CancelPending",
    "DuplicateOrderId",
    "ExchangeNotAvailable",
    "NetworkError",
    "NullResponse",
    "OperationFailed",
    "RequestTimeout",
    "UnsubscribeError",
}


@pytest.fixture(scope="module")
def errors() -> ModuleType:
    """`ccxt.base.errors` alone: the whole of ccxt takes seconds to import."""
    package = importlib.util.find_spec("ccxt")
    assert package is not None
    assert package.origin is not None
    spec = importlib.util.spec_from_file_location(
        "ccxt_errors", Path(package.origin).parent / "base" / "errors.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_error_of_ccxt_is_unknown_or_says_that_the_order_was_not_taken(errors: ModuleType) -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert len(kinds) > 35
    assert {kind.__name__ for kind in kinds if answer_in(kind("x")) == "unknown"} == UNKNOWN


@pytest.mark.parametrize(("code", "answer"), [(-2010, "rejected"), (-1006, "unknown"), (-1007, "unknown")])
def test_binance_says_when_it_does_not_know_itself(code: int, answer: str) -> None:
    error = type("BinanceAPIException", (Exception,), {"code": code})("APIError")
    assert answer_in(error) == answer


def test_anything_else_is_unknown() -> None:
    assert answer_in(ValueError("?")) == "unknown"
    assert answer_in(KeyboardInterrupt()) == "unknown"
