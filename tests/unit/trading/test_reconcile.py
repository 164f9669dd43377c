"""What the exchange says is compared with what was reported: over real sockets, with ccxt's three kinds of clients."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from botobs import trading
from botobs._demo.exchange_simulator.exchange import Behaviour
from botobs._sdk.orders.unsettled import UNSETTLED
from botobs.semconv import exchange as exchange_names
from botobs.semconv import trading as names
from tests.support.simulator import SYMBOL, running_simulator
from tests.support.waiting import eventually_async
from tests.unit.trading.reconcile_scene import KINDS, Scene, captured_by, settlements

pytestmark = pytest.mark.asyncio


@pytest.fixture
def engine() -> str:
    return "fast"


@pytest.fixture
def exchange() -> str:
    return "binance"


@pytest_asyncio.fixture
async def scene(engine: str, exchange: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    """An exchange whose market stands still, so that orders wait."""
    async with running_simulator(Behaviour(reject_share=0.0, step=3600.0)) as simulator:
        with captured_by(engine, monkeypatch) as captured:
            scene = Scene(simulator, captured, exchange)
            await scene.open()
            yield scene


@pytest.mark.parametrize("exchange", ["binance", "okx"])
@pytest.mark.parametrize("engine", ["fast", "stock"])
@pytest.mark.parametrize("kind", list(KINDS))
async def test_what_nobody_knew_is_settled(scene: Scene, kind: str) -> None:
    settled = settlements()
    await scene.lose("waits")
    await scene.lose("fills")
    await scene.behind("fill", client_id="fills")
    await scene.lose("ends")
    await scene.behind("cancel", client_id="ends")
    await scene.reconcile(scene.client(kind))
    await eventually_async(lambda: not UNSETTLED.all())
    assert sorted(settled) == [("ends", "canceled"), ("fills", "filled"), ("waits", "accepted")]
    await scene.looks(4)
    assert scene.orphaned() == scene.ghosts() == 0


async def test_its_calls_are_not_counted_as_the_bots(scene: Scene) -> None:
    await scene.buy("mine")
    await scene.reconcile()
    clients = {
        point.attributes[exchange_names.CLIENT]
        for point in scene.captured.metrics[exchange_names.OPERATION_DURATION.name]
        if point.attributes[exchange_names.OPERATION] == "fetch_open_orders"
    }
    assert clients == {"reconcile"}
    look = next(span for span in scene.captured.spans if span.name == "reconcile binance")
    asked = [span for span in scene.captured.spans if span.name == "fetch_open_orders binance"]
    assert look.span_id in {span.parent_id for span in asked}
    await scene.behind("fill", client_id="mine")
    await scene.looks(3)
    # It saw the fill, which nobody told the bot: neither a duration nor an outcome of the bot's.
    assert scene.value(exchange_names.ORDERS.name, {exchange_names.ORDER_OUTCOME: "filled"}) == 0
    assert scene.value(exchange_names.ORDER_DONE_DURATION.name) == 0


async def test_an_order_that_was_never_placed_is_settled_only_late_and_only_where_absence_is_proven(
    scene: Scene,
) -> None:
    settled = settlements()
    scene.doubt("young")
    scene.doubt("old", age=1000.0)
    # A key with which no order of this process went out, and no order of it is seen here: it may be another account.
    await scene.reconcile(absent_after=600.0)
    await scene.looks(3)
    assert settled == []
    trading.goodbye()
    await scene.buy("mine")
    await scene.reconcile(absent_after=5.0)
    scene.doubt("new")
    await eventually_async(lambda: ("old", "rejected") in settled)
    assert ("new", "rejected") not in settled
    await eventually_async(lambda: ("new", "rejected") in settled)


async def test_a_strangers_order_is_orphaned_until_it_is_gone(scene: Scene) -> None:
    await scene.buy("mine")
    await scene.reconcile()
    placed = await scene.stranger()
    await eventually_async(lambda: scene.orphaned() == 1)
    span = scene.captured.span("order orphaned")
    assert span.attributes[names.ORDER_ID] == placed["id"]
    assert span.attributes[names.ORDER_CLIENT_ID] == placed["client_id"]
    assert span.attributes[names.SYMBOL] == SYMBOL
    assert span.attributes[names.EXCHANGE_NAME] == "binance"
    await scene.behind("cancel", client_id=placed["client_id"])
    await eventually_async(lambda: scene.orphaned() == 0)


@pytest.mark.parametrize("exchange", ["binance", "okx"])
async def test_a_strangers_fill_stays_until_the_service_reports_it(scene: Scene) -> None:
    await scene.buy("mine")
    await scene.reconcile(symbols=[SYMBOL])
    placed = await scene.stranger(price=None)
    await eventually_async(lambda: scene.orphaned() == 1)
    await scene.looks(3)
    assert scene.orphaned() == 1
    trading.order(placed["client_id"], exchange=scene.name)
    await eventually_async(lambda: scene.orphaned() == 0)


async def test_an_orphan_that_is_filled_stays_one(scene: Scene) -> None:
    await scene.reconcile(symbols=[SYMBOL])
    placed = await scene.stranger()
    await eventually_async(lambda: scene.orphaned() == 1)
    await scene.behind("fill", client_id=placed["client_id"])
    await scene.looks(4)
    assert scene.orphaned() == 1


async def test_orders_of_before_are_told_on_request(scene: Scene) -> None:
    await scene.stranger(client_id="before")
    running = await scene.reconcile()
    await scene.looks(4)
    assert scene.orphaned() == 0
    running.stop()
    await scene.reconcile(earlier=True)
    await eventually_async(lambda: scene.orphaned() == 1)


async def test_orders_with_another_prefix_are_left_alone(scene: Scene) -> None:
    await scene.reconcile(prefix="bot", symbols=[SYMBOL])
    await scene.stranger(client_id="by-hand")
    await scene.stranger(client_id="by-hand-too", price=None)
    await scene.stranger(client_id="bot-lost")
    await eventually_async(lambda: scene.orphaned() == 1)
    assert scene.captured.span("order orphaned").attributes[names.ORDER_CLIENT_ID] == "bot-lost"


async def test_an_order_whose_answer_is_under_way_is_no_orphan(scene: Scene) -> None:
    await scene.buy("mine")
    await scene.reconcile()
    order = trading.order("sent", exchange="binance", symbol=SYMBOL, side="buy")
    order.submitted()
    await scene.stranger(client_id="sent")
    await scene.looks(5)
    assert scene.orphaned() == 0


async def test_an_order_that_ended_unheard_is_a_ghost_of_its_bot(scene: Scene) -> None:
    with trading.decision("b1") as decision:
        order = decision.order("mine", exchange="binance", symbol=SYMBOL, side="buy", type="limit")
    with order.submission():
        order.acknowledged((await scene.buy("mine"))["id"])
    await scene.reconcile()
    await scene.looks(4)
    assert scene.ghosts() == 0
    await scene.behind("cancel", client_id="mine")
    await eventually_async(lambda: scene.ghosts() == 1)
    assert scene.value(names.ORDERS_GHOST.name, {names.BOT_ID: "b1"}) == 1
    span = scene.captured.span("order ghost")
    assert span.attributes[names.ORDER_CLIENT_ID] == "mine"
    assert span.attributes[names.EXCHANGE_STATUS] == "canceled"
    assert trading.order_trace_id("mine", exchange="binance") in str(span.links)
    order.canceled()
    await eventually_async(lambda: scene.ghosts() == 0)
    # Its series goes on, for one that breaks off would be taken for the last value for minutes.
    assert any(
        point.attributes.get(names.BOT_ID) == "b1" and point.value == 0
        for point in scene.captured.metrics[names.ORDERS_GHOST.name]
    )


async def test_an_order_that_the_exchange_does_not_know_is_a_ghost(scene: Scene) -> None:
    await scene.buy("mine")
    order = trading.order("invented", exchange="binance", symbol=SYMBOL, side="buy")
    order.acknowledged("424242")
    await scene.reconcile()
    await eventually_async(lambda: scene.ghosts() == 1)
    assert scene.captured.span("order ghost").attributes[names.EXCHANGE_STATUS] == "not found"


async def test_a_client_that_nobody_tells_of_fills_has_no_ghosts(scene: Scene) -> None:
    for number in range(3):
        await scene.buy(f"mine-{number}")
    await scene.reconcile()
    await scene.behind("fill", client_id="mine-0")
    await scene.behind("cancel", client_id="mine-1")
    await scene.looks(5)
    assert scene.ghosts() == scene.orphaned() == 0


async def test_a_position_that_others_changed_drifts(scene: Scene) -> None:
    before = (await scene.bot.fetch_balance())["BTC"]["total"]
    position = trading.position("binance", symbol=SYMBOL)
    position.set(before)
    await scene.reconcile(symbols=[SYMBOL])
    order = trading.order("mine", exchange="binance", symbol=SYMBOL, side="buy")
    with order.submission():
        await scene.buy("mine", price=None)
    order.filled(0.01, complete=True)
    order.filled(0.01, complete=True)
    await scene.looks(5)
    assert position.amount == pytest.approx(before + 0.01)
    assert scene.value(names.POSITION_DRIFT.name) == 0
    await scene.stranger(price=None)
    await eventually_async(lambda: scene.value(names.POSITION_DRIFT.name) > 0)
    assert scene.value(names.POSITION_DRIFT.name) == pytest.approx(0.02 / (before + 0.03))
    span = scene.captured.span("position drift")
    assert span.attributes[names.SYMBOL] == "BTC"
    position.set(before + 0.03)
    await eventually_async(lambda: scene.value(names.POSITION_DRIFT.name) == 0)


@pytest.mark.parametrize("fault", ["rate_limit", "ban"])
async def test_it_pauses_where_the_exchange_limits_requests(
    scene: Scene, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    await scene.reconcile()
    await scene.simulator.fault(fault, exchange="binance", value=120)
    await eventually_async(lambda: scene.count("limited") == 1)
    asked = (await scene.simulator.counts("binance"))["calls"]
    # Far more time than several looks take.
    for _ in range(20):
        await scene.simulator.counts("binance")
    assert (await scene.simulator.counts("binance"))["calls"] == asked
    assert "limits requests: it is not reconciled for 120 s" in caplog.text
    assert scene.orphaned() == 0


async def test_it_ends_with_the_service(scene: Scene) -> None:
    running = await scene.reconcile(scene.client("async"))
    assert running.running
    trading.goodbye()
    await eventually_async(lambda: not running.running)
    assert names.ORDERS_ORPHANED.name not in scene.captured.metrics
