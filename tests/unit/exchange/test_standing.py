"""What an exchange says of its state and of our access to it, read from what the program asks and what is refused."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import ccxt
import ccxt.async_support
import ccxt.pro
import pytest
import pytest_asyncio

from botobs._sdk.instrument.exchange.clients.ccxt.rest import CcxtRest
from botobs._sdk.instrument.exchange.clients.ccxt.stream import CcxtWebSocket
from botobs._sdk.instrument.exchange.standing import Standing
from botobs._sdk.instrument.registry import client_classes
from tests.support.fake_binance import SYMBOL, FakeBinance
from tests.support.waiting import until
from tests.unit.exchange.conftest import ExchangeRecorder

pytestmark = [pytest.mark.slow, pytest.mark.asyncio]

WHO = {"exchange__name": "binance"}


class Exchange(FakeBinance):
    """A Binance whose state can be told."""

    status = 0
    market = SYMBOL

    def _status(self) -> Any:
        return {"status": self.status, "msg": "system_maintenance" if self.status else "normal"}

    def _exchangeInfo(self) -> Any:
        # Of markets that nobody trades some are always closed.
        closed = {**SYMBOL, "symbol": "ETHUSDT", "baseAsset": "ETH", "status": "BREAK"}
        return {**super()._exchangeInfo(), "symbols": [self.market, closed]}

    def _userDataStream(self) -> Any:
        return {"listenKey": "canary-listen-key"}


@pytest_asyncio.fixture
async def exchange() -> AsyncIterator[Exchange]:
    fake = Exchange()
    await fake.start()
    yield fake
    await fake.stop()


@pytest_asyncio.fixture
async def client(exchange: Exchange, recorded: ExchangeRecorder) -> AsyncIterator[Any]:
    with recorded.watching(CcxtRest()), recorded.watching(CcxtWebSocket()):
        client = ccxt.pro.binance(exchange.ccxt_config())
        await client.load_markets()
        yield client
        await client.close()


def reported(recorded: ExchangeRecorder, metric: str, **attributes: str) -> Any:
    """The value of a metric of Binance; None where it is not told."""
    wanted = {key.replace("__", "."): value for key, value in {**WHO, **attributes}.items()}
    found = [value for given, value in recorded.points(metric) if wanted.items() <= given.items()]
    return found[0] if found else None


async def test_maintenance_is_what_the_exchange_says_when_it_is_asked(
    client: Any, exchange: Exchange, recorded: ExchangeRecorder
) -> None:
    assert reported(recorded, "exchange.maintenance") is None, "nothing was said"
    await client.fetch_status()
    assert reported(recorded, "exchange.maintenance") == 0
    exchange.status = 1
    await client.fetch_status()
    assert reported(recorded, "exchange.maintenance") == 1
    exchange.status = 0
    await client.fetch_status()
    assert reported(recorded, "exchange.maintenance") == 0


async def test_a_call_that_is_refused_for_maintenance_says_it_too_until_an_order_is_taken(
    client: Any, exchange: Exchange, recorded: ExchangeRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(client.exceptions["exact"], "-9999", ccxt.OnMaintenance)
    exchange.failure = (503, '{"code":-9999,"msg":"closed"}')
    with pytest.raises(ccxt.OnMaintenance):
        await client.fetch_balance()
    assert reported(recorded, "exchange.maintenance") == 1
    exchange.failure = None
    await client.create_order("BTC/USDT", "limit", "buy", 1, 100)
    assert reported(recorded, "exchange.maintenance") == 0


async def test_a_market_that_orders_went_to_and_that_is_closed_is_suspended(
    client: Any, exchange: Exchange, recorded: ExchangeRecorder
) -> None:
    exchange.market = {**SYMBOL, "status": "BREAK"}
    await client.fetch_markets()
    assert reported(recorded, "exchange.markets.suspended") is None, "no order went there"
    exchange.market = SYMBOL
    await client.load_markets(True)
    await client.create_order("BTC/USDT", "limit", "buy", 1, 100)
    assert reported(recorded, "exchange.markets.suspended") == 0
    exchange.market = {**SYMBOL, "status": "BREAK"}
    await client.fetch_markets()
    assert reported(recorded, "exchange.markets.suspended") == 1


async def test_a_market_that_refuses_an_order_because_it_is_closed_is_suspended_until_it_takes_one(
    client: Any, exchange: Exchange, recorded: ExchangeRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(client.exceptions["exact"], "-9998", ccxt.MarketClosed)
    exchange.failure = (400, '{"code":-9998,"msg":"closed"}')
    with pytest.raises(ccxt.MarketClosed):
        await client.create_order("BTC/USDT", "limit", "buy", 1, 100)
    assert reported(recorded, "exchange.markets.suspended") == 1
    exchange.failure = None
    await client.create_order("BTC/USDT", "limit", "buy", 1, 100)
    assert reported(recorded, "exchange.markets.suspended") == 0


@pytest.mark.parametrize(
    ("code", "error", "reason"),
    [
        (-2015, ccxt.AuthenticationError, "refused"),
        (-9997, ccxt.PermissionDenied, "no_right"),
        (-9996, ccxt.AccountSuspended, "suspended"),
    ],
)
async def test_a_key_that_is_refused_is_told_until_the_same_call_is_let_through(
    client: Any,
    exchange: Exchange,
    recorded: ExchangeRecorder,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    error: type[Exception],
    reason: str,
) -> None:
    if str(code) not in client.exceptions["exact"]:
        monkeypatch.setitem(client.exceptions["exact"], str(code), error)
    exchange.failure = (401, json.dumps({"code": code, "msg": "canary"}))
    with pytest.raises(error):
        await client.fetch_balance()
    ((attributes, value),) = recorded.points("exchange.key.refused")
    assert value == 1
    assert attributes["exchange.key.reason"] == reason
    assert len(attributes["exchange.account"]) == 12, "a hash of the key"
    exchange.failure = None
    await client.fetch_time()
    assert recorded.points("exchange.key.refused"), "a call that needs no key says nothing of it"
    await client.create_order("BTC/USDT", "limit", "buy", 1, 100)
    assert bool(recorded.points("exchange.key.refused")) == (reason == "no_right")
    await client.fetch_balance()
    assert not recorded.points("exchange.key.refused")


async def test_a_listen_key_is_as_old_as_its_last_renewal_and_lost_when_it_cannot_be_renewed(
    client: Any, exchange: Exchange, recorded: ExchangeRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert reported(recorded, "exchange.listen_key.age") is None
    await client.publicPostUserDataStream()
    (kept,) = client_standing(recorded)._listen_keys
    client_standing(recorded)._listen_keys[kept] -= 3000
    assert 3000 <= reported(recorded, "exchange.listen_key.age") < 3600
    assert reported(recorded, "exchange.listen_key.losses", exchange__listen_key__reason="refused") == 0
    await client.publicPutUserDataStream({"listenKey": "canary-listen-key"})
    assert reported(recorded, "exchange.listen_key.age") < 3000
    exchange.failure = (400, '{"code":-1125,"msg":"This listenKey does not exist."}')
    with pytest.raises(ccxt.ExchangeError):
        await client.publicPutUserDataStream({"listenKey": "canary-listen-key"})
    assert reported(recorded, "exchange.listen_key.losses", exchange__listen_key__reason="refused") == 1
    assert reported(recorded, "exchange.listen_key.age") is None
    exchange.failure = None
    await client.publicPostUserDataStream()
    await client.publicDeleteUserDataStream({"listenKey": "canary-listen-key"})
    assert reported(recorded, "exchange.listen_key.age") is None, "ended by the program"
    assert "canary" not in recorded.everything()


def client_standing(recorded: ExchangeRecorder) -> Standing:
    """What is kept of Binance."""
    from botobs._sdk.instrument.exchange.telemetry import ExchangeTelemetry
    from botobs._sdk.instrument.shared import once_per_provider

    return once_per_provider(recorded.telemetry, ExchangeTelemetry).exchange("binance").standing


async def test_a_listen_key_that_expires_is_told_by_the_stream(
    client: Any, exchange: Exchange, recorded: ExchangeRecorder
) -> None:
    books = client.watch_order_book("BTC/USDT")
    task = asyncio.ensure_future(books)
    await until(lambda: exchange.sockets)
    await exchange.send({"e": "listenKeyExpired", "E": 1699596037418, "listenKey": "canary-listen-key"})
    expired = {"exchange__listen_key__reason": "event"}
    await until(lambda: reported(recorded, "exchange.listen_key.losses", **expired) == 1)
    task.cancel()
    assert "canary" not in recorded.everything()


STATES: dict[str, tuple[str, str, Mapping[str, Any], Mapping[str, Any]]] = {
    "binance_connector": ("GET", "/sapi/v1/system/status", {"status": 0}, {"status": 1}),
    "pybit": (
        "GET",
        "/v5/system/status",
        {"retCode": 0, "result": {"list": [{"state": "scheduled", "end": "1"}]}},
        {"retCode": 0, "result": {"list": [{"state": "ongoing", "end": "4102444800000"}]}},
    ),
    "python_okx": (
        "GET",
        "/api/v5/system/status",
        {"code": "0", "data": [{"state": "scheduled", "end": "1"}]},
        {"code": "0", "data": [{"state": "ongoing", "end": "4102444800000"}]},
    ),
}


@pytest.mark.parametrize("client", STATES)
async def test_status_endpoints_of_other_clients_are_read(client: str) -> None:
    described = next(cls for cls in client_classes() if cls.name == client)()
    method, path, well, away = STATES[client]
    given = {
        "method": method,
        "http_method": method,
        "path": path,
        "url_path": path,
        "request_path": path,
    }
    call = described.call(None, given)
    assert call is not None
    assert call.operation == "fetch_status"
    found = Standing()
    for answer, expected in ((well, False), (away, True), (well, False)):
        found.succeeded(("", "", call.operation, ""), "", described.result(call, answer))
        assert found.known
        assert found.in_maintenance() is expected


async def test_a_status_ends_when_the_exchange_has_said_so_or_is_not_believed_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found, now = Standing(), time.time()
    found.stated({"status": "maintenance", "eta": (now + 100) * 1000})
    monkeypatch.setattr("time.time", lambda: now + 99)
    assert found.in_maintenance()
    monkeypatch.setattr("time.time", lambda: now + 101)
    assert not found.in_maintenance()
    found.stated({"status": "shutdown"})
    monkeypatch.setattr("time.time", lambda: now + 101 + 3599)
    assert found.in_maintenance()
    monkeypatch.setattr("time.time", lambda: now + 101 + 3601)
    assert not found.in_maintenance()
    found.stated({"status": None})
    assert not found.in_maintenance()
