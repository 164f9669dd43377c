"""Requests of real ccxt clients, of both exchanges."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from itertools import pairwise

import ccxt
import pytest

from botobs._demo.exchange_simulator.exchange import Behaviour
from tests.support.simulator import SYMBOL, Simulator, watch_until

EXCHANGES = pytest.mark.parametrize("name", ["binance", "okx"])
pytestmark = [pytest.mark.slow, pytest.mark.asyncio]


@EXCHANGES
async def test_public_requests(simulator: Simulator, name: str) -> None:
    client = await simulator.rest(name)
    exchange = simulator.exchanges[name]
    assert sorted(client.markets) == sorted(exchange.markets)
    assert abs(await client.fetch_time() - exchange.milliseconds()) < 60_000
    book = await client.fetch_order_book(SYMBOL, 5)
    assert len(book["bids"]) == len(book["asks"]) == 5
    assert book["bids"][0][0] < book["asks"][0][0]
    ticker = await client.fetch_ticker(SYMBOL)
    assert ticker["low"] <= ticker["last"] <= ticker["high"]
    await watch_until(lambda: client.fetch_trades(SYMBOL), lambda trades: len(trades) > 1)
    counts = await simulator.counts(name)
    assert counts["calls"]["fetch_markets"] == counts["calls"]["fetch_ticker"] == 1
    assert counts["signed"] == 0


@EXCHANGES
async def test_candles(simulator: Simulator, name: str) -> None:
    client = await simulator.rest(name)
    last = await client.fetch_ohlcv(SYMBOL, "5m", limit=10)
    assert len(last) == 10
    assert {later[0] - earlier[0] for earlier, later in pairwise(last)} == {300_000}
    since = last[0][0] - 100 * 300_000
    earlier = await client.fetch_ohlcv(SYMBOL, "5m", since=since, limit=10)
    assert (earlier[0][0], len(earlier)) == (since, 10)


@EXCHANGES
async def test_an_order_from_its_beginning_to_its_end(simulator: Simulator, name: str) -> None:
    client = await simulator.rest(name)
    placed = await client.create_order(SYMBOL, "limit", "buy", 0.01, 40_000, {"clientOrderId": "mine1"})
    known = await client.fetch_order(placed["id"], SYMBOL)
    assert (known["status"], known["clientOrderId"], known["amount"], known["price"]) == (
        "open",
        "mine1",
        0.01,
        40_000,
    )
    assert [order["id"] for order in await client.fetch_open_orders(SYMBOL)] == [placed["id"]]
    await client.cancel_order(placed["id"], SYMBOL)
    by_client_id = await client.fetch_order(None, SYMBOL, {"clientOrderId": "mine1"})
    assert (by_client_id["id"], by_client_id["status"]) == (placed["id"], "canceled")
    with pytest.raises(ccxt.OrderNotFound):
        await client.cancel_order(placed["id"], SYMBOL)
    with pytest.raises(ccxt.OrderNotFound):
        await client.fetch_order("1", SYMBOL)
    counts = await simulator.counts(name)
    assert counts["orders"] == {"received": 1, "accepted": 1, "rejected": 0, "cancelled": 1, "fills": 0}


@EXCHANGES
async def test_a_market_order_changes_the_balance(simulator: Simulator, name: str) -> None:
    client = await simulator.rest(name)
    before = await client.fetch_balance()
    placed = await client.create_order(SYMBOL, "market", "buy", 0.01)
    order = await client.fetch_order(placed["id"], SYMBOL)
    after = await client.fetch_balance()
    assert (order["status"], order["filled"]) == ("closed", 0.01)
    assert after["BTC"]["total"] - before["BTC"]["total"] == pytest.approx(0.01)
    assert before["USDT"]["total"] - after["USDT"]["total"] == pytest.approx(order["cost"], rel=1e-4)


@EXCHANGES
@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"secret": "another"}, "wrong_signature"), ({"apiKey": "another"}, "unknown_key")],
)
async def test_wrong_credentials_are_refused(
    simulator: Simulator, name: str, changes: dict[str, str], reason: str
) -> None:
    client = await simulator.rest(name, **changes)
    with pytest.raises(ccxt.AuthenticationError):
        await client.create_order(SYMBOL, "market", "buy", 0.01)
    counts = await simulator.counts(name)
    assert (counts["signed"], counts["rejections"], counts["orders"]["rejected"]) == (0, {reason: 1}, 1)


async def test_a_wrong_passphrase_is_refused(simulator: Simulator) -> None:
    client = await simulator.rest("okx", password="another")
    with pytest.raises(ccxt.AuthenticationError):
        await client.fetch_balance()


@EXCHANGES
@pytest.mark.parametrize("skew", [100.0, -100.0])
async def test_a_clock_that_is_off_is_refused(simulator: Simulator, name: str, skew: float) -> None:
    client = await simulator.rest(name)
    client.nonce = lambda: client.milliseconds() + round(skew * 1000)
    with pytest.raises(ccxt.InvalidNonce):
        await client.fetch_balance()
    assert (await simulator.counts(name))["rejections"] == {"timestamp": 1}


@EXCHANGES
async def test_the_clock_skew_fault_moves_the_exchange(simulator: Simulator, name: str) -> None:
    client = await simulator.rest(name)
    await simulator.fault("clock_skew", exchange=name, value=100)
    assert await client.fetch_time() - client.milliseconds() == pytest.approx(100_000, abs=30_000)
    date = parsedate_to_datetime(client.last_response_headers["Date"])
    assert date.timestamp() - client.milliseconds() / 1000 == pytest.approx(100, abs=30)
    with pytest.raises(ccxt.InvalidNonce):
        await client.fetch_balance()


@EXCHANGES
async def test_orders_beyond_the_balance_are_rejected(simulator: Simulator, name: str) -> None:
    client = await simulator.rest(name)
    with pytest.raises(ccxt.InsufficientFunds):
        await client.create_order(SYMBOL, "market", "buy", 5_000)


@EXCHANGES
async def test_orders_are_rejected_on_demand(simulator: Simulator, name: str) -> None:
    client = await simulator.rest(name)
    await simulator.fault("reject_orders", exchange=name)
    with pytest.raises(ccxt.InsufficientFunds):
        await client.create_order(SYMBOL, "market", "buy", 0.01)
    counts = await simulator.counts(name)
    assert counts["orders"] == {"received": 1, "accepted": 0, "rejected": 1, "cancelled": 0, "fills": 0}
    assert counts["rejections"] == {"balance": 1}


@EXCHANGES
@pytest.mark.parametrize("behaviour", [Behaviour(reject_share=1.0)])
async def test_a_share_of_the_orders_is_rejected(simulator: Simulator, name: str) -> None:
    client = await simulator.rest(name)
    with pytest.raises(ccxt.InsufficientFunds):
        await client.create_order(SYMBOL, "market", "buy", 0.01)


@EXCHANGES
async def test_too_many_requests(simulator: Simulator, name: str) -> None:
    client = await simulator.rest(name)
    await simulator.fault("rate_limit", exchange=name, value=7)
    with pytest.raises((ccxt.RateLimitExceeded, ccxt.DDoSProtection)):
        await client.create_order(SYMBOL, "market", "buy", 0.01)
    assert client.last_response_headers["Retry-After"] == "7"
    counts = await simulator.counts(name)
    assert counts["orders"]["received"] == counts["orders"]["rejected"] == 1


@EXCHANGES
async def test_a_banned_address(simulator: Simulator, name: str) -> None:
    client = await simulator.rest(name)
    await simulator.fault("ban", exchange=name, value=30)
    with pytest.raises((ccxt.DDoSProtection, ccxt.RateLimitExceeded, ccxt.ExchangeError)):
        await client.create_order(SYMBOL, "market", "buy", 0.01)
    assert client.last_response_headers["Retry-After"] == "30"
    assert (await simulator.counts(name))["orders"]["rejected"] == 1


async def test_a_limit_that_others_use(simulator: Simulator) -> None:
    client = await simulator.rest("binance")
    await simulator.fault("limit_used", exchange="binance", value=0.95)
    await client.fetch_time()
    assert 0.95 * 6000 < int(client.last_response_headers["X-MBX-USED-WEIGHT-1M"]) < 0.96 * 6000


@EXCHANGES
async def test_server_errors(simulator: Simulator, name: str) -> None:
    client = await simulator.rest(name)
    await simulator.fault("server_error", exchange=name)
    with pytest.raises(ccxt.ExchangeNotAvailable):
        await client.fetch_time()


@EXCHANGES
async def test_latency(simulator: Simulator, name: str) -> None:
    client = await simulator.rest(name, timeout=200)
    await client.fetch_time()
    await simulator.fault("latency", exchange=name, value=1)
    with pytest.raises(ccxt.RequestTimeout):
        await client.fetch_time()


async def test_a_fault_of_one_exchange_leaves_the_other_alone(simulator: Simulator) -> None:
    client = await simulator.rest("okx")
    await simulator.fault("server_error", exchange="binance")
    await client.fetch_time()


async def test_binance_tells_what_was_used_of_its_limits(simulator: Simulator) -> None:
    client = await simulator.rest("binance")
    await client.fetch_time()
    used = int(client.last_response_headers["X-MBX-USED-WEIGHT-1M"])
    await client.fetch_balance()
    assert int(client.last_response_headers["X-MBX-USED-WEIGHT-1M"]) in (used + 20, 20)
    assert "X-MBX-ORDER-COUNT-10S" not in client.last_response_headers
    await client.create_order(SYMBOL, "market", "buy", 0.01)
    assert client.last_response_headers["X-MBX-ORDER-COUNT-10S"] == "1"
    assert client.last_response_headers["X-MBX-ORDER-COUNT-1D"] == "1"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/binance/api/v3/depth?symbol=NONE", 400, -1121),
        ("/binance/api/v3/depth?symbol=BTCUSDT&limit=x", 400, -1102),
        ("/binance/api/v3/klines?symbol=BTCUSDT&interval=1y", 400, -1102),
        ("/binance/api/v3/account", 401, -2015),
        ("/okx/api/v5/market/books?instId=NONE", 200, "51001"),
        ("/okx/api/v5/market/candles?instId=BTC-USDT&bar=1y", 400, "51000"),
        ("/okx/api/v5/account/balance", 401, "50102"),
    ],
)
async def test_bad_requests_are_answered_in_the_dialect(
    simulator: Simulator, path: str, status: int, code: int | str
) -> None:
    async with simulator.session.get(simulator.url + path) as response:
        assert (response.status, (await response.json())["code"]) == (status, code)


@pytest.mark.parametrize("changes", [{"amount": 0.000001}, {"amount": 0.0000155}])
async def test_amounts_that_do_not_fit_are_refused(simulator: Simulator, changes: dict[str, float]) -> None:
    client = await simulator.rest("binance")
    client.amount_to_precision = lambda _, amount: f"{amount:.8f}"
    with pytest.raises(ccxt.BadRequest):
        await client.create_order(SYMBOL, "market", "buy", changes["amount"])
