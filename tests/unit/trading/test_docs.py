"""The examples of docs/trading.md run, and do what the page says."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from botobs import clients, trading
from botobs._sdk.orders import UNSETTLED, _classifiers
from botobs.semconv import trading as names
from botobs.testing import Capture, FakeClock

PAGE = Path(__file__).parents[3] / "docs" / "trading.md"


@pytest.fixture
def page(captured: Capture) -> Iterator[dict[str, Any]]:
    """What the page's examples define."""
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 10
    namespace: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), namespace)
    yield namespace
    _classifiers._classifiers.clear()


def test_a_bot_lives(page: dict[str, Any], captured: Capture) -> None:
    turns: list[trading.Bot] = []

    async def take_turn(bot: trading.Bot) -> None:
        turns.append(bot)

    asyncio.run(page["live"](page["bot"], lambda: len(turns) < 3, take_turn))
    assert captured.value(names.BOT_TURN_DURATION.name) == 3
    transitions = {
        p.attributes[names.BOT_STATE]: p.value for p in captured.metrics[names.BOT_TRANSITIONS.name]
    }
    assert transitions == dict.fromkeys(("starting", "running", "stopping", "stopped"), 1)


def test_a_bot_fails(page: dict[str, Any], captured: Capture) -> None:
    async def run(bot: trading.Bot) -> None:
        raise ConnectionError("gone")

    asyncio.run(page["supervise"](page["bot"], run))
    assert captured.value(names.BOT_FAILURES.name, {names.ERROR_TYPE: "ConnectionError"}) == 1


class Client:
    async def create_order(self, *order: Any) -> dict[str, str]:
        assert order[-1] == {"clientOrderId": "c1"}
        return {"id": "B-1"}


class Store:
    async def save(self, message: dict[str, Any]) -> None:
        """Keeps nothing."""


@pytest.mark.parametrize(("spread", "outcome"), [(0.5, "refused"), (0.001, "ordered")])
def test_a_decision(page: dict[str, Any], captured: Capture, spread: float, outcome: str) -> None:
    quote = SimpleNamespace(spread=spread, bid=100)
    asyncio.run(page["decide_and_trade"](page["bot"], quote, Client(), "c1"))
    assert captured.value(names.DECISIONS.name, {names.DECISION_OUTCOME: outcome}) == 1
    assert ("B-1" in captured.tree()) is (outcome == "ordered")


def test_an_answer_that_botobs_does_not_know(page: dict[str, Any]) -> None:
    assert page["my_broker"](clients.Answer("my-broker", body="not today")) == "rejected"
    assert page["my_broker"](clients.Answer("another", body="not today")) is None


def test_news_of_an_order(page: dict[str, Any], captured: Capture) -> None:
    for client_order_id, filled, status in (("c1", 1, "closed"), ("c2", 1, "open"), ("c2", 0, "canceled")):
        message = {"clientOrderId": client_order_id, "filled_now": filled, "price": 100, "status": status}
        asyncio.run(page["on_order_message"](message, Store()))
    outcomes = {p.attributes[names.ORDER_OUTCOME]: p.value for p in captured.metrics[names.ORDERS.name]}
    assert outcomes == {"filled": 1, "canceled": 1}
    assert len(captured.spans) == 3


def test_an_account_is_compared(page: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    page["watch_the_account"](SimpleNamespace(exchange="binance", interval=1.0))
    assert trading.position("binance", symbol="BTC/USDT").amount == 0.5


def test_a_feed(page: dict[str, Any], captured: Capture, clock: FakeClock) -> None:
    for sequence in (1, 2, 4):
        page["on_message"]({"timestamp": clock() * 1000, "sequence": sequence})
    page["on_connect"]()
    page["on_message"]({"timestamp": clock() * 1000, "sequence": 9})
    assert captured.value(names.FEED_MESSAGES.name) == 4
    assert captured.value(names.FEED_GAPS.name) == 1


def test_a_backtest(page: dict[str, Any], captured: Capture) -> None:
    before = captured.metrics.get(names.BOT_TRANSITIONS.name)
    page["backtest"](lambda bot: bot.state("running"), SimpleNamespace(now=lambda: 1.0))
    assert captured.metrics.get(names.BOT_TRANSITIONS.name) == before


def test_the_page_names_what_there_is() -> None:
    text = PAGE.read_text()
    known = {metric.prometheus_name for metric in names.METRICS}
    mentioned = set(re.findall(r"\bbotobs_\w+(?=\[)", text))
    assert len(mentioned) == 3
    assert mentioned <= known


def test_an_order_of_unknown_outcome_is_settled(page: dict[str, Any], captured: Capture) -> None:
    trading.order("lost", exchange="binance").unknown()
    assert UNSETTLED.waiting
    page["found_filled"]("lost")
    assert not UNSETTLED.waiting
