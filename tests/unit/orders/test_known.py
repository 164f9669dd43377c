"""The orders that a process knows: found by either id, never going back, bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botobs._sdk.orders import known as module
from botobs._sdk.orders.known import KnownOrders

EXCHANGE = "binance"
#: What may be told of one of few orders: how, and which of its names are used.
TOLD = st.tuples(
    st.integers(0, 4),
    st.sampled_from(["sent", "open", "ended", "over", "refused"]),
    st.sampled_from(["both", "client", "exchange"]),
)


@given(st.lists(TOLD, max_size=40))
def test_an_order_is_found_by_every_name_that_was_told_and_never_opens_again(
    reported: list[tuple[int, str, str]],
) -> None:
    known = KnownOrders()
    ended: set[int] = set()
    for number, what, named in reported:
        client_order_id = f"c{number}" if named != "exchange" else ""
        order_id = f"x{number}" if named != "client" else ""
        if what == "over":
            known.ended(EXCHANGE, client_order_id=client_order_id, order_id=order_id)
            continue
        if what == "refused":
            known.refused(EXCHANGE, client_order_id=client_order_id)
            continue
        # An order has both names once both were told together.
        known.note(EXCHANGE, client_order_id=f"c{number}", order_id=f"x{number}", stage=what)  # type: ignore[arg-type]
        assert known.has(EXCHANGE, client_order_id=f"c{number}")
        assert known.has("Binance", order_id=f"x{number}")
        if what == "ended":
            ended.add(number)
    still_open = {order.order_id for order in known.believed_open(EXCHANGE)}
    assert not {f"x{number}" for number in ended} & still_open


def test_ids_of_other_exchanges_are_other_orders() -> None:
    known = KnownOrders()
    known.note(EXCHANGE, client_order_id="a", order_id="1")
    assert not known.has("okx", client_order_id="a")
    assert not known.has(EXCHANGE, client_order_id="1", order_id="a")


def test_an_end_says_nothing_of_orders_that_nobody_knows() -> None:
    known = KnownOrders()
    known.ended(EXCHANGE, order_id="1")
    assert not known.has(EXCHANGE, order_id="1")


def test_an_order_that_was_refused_may_be_sent_again() -> None:
    known = KnownOrders()
    known.note(EXCHANGE, client_order_id="a")
    known.refused(EXCHANGE, client_order_id="a")
    known.note(EXCHANGE, client_order_id="a", order_id="1", stage="open")
    assert [order.order_id for order in known.believed_open(EXCHANGE)] == ["1"]


def test_the_open_ones_are_kept_before_those_that_have_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ORDERS", 100)
    known = KnownOrders()
    known.note(EXCHANGE, order_id="resting", stage="open")
    for number in range(1000):
        known.note(EXCHANGE, client_order_id=f"c{number}", order_id=f"{number}", stage="ended")
        known.note(EXCHANGE, client_order_id=f"r{number}")
        known.refused(EXCHANGE, client_order_id=f"r{number}")
    assert known.has(EXCHANGE, order_id="resting")
    assert known.has(EXCHANGE, order_id="999")
    assert not known.has(EXCHANGE, order_id="0")
    assert len(known._heard) == 0
    held = len(known._by_client_id) + len(known._by_order_id) + len(known._live) + len(known._ended)
    assert held <= 4 * 101
