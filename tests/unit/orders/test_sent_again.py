"""An order that is sent once more under its id, each time in a `submission()` of its own, as retries around it do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from botobs import trading
from botobs._sdk.orders import UNSETTLED
from botobs.semconv import trading as names
from botobs.testing import Capture
from tests.support.ccxt_at_desk import ORDER, binance_at
from tests.support.order_desk import Behaviour, OrderDesk

Send = Callable[[OrderDesk, str], Any]


def with_requests(desk: OrderDesk, client_order_id: str) -> None:
    requests.post(f"{desk.url}/order", data={"newClientOrderId": client_order_id}).raise_for_status()


def with_ccxt(desk: OrderDesk, client_order_id: str) -> None:
    binance_at(desk.url).create_order(*ORDER, params={"clientOrderId": client_order_id})


@pytest.fixture(autouse=True)
def _nothing_is_open() -> Iterator[None]:
    UNSETTLED.forget()
    yield
    UNSETTLED.forget()


def sent(desk: OrderDesk, behaviours: tuple[Behaviour, ...], send: Send, client_order_id: str) -> int:
    """Send an order as often as there are behaviours; how often the exchange has taken it."""
    held, desk.behaviours = desk.held, list(behaviours)
    for _ in behaviours:
        with suppress(Exception), trading.order(client_order_id, exchange="binance").submission():
            send(desk, client_order_id)
    return desk.held - held


def last_stage(captured: Capture, client_order_id: str) -> Any:
    spans = [
        span
        for span in captured.spans
        if span.name == "order submit" and span.attributes[names.ORDER_CLIENT_ID] == client_order_id
    ]
    return spans[-1].attributes[names.ORDER_STAGE]


def open_orders() -> list[str]:
    return [order.client_order_id for order in UNSETTLED.all()]


@pytest.mark.parametrize("send", [with_requests, with_ccxt])
@pytest.mark.parametrize(
    ("behaviours", "stage"),
    [
        (("refuse", "take, cut"), "unknown"),
        (("refuse", "refuse", "take, cut"), "unknown"),
        (("refuse", "take"), "acknowledged"),
        # That it was refused now may be because it was taken before.
        (("take, cut", "refuse"), "unknown"),
        (("refuse", "take, cut", "refuse"), "unknown"),
        (("take, cut", "refuse", "take"), "acknowledged"),
        (("refuse", "refuse"), "rejected"),
    ],
)
def test_it_is_told_by_its_last_time_and_stays_open_from_before(
    behaviours: tuple[Behaviour, ...], stage: str, send: Send, desk: OrderDesk, captured: Capture
) -> None:
    sent(desk, behaviours, send, "mine")
    assert last_stage(captured, "mine") == stage
    assert open_orders() == (["mine"] if stage == "unknown" else [])


def test_what_it_has_come_to_counts_once(desk: OrderDesk, captured: Capture) -> None:
    sent(desk, ("refuse", "refuse", "take, cut", "take, cut", "take"), with_requests, "mine")
    counted = {
        point.attributes[names.ORDER_OUTCOME]: point.value for point in captured.metrics[names.ORDERS.name]
    }
    assert counted == {"rejected": 1, "unknown": 1}


_seen = iter(range(1_000_000))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    behaviours=st.lists(st.sampled_from(["take", "refuse", "take, cut", "lose, cut"]), min_size=1, max_size=4)
)
def test_it_is_never_denied_and_never_lost_while_nobody_knows(
    behaviours: list[Behaviour], desk: OrderDesk, captured: Capture
) -> None:
    UNSETTLED.forget()
    mine = f"mine-{next(_seen)}"
    held = sent(desk, tuple(behaviours), with_requests, mine)
    stage = last_stage(captured, mine)
    if held:
        assert stage not in ("rejected", "failed")
        assert stage != "unknown" or open_orders() == [mine]
    if "take, cut" in behaviours and "take" not in behaviours:
        assert open_orders() == [mine]
    if set(behaviours) == {"refuse"}:
        assert (stage, open_orders()) == ("rejected", [])
