"""Orders that one call sends more than once: without the same client order id each is another for the exchange."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import ccxt
import pytest

from botobs import trading
from botobs._sdk.orders import UNSETTLED
from botobs.semconv import exchange as names
from botobs.testing import Capture
from tests.support.ccxt_at_desk import ORDER, binance_at, outcomes
from tests.support.order_desk import Behaviour, OrderDesk


class Again(ccxt.binance):  # type: ignore[misc]
    """Submits again what has failed, under another id that ccxt makes."""

    def create_order(self, *args: Any, **kwargs: Any) -> Any:
        with suppress(ccxt.BaseError):
            return super().create_order(*args, **kwargs)
        return super().create_order(*args, **kwargs)


class Nameless(ccxt.binance):  # type: ignore[misc]
    """Sends no client order id, as ccxt does at Kraken."""

    def sign(self, *args: Any, **kwargs: Any) -> Any:
        signed = super().sign(*args, **kwargs)
        before, _, after = str(signed["body"]).partition("newClientOrderId=")
        return {**signed, "body": before + after.partition("&")[2]}


def submit(desk: OrderDesk, cls: type[Any], behaviours: list[Behaviour], within: bool = False) -> None:
    desk.behaviours = list(behaviours)
    exchange = binance_at(desk.url, cls, options={"maxRetriesOnFailure": int(cls is not Again)})
    with suppress(ccxt.BaseError):
        if within:
            with trading.order("mine", exchange="binance").submission():
                exchange.create_order(*ORDER)
        else:
            exchange.create_order(*ORDER)


CASES: list[tuple[type[Any], list[Behaviour], dict[str, int], int]] = [
    # The same id: the answer to the second is about both.
    (ccxt.binance, ["take, cut", "take"], {"accepted": 1}, 0),
    (ccxt.binance, ["take, cut", "take, cut"], {"unknown": 1}, 1),
    (Nameless, ["take, cut", "take"], {"accepted": 1, "unknown": 1}, 1),
    (Nameless, ["take, cut", "refuse"], {"unknown": 1}, 1),
    (Again, ["take, cut", "take"], {"accepted": 1, "unknown": 1}, 1),
    (Again, ["take, cut", "take, cut"], {"unknown": 2}, 2),
    (Again, ["refuse", "take, cut"], {"unknown": 1}, 1),
    (Again, ["refuse", "take"], {"accepted": 1}, 0),
]


@pytest.mark.parametrize(("cls", "behaviours", "counted", "open_"), CASES)
def test_each_order_counts_once(
    cls: type[Any],
    behaviours: list[Behaviour],
    counted: dict[str, int],
    open_: int,
    desk: OrderDesk,
    captured: Capture,
) -> None:
    held = desk.held
    submit(desk, cls, behaviours)
    assert outcomes(captured)[0] == counted
    assert len(UNSETTLED.all()) == open_
    assert counted.get("accepted", 0) <= desk.held - held


def test_the_unknown_one_is_named(desk: OrderDesk, captured: Capture) -> None:
    submit(desk, Again, ["refuse", "take, cut"])
    [order] = UNSETTLED.all()
    [span] = [span for span in captured.spans if span.name == "create_order binance"]
    # The last one that was sent; the first was refused.
    assert order.client_order_id == span.attributes[names.ORDER_CLIENT_ID]


@pytest.mark.parametrize("cls", [Nameless, Again], ids=lambda cls: cls.__name__)
def test_a_submission_is_acknowledged_and_the_other_one_stays_open(
    cls: type[Any], desk: OrderDesk, captured: Capture
) -> None:
    submit(desk, cls, ["take, cut", "take"], within=True)
    seen, reported = outcomes(captured)
    assert (seen, reported) == ({"accepted": 1, "unknown": 1}, {})
    [order] = UNSETTLED.all()
    assert order.client_order_id != "mine"


@pytest.mark.parametrize("first", ["mine", "other"])
def test_a_blocks_own_order_stays_open_whatever_became_of_another(
    first: str, desk: OrderDesk, captured: Capture
) -> None:
    """Two calls in one block: the one without an answer has the block's id, or the other one has."""
    second = {"mine": "other", "other": "mine"}[first]
    desk.behaviours = ["take, cut", "take"]
    desk.answers["take"] = (
        200,
        {"orderId": 8, "symbol": "BTCUSDT", "status": "NEW", "clientOrderId": second},
    )
    exchange = binance_at(desk.url)
    order = trading.order("mine", exchange="binance")
    with order.submission():
        with suppress(ccxt.BaseError):
            exchange.create_order(*ORDER, {"clientOrderId": first})
        exchange.create_order(*ORDER, {"clientOrderId": second})
    reported = "unknown" if first == "mine" else None
    assert outcomes(captured) == ({"accepted": 1, "unknown": 1}, {reported: 1} if reported else {})
    [left] = UNSETTLED.all()
    assert left.client_order_id == first
