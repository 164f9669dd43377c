"""What the exchange says is compared with what was reported: over real sockets, with ccxt's three kinds of clients."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Collection
from typing import Any

import ccxt
import pytest
import pytest_asyncio

from botobs import trading
from botobs._demo.exchange_simulator.client import ccxt_config
from botobs._demo.exchange_simulator.exchange import Behaviour
from botobs._sdk.orders.unsettled import UNSETTLED
from botobs.semconv import exchange as exchange_names
from botobs.semconv import trading as names
from botobs.trading.reconciliation import ccxt_account
from tests.support.simulator import SYMBOL, running_simulator
from tests.support.waiting import eventually_async
from tests.unit.trading.reconcile_scene import KINDS, RATE_LIMIT, Scene, Trader, captured_by, settlements

pytestmark = [pytest.mark.slow, pytest.mark.asyncio]


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


async def test_each_account_has_positions_of_its_own(scene: Scene) -> None:
    async with running_simulator(Behaviour(reject_share=0.0, step=3600.0)) as other:
        buyer = await other.rest(scene.name)
        held = {
            account: (await client.fetch_balance())["BTC"]["total"]
            for account, client in (("", scene.bot), ("sub", buyer))
        }
        for account, amount in held.items():
            trading.position(scene.name, symbol=SYMBOL, account=account).set(amount)
        client = ccxt.binance({**ccxt_config(scene.name, other.url), "rateLimit": RATE_LIMIT})
        await scene.reconcile(symbols=[SYMBOL])
        await scene.reconcile(client, symbols=[SYMBOL], account="sub")
        order = trading.order("in-sub", exchange=scene.name, symbol=SYMBOL, side="buy", account="sub")
        with order.submission():
            await buyer.create_order(SYMBOL, "market", "buy", 0.01, None, {"clientOrderId": "in-sub"})
        order.filled(0.01, complete=True)
        await scene.looks(10)
        assert trading.position(scene.name, symbol=SYMBOL).amount == held[""]
        assert scene.value(names.POSITION_DRIFT.name) == 0
        trading.position(scene.name, symbol=SYMBOL, account="sub").set(held["sub"])
        await eventually_async(lambda: scene.value(names.POSITION_DRIFT.name) > 0)


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


@pytest.mark.parametrize("exchange", ["okx"])
@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_nothing_is_compared_while_the_exchange_is_in_maintenance(
    scene: Scene, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own status says so; nothing else is asked until it trades again."""
    monkeypatch.setattr(ccxt_account, "_STATUS_EVERY", 0.0)
    await scene.buy("mine")
    await scene.reconcile(scene.client(kind))
    await scene.simulator.fault("maintenance", exchange="okx")
    await eventually_async(lambda: scene.count("maintenance") >= 1)
    complete, failed = scene.count("complete"), scene.count("failed")
    await eventually_async(lambda: scene.count("maintenance") >= 3)
    assert (scene.count("complete"), scene.count("failed")) == (complete, failed)
    await scene.simulator.clear("maintenance", exchange="okx")
    await scene.looks(1)


async def test_it_ends_with_the_service(scene: Scene) -> None:
    running = await scene.reconcile(scene.client("async"))
    assert running.running
    trading.goodbye()
    await eventually_async(lambda: not running.running)
    assert names.ORDERS_ORPHANED.name not in scene.captured.metrics


@pytest.mark.parametrize("exchange", ["binance", "okx"])
async def test_ordinary_trading_raises_nothing(
    monkeypatch: pytest.MonkeyPatch, engine: str, exchange: str
) -> None:
    """Limit orders that wait, fill in parts and at once, and are cancelled; reports come late, as over sockets."""
    behaviour = Behaviour(reject_share=0.05, step=0.01)
    async with running_simulator(behaviour) as simulator:
        with captured_by(engine, monkeypatch) as captured:
            scene = Scene(simulator, captured, exchange)
            await scene.open()
            total = (await scene.bot.fetch_balance())["BTC"]["total"]
            trading.position(exchange, symbol=SYMBOL).set(total)
            await scene.reconcile(grace=1.5, prefix="bot")
            trader = Trader(scene)
            await trader.trade(orders=80)
            await scene.looks(8)
            assert scene.orphaned() == scene.ghosts() == scene.value(names.POSITION_DRIFT.name) == 0
            assert not [span for span in captured.spans if span.name in ("order orphaned", "order ghost")]


