"""Orders that a block hands to a worker that was there before, so that nothing of the block is in its context."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import ccxt.async_support
import pytest

from botobs import trading
from botobs._sdk.orders import UNSETTLED
from botobs.semconv import trading as names
from botobs.testing import Capture
from tests.support.ccxt_at_desk import ORDER, binance_at
from tests.support.order_desk import Behaviour, OrderDesk

MINE = {"clientOrderId": "mine"}


@pytest.fixture(autouse=True)
def _nothing_is_open() -> Iterator[None]:
    UNSETTLED.forget()
    yield
    UNSETTLED.forget()


def to_a_thread(desk: OrderDesk) -> None:
    client, orders, done = binance_at(desk.url), queue.Queue[Any](), queue.Queue[Any]()

    def work() -> None:
        params = orders.get()
        with suppress(Exception):
            client.create_order(*ORDER, params=params)
        done.put(None)

    worker = threading.Thread(target=work)
    worker.start()
    with trading.order("mine", exchange="binance").submission():
        orders.put(MINE)
        done.get()
    worker.join()


def to_a_task(desk: OrderDesk) -> None:
    asyncio.run(_to_a_task(desk, patience=30))


def to_a_task_that_is_given_up(desk: OrderDesk) -> None:
    asyncio.run(_to_a_task(desk, patience=0))


async def _to_a_task(desk: OrderDesk, patience: float) -> None:
    client, orders, sends = (
        binance_at(desk.url, ccxt.async_support.binance),
        asyncio.Queue[Any](),
        asyncio.Event(),
    )

    async def work() -> None:
        params = await orders.get()
        sends.set()
        with suppress(Exception):
            await client.create_order(*ORDER, params=params)

    worker = asyncio.create_task(work())
    with suppress(TimeoutError), trading.order("mine", exchange="binance").submission():
        await orders.put(MINE)
        await sends.wait()
        await asyncio.wait_for(asyncio.shield(worker), patience)
    await worker
    await client.close()


def stages(captured: Capture) -> list[Any]:
    """What the order has come to, in its sequence."""
    spans = [span for span in captured.spans if span.name in ("order submit", "order update")]
    return [span.attributes[names.ORDER_STAGE] for span in spans if names.ORDER_STAGE in span.attributes]


@pytest.mark.parametrize("way", [to_a_thread, to_a_task, to_a_task_that_is_given_up])
@pytest.mark.parametrize(
    ("behaviour", "stage"),
    [("take", "acknowledged"), ("refuse", "rejected"), ("take, cut", "unknown"), ("take, fail", "unknown")],
)
def test_it_is_told_what_became_of_it(
    behaviour: Behaviour, stage: str, way: Callable[[OrderDesk], None], desk: OrderDesk, captured: Capture
) -> None:
    desk.behaviours = [behaviour]
    way(desk)
    assert stages(captured)[-1] == stage
    assert [order.client_order_id for order in UNSETTLED.all()] == (["mine"] if stage == "unknown" else [])
