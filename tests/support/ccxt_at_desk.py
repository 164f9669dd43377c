"""ccxt's Binance at an order desk, with one market and nothing to load."""

from __future__ import annotations

from typing import Any

import ccxt

from botobs.semconv import exchange as exchange_names
from botobs.semconv import trading as trading_names
from botobs.testing import Capture

#: Arguments of `create_order`.
ORDER: tuple[Any, ...] = ("BTC/USDT", "limit", "buy", 1, 100)
_ANY = {"min": 0, "max": None}
MARKET: dict[str, Any] = {
    "id": "BTCUSDT",
    "lowercaseId": "btcusdt",
    "symbol": "BTC/USDT",
    "base": "BTC",
    "quote": "USDT",
    "baseId": "BTC",
    "quoteId": "USDT",
    "active": True,
    "type": "spot",
    "spot": True,
    **dict.fromkeys(("margin", "swap", "future", "option", "contract"), False),
    "precision": {"amount": 1e-8, "price": 1e-8},
    "limits": {"amount": _ANY, "price": _ANY, "cost": _ANY},
    **dict.fromkeys(("linear", "inverse")),
    "info": {"orderTypes": ["LIMIT", "MARKET"]},
}


def binance_at(url: str, cls: type[Any] = ccxt.binance, **config: Any) -> Any:
    """An object of ccxt's whose every endpoint is `url`; `cls` may be one of the asynchronous classes."""
    made = cls({"apiKey": "k" * 32, "secret": "s" * 32, "timeout": 5000, **config})
    made.urls["api"] = dict.fromkeys(made.urls["api"], f"{url}/api/v3")
    made.set_markets([MARKET])
    return made


def outcomes(captured: Capture) -> tuple[dict[str, float], dict[str, float]]:
    """Orders by outcome: as the client's instrumentation counts them, and as `botobs.trading` does."""
    seen = {
        point.attributes[exchange_names.ORDER_OUTCOME]: point.value
        for point in captured.metrics.get(exchange_names.ORDERS.name, [])
    }
    reported = {
        point.attributes[trading_names.ORDER_OUTCOME]: point.value
        for point in captured.metrics.get(trading_names.ORDERS.name, [])
    }
    return seen, reported
