"""A simulated exchange, a bot's client of it, and an account that is reconciled, over real sockets."""

from __future__ import annotations

import contextlib
import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import ccxt
import ccxt.async_support
import ccxt.pro
import pytest

from botobs import trading
from botobs._demo.exchange_simulator.client import ccxt_config
from botobs._sdk.engine import create_engine
from botobs._sdk.orders.known import KNOWN
from botobs._sdk.orders.unsettled import UNSETTLED, UnsettledOrder
from botobs.semconv import trading as names
from botobs.testing import Capture, _capture, capture
from tests.support.simulator import SYMBOL, Simulator
from tests.support.waiting import eventually_async

KINDS = {"sync": ccxt, "async": ccxt.async_support, "pro": ccxt.pro}

#: Milliseconds: 5 % of it are fast enough for a test.
RATE_LIMIT = 0.05


@contextmanager
def captured_by(engine: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Capture]:
    """A capture by one of the two engines; what this process knows of orders begins anew."""
    monkeypatch.setattr(_capture, "create_engine", lambda _, *rest: create_engine(engine, *rest))
    KNOWN.forget()
    with capture() as captured:
        yield captured
    KNOWN.forget()
    for order in UNSETTLED.all():
        UNSETTLED.settle(
            order.exchange, "expired", client_order_id=order.client_order_id, order_id=order.order_id
        )


class Scene:
    """What a test plays on."""

    def __init__(self, simulator: Simulator, captured: Capture, name: str) -> None:
        self.simulator = simulator
        self.captured = captured
        self.name = name
        self.bot: Any = None

    async def open(self) -> None:
        """Give the bot its client."""
        self.bot = await self.simulator.rest(self.name)

    def client(self, kind: str = "sync", **changes: Any) -> Any:
        """A client to be handed over."""
        config = ccxt_config(self.name, self.simulator.url)
        return getattr(KINDS[kind], self.name)({**config, "rateLimit": RATE_LIMIT, **changes})

    async def reconcile(self, client: Any = None, **rules: Any) -> trading.Reconciliation:
        """Reconcile, and wait for the first look."""
        wanted = {"every": 0.1, "grace": 0.3, **rules}
        running = trading.reconcile(self.client() if client is None else client, **wanted)
        await self.looks(1)
        return running

    async def looks(self, more: int) -> None:
        """Let so many further looks pass."""
        before = self.count("complete")
        await eventually_async(lambda: self.count("complete") >= before + more)

    def count(self, outcome: str) -> float:
        """How many looks had an outcome."""
        return self.value(names.RECONCILE_LOOKS.name, {names.RECONCILE_OUTCOME: outcome})

    def value(self, metric: str, attributes: dict[str, str] | None = None) -> float:
        """The value of a metric; 0 without a series."""
        points = self.captured.metrics.get(metric, [])
        wanted = (attributes or {}).items()
        return sum(point.value for point in points if wanted <= point.attributes.items())

    async def buy(self, client_order_id: str, price: float | None = 10_000.0) -> Any:
        """The bot buys: far below the market, or at it."""
        kind = "market" if price is None else "limit"
        params = {"clientOrderId": client_order_id}
        return await self.bot.create_order(SYMBOL, kind, "buy", 0.01, price, params)

    async def lose(self, client_order_id: str) -> None:
        """The bot buys, and never hears what became of it."""
        await self.simulator.fault("drop_acks", exchange=self.name)
        with pytest.raises(ccxt.NetworkError):
            await self.buy(client_order_id)
        async with self.simulator.session.delete(f"{self.simulator.url}/control/faults") as response:
            assert response.status == 200
        self.doubt(client_order_id)

    def doubt(self, client_order_id: str, age: float = 0.0) -> None:
        """Nobody knows what became of an order."""
        known = any(order.client_order_id == client_order_id for order in UNSETTLED.all())
        if not known:
            order = UnsettledOrder(self.name, client_order_id, symbol=SYMBOL, side="buy")
            UNSETTLED.doubt(
                UnsettledOrder(self.name, client_order_id, symbol=SYMBOL, side="buy", since=order.since - age)
            )

    async def behind(self, do: str, **order: Any) -> dict[str, str]:
        """Something happens to an order behind the bot's back."""
        body = {"exchange": self.name, "do": do, **order}
        async with self.simulator.session.post(f"{self.simulator.url}/control/orders", json=body) as response:
            assert response.status == 200, await response.text()
            reported: dict[str, str] = await response.json()
            return reported

    async def stranger(self, price: float | None = 10_000.0, **order: Any) -> dict[str, str]:
        """Somebody else buys in the bot's account."""
        return await self.behind("place", symbol=SYMBOL, side="buy", amount=0.02, price=price, **order)

    def orphaned(self) -> float:
        """How many orders are told to be orphaned."""
        return self.value(names.ORDERS_ORPHANED.name)

    def ghosts(self) -> float:
        """How many orders are told to be ghosts."""
        return self.value(names.ORDERS_GHOST.name)


class Trader:
    """A bot that trades all the time, and hears late what became of its orders."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._random = random.Random(4)
        self._open: dict[str, tuple[trading.Order, float]] = {}
        self.placed = 0

    async def trade(self, orders: int) -> None:
        """Place so many orders, then let every order end, and be told of it."""
        while self.placed < orders:
            with contextlib.suppress(ccxt.BaseError):
                await self._place()
            await self._hear()
        for client_order_id, (order, _) in list(self._open.items()):
            with contextlib.suppress(ccxt.OrderNotFound):
                await self._bot.cancel_order(None, SYMBOL, {"clientOrderId": client_order_id})
            await self._told(client_order_id, order)

    @property
    def _bot(self) -> Any:
        return self._scene.bot

    async def _place(self) -> None:
        client_order_id = f"bot{uuid.uuid4().hex[:20]}"
        side: Literal["buy", "sell"] = self._random.choice(("buy", "sell"))
        price = self._random.choice((None, None, 10_000.0 if side == "buy" else 1_000_000.0))
        kind = "market" if price is None else "limit"
        with trading.decision("b1") as decision:
            order = decision.order(
                client_order_id, exchange=self._scene.name, symbol=SYMBOL, side=side, type=kind
            )
        self._open[client_order_id] = (order, 0.0)
        try:
            with order.submission():
                params = {"clientOrderId": client_order_id}
                await self._bot.create_order(SYMBOL, kind, side, 0.01, price, params)
        except ccxt.BaseError:
            del self._open[client_order_id]
            raise
        self.placed += 1

    async def _hear(self) -> None:
        for client_order_id, (order, _) in list(self._open.items())[: -self._random.randint(1, 4)]:
            if self._random.random() < 0.3:
                with contextlib.suppress(ccxt.OrderNotFound):
                    await self._bot.cancel_order(None, SYMBOL, {"clientOrderId": client_order_id})
            await self._told(client_order_id, order)

    async def _told(self, client_order_id: str, order: trading.Order) -> None:
        found = await self._bot.fetch_order(None, SYMBOL, {"clientOrderId": client_order_id})
        _, reported = self._open[client_order_id]
        filled = float(found["filled"])
        if filled > reported:
            order.filled(round(filled - reported, 8), complete=found["status"] == "closed")
            self._open[client_order_id] = (order, filled)
        if found["status"] == "canceled":
            order.canceled()
        if found["status"] != "open":
            del self._open[client_order_id]


def settlements() -> list[tuple[str, str]]:
    """Fills with each order that is settled from now on: its client order id, and the outcome."""
    found: list[tuple[str, str]] = []
    UNSETTLED.on_settled.append(lambda order, outcome: found.append((order.client_order_id, outcome)))
    return found