async def test_it_takes_a_twentieth_of_the_limit(scene: Scene) -> None:
    # As the class has it, but a hundred times as fast: 0.5 ms for each unit of a request's cost.
    client = scene.client(rateLimit=0.5)
    prices: list[float] = []
    running = await scene.reconcile(client, every=0.1, symbols=[SYMBOL])
    paced = client.throttle

    def throttle(cost: Any = None) -> None:
        prices.append(float(cost or 1))
        paced(cost)

    client.throttle = throttle
    began = time.monotonic()
    await scene.looks(4)
    running.stop()
    elapsed = time.monotonic() - began
    asked = sum(prices[:-1]) * 0.5 / 1000
    # Two requests a look; the first of the four may have been under way, and its requests paid for.
    assert len(prices) >= 6
    assert set((await scene.simulator.counts("binance"))["calls"]) >= {"fetch_open_orders", "fetch_my_trades"}
    # The one that is under way has not been paid for.
    assert asked <= 0.05 * elapsed + max(prices) * 0.5 / 1000


class Own:
    """A service's own client."""

    exchange = "home-made"
    interval = 0.0

    def __init__(self) -> None:
        self.opened: list[dict[str, Any]] = []
        self.known: dict[str, dict[str, Any]] = {}
        self.held: dict[str, float] = {}
        self.error: BaseException | None = None
        self.threads: set[str] = set()

    def open_orders(self, symbols: Collection[str]) -> list[dict[str, Any]]:
        self.threads.add(threading.current_thread().name)
        if self.error is not None:
            raise self.error
        return self.opened

    def trades(self, symbols: Collection[str], since: int) -> list[dict[str, Any]]:
        return []

    def find_order(self, order_id: str, client_order_id: str, symbol: str) -> dict[str, Any] | None:
        return self.known.get(order_id or client_order_id)

    def holdings(self, names: Collection[str]) -> dict[str, float]:
        return self.held


async def test_a_client_of_ones_own_is_asked_in_its_thread(scene: Scene) -> None:
    own = Own()
    await scene.reconcile(own)
    own.opened = [{"id": "1", "clientOrderId": "x", "symbol": "A/B", "status": "open"}]
    await eventually_async(lambda: scene.orphaned() == 1)
    assert own.threads == {"botobs-reconcile"}


@pytest.mark.parametrize(
    "error",
    [PermissionError("slow down"), ValueError("nonsense"), MemoryError(), KeyError("canary-0123456789")],
)
async def test_whatever_a_client_raises_stays_in_the_thread(
    scene: Scene, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    own = Own()
    own.error = error
    running = trading.reconcile(own, every=0.1, grace=0.1)
    outcome = "limited" if isinstance(error, PermissionError) else "failed"
    await eventually_async(lambda: scene.count(outcome) == 1)
    assert running.running
    own.error = None
    if outcome == "failed":
        await scene.looks(2)
    scene.captured.assert_no_secrets(["canary-0123456789"])


@pytest.mark.parametrize("client", [None, object(), 42, "ccxt"])
async def test_what_is_no_client_is_refused_without_an_exception(
    scene: Scene, client: object, caplog: pytest.LogCaptureFixture
) -> None:
    running = trading.reconcile(client)
    assert not running.running
    assert "nothing is reconciled" in caplog.text
    running.stop()


async def test_a_client_that_is_in_use_is_left_alone(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    running = trading.reconcile(scene.bot)
    await eventually_async(lambda: not running.running)
    assert "needs one of its own" in caplog.text
    assert (await scene.bot.fetch_open_orders(SYMBOL)) == []


async def test_orders_of_several_accounts_prove_nothing(scene: Scene) -> None:
    settled = settlements()
    await scene.buy("mine")
    order = trading.order("invented", exchange="binance", symbol=SYMBOL, side="buy")
    order.acknowledged("424242")
    scene.bot.apiKey = "another-account"
    with pytest.raises(ccxt.BaseError):
        await scene.buy("theirs")
    scene.doubt("lost", age=1000.0)
    await scene.reconcile(absent_after=0.0)
    await scene.looks(5)
    assert scene.ghosts() == 0
    assert settled == []


async def test_nothing_is_asked_in_a_simulation_or_without_init(scene: Scene) -> None:
    before = (await scene.simulator.counts("binance"))["calls"]
    with trading.simulated():
        assert not trading.reconcile(scene.client()).running
    assert (await scene.simulator.counts("binance"))["calls"] == before
