"""The client order id is found in what real client libraries sign, of many exchanges."""

from __future__ import annotations

from typing import Any

import ccxt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from botobs._sdk.orders.client_ids import client_order_ids
from tests.support.ccxt_credentials import credentials

#: Exchanges whose orders can be signed without a network, and whether ccxt makes an id where the caller gives none.
MADE_BY_CCXT = {
    "alpaca": True,
    "backpack": False,
    "bingx": False,
    "bitget": False,
    "bitstamp": False,
    "blofin": False,
    "bybit": False,
    "coinbaseexchange": False,
    "gate": False,
    "hashkey": False,
    "kraken": False,
    "krakenfutures": False,
    "kucoin": True,
    "mexc": False,
    "okx": True,
    "phemex": True,
    "poloniex": False,
    "upbit": False,
    "whitebit": True,
    "woo": False,
    "xt": False,
}


def signed(name: str, params: dict[str, Any]) -> Any:
    """The body, or else the address, of the request by which ccxt sends an order."""
    for keys in credentials():
        client = getattr(ccxt, name)({**keys, "enableRateLimit": False})
        client.set_markets([_market()])
        client.load_markets = lambda *_, client=client, **__: client.markets
        sent: list[Any] = []

        def fetch(url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
            if method == "GET":
                return {}
            sent.append(body or url)  # noqa: B023
            raise ccxt.RequestTimeout("not sent")

        client.fetch = fetch
        try:
            client.create_order("BTC/USDT", "limit", "buy", 1, 100, dict(params))
        except Exception:
            if sent:
                return sent[-1]
    raise AssertionError(f"{name} signs no order")


@pytest.mark.parametrize("name", MADE_BY_CCXT)
def test_one_that_the_caller_gave(name: str) -> None:
    (found,) = client_order_ids(name, signed(name, {"clientOrderId": "abc123def456"}))
    # Gate wants a prefix.
    assert found == ("t-abc123def456" if name == "gate" else "abc123def456")


@pytest.mark.parametrize(("name", "made"), MADE_BY_CCXT.items())
def test_one_that_ccxt_made(name: str, made: bool) -> None:
    request = signed(name, {})
    found = client_order_ids(name, request)
    assert len(found) == made
    assert all(identity in request for identity in found)


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ("symbol=A&newClientOrderId=x-1%2B2&side=BUY", ["x-1+2"]),
        ("https://host/order?newClientOrderId=one&text=no", ["one"]),
        ('{"data": [{"clOrdId": "a"}, {"clOrdId" : "b"}]}', ["a", "b"]),
        (b'{"client_oid": 12345}', ["12345"]),
        ("batchOrders=%5B%7B%22clOrdId%22%3A%22one%22%7D%2C%7B%22clOrdId%22%3A%22two%22%7D%5D&a=b", ["one", "two"]),
        ({"params": {"orders": [{"cl_ord_id": "a"}, {"cl_ord_id": 7}]}}, ["a", "7"]),
        ('{"text": "a remark", "label": "x", "c": "y"}', []),
        ("origClientOrderId=other", []),
        (None, []),
        ("", []),
    ],
)  # fmt: skip
def test_ways_of_writing(sent: Any, found: list[str]) -> None:
    assert client_order_ids("binance", sent) == found


@given(st.text() | st.binary() | st.recursive(st.none() | st.integers() | st.text(), st.lists))
def test_it_never_raises(sent: Any) -> None:
    assert isinstance(client_order_ids("gate", sent), list)


def test_a_long_text_takes_no_time() -> None:
    """In proportion to what is looked at; a repeat without bound would take minutes."""
    assert client_order_ids("binance", '"clOrdId"' + " " * 10**6) == []
    assert client_order_ids("binance", '"clOrdId":"' * 10**5) == []


def _market() -> dict[str, Any]:
    nothing: dict[str, Any] = {"min": None, "max": None}
    return {
        **dict.fromkeys(("margin", "swap", "future", "option", "contract", "index"), False),
        **dict.fromkeys(("settle", "settleId", "linear", "inverse", "contractSize", "expiry")),
        "id": "BTCUSDT",
        "symbol": "BTC/USDT",
        "base": "BTC",
        "quote": "USDT",
        "type": "spot",
        "spot": True,
        "baseId": "BTC",
        "quoteId": "USDT",
        "active": True,
        "taker": 0.001,
        "maker": 0.001,
        "precision": {"amount": 1e-8, "price": 1e-2},
        "limits": {"amount": nothing, "price": nothing, "cost": nothing},
        "info": {"id": 1},
    }
