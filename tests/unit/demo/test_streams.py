"""WebSockets: the messages as they are, and what real ccxt.pro clients make of them."""

from __future__ import annotations

import asyncio
import json
import zlib
from itertools import pairwise
from typing import Any

import aiohttp
import ccxt
import pytest

from botobs._demo.exchange_simulator.credentials import API_KEY
from tests.support.simulator import SYMBOL, Simulator, watch_until
from tests.support.waiting import until

EXCHANGES = pytest.mark.parametrize("name", ["binance", "okx"])
pytestmark = [pytest.mark.slow, pytest.mark.asyncio]

BINANCE_BOOK = {"method": "SUBSCRIBE", "params": ["btcusdt@depth@100ms"], "id": 1}
OKX_BOOK = {"op": "subscribe", "args": [{"channel": "books", "instId": "BTC-USDT"}]}
BOOKS = {"binance": ("/binance/stream/ws/0", BINANCE_BOOK), "okx": ("/okx/ws/v5/public", OKX_BOOK)}


async def book_socket(simulator: Simulator, name: str) -> aiohttp.ClientWebSocketResponse:
    """A socket that has subscribed to a book, and had its answer."""
    path, request = BOOKS[name]
    socket = await simulator.socket(path)
    await socket.send_json(request)
    await socket.receive_json()
    return socket


@EXCHANGES
async def test_a_book_is_watched_without_a_gap(simulator: Simulator, name: str) -> None:
    client = await simulator.pro(name)
    exchange = simulator.exchanges[name]
    for _ in range(30):
        book = await client.watch_order_book(SYMBOL)
        assert book["bids"][0][0] < book["asks"][0][0]
    # What was put together from changes is the book of the exchange, as of the last change that came.
    published = exchange.markets[SYMBOL].published
    while book["nonce"] != published.sequence:
        book = await client.watch_order_book(SYMBOL)
        published = exchange.markets[SYMBOL].published
    tick = exchange.markets[SYMBOL].instrument.tick
    assert {float(tick * level): size for level, size in published.bids.items()} == {
        price: size for price, size, *_ in book["bids"]
    }


@EXCHANGES
async def test_a_gap_is_noticed_and_mended(simulator: Simulator, name: str) -> None:
    client = await simulator.pro(name)
    await client.watch_order_book(SYMBOL)
    await simulator.fault("sequence_gap", exchange=name)
    noticed = ccxt.ChecksumError if name == "binance" else ccxt.InvalidNonce
    with pytest.raises(noticed):
        await watch_until(lambda: client.watch_order_book(SYMBOL), lambda _: False)
    for _ in range(5):
        await client.watch_order_book(SYMBOL)
    counts = await simulator.counts(name)
    assert counts["books"]["gaps"] == len(simulator.exchanges[name].markets)
    assert counts["faults"] == {}


@EXCHANGES
async def test_a_crossed_book(simulator: Simulator, name: str) -> None:
    client = await simulator.pro(name)
    await simulator.fault("crossed_book", exchange=name)
    await watch_until(
        lambda: client.watch_order_book(SYMBOL), lambda book: book["bids"][0][0] > book["asks"][0][0]
    )


@EXCHANGES
async def test_trades_are_watched(simulator: Simulator, name: str) -> None:
    client = await simulator.pro(name)
    trades = await client.watch_trades(SYMBOL)
    assert trades[-1]["symbol"] == SYMBOL
    assert trades[-1]["price"] > 0


@EXCHANGES
async def test_tickers_and_candles_are_watched(simulator: Simulator, name: str) -> None:
    client = await simulator.pro(name)
    assert (await client.watch_ticker(SYMBOL))["last"] > 0
    assert (await client.watch_ohlcv(SYMBOL, "1m"))[-1][4] > 0


@EXCHANGES
async def test_own_orders_are_watched(simulator: Simulator, name: str) -> None:
    trader, watcher = await simulator.rest(name), await simulator.pro(name)
    watching = asyncio.create_task(watcher.watch_orders())
    subscribers = simulator.exchanges[name].connections.subscribers
    channel = "demo-listen-key" if name == "binance" else "orders"
    await until(lambda: any(subscribers(channel)))
    placed = await trader.create_order(SYMBOL, "limit", "buy", 0.01, 40_000, {"clientOrderId": "mine1"})
    first = (await watching)[-1]
    assert (first["id"], first["clientOrderId"], first["status"]) == (placed["id"], "mine1", "open")
    await trader.cancel_order(placed["id"], SYMBOL)
    last = (await watcher.watch_orders())[-1]
    assert (last["id"], last["clientOrderId"], last["status"]) == (placed["id"], "mine1", "canceled")
    await trader.create_order(SYMBOL, "market", "sell", 0.02, None, {"clientOrderId": "mine2"})

    def filled(orders: list[Any]) -> bool:
        return (orders[-1]["clientOrderId"], orders[-1]["status"]) == ("mine2", "closed")

    orders = await watch_until(watcher.watch_orders, filled)
    assert (orders[-1]["filled"], orders[-1]["side"]) == (0.02, "sell")


@EXCHANGES
async def test_a_wrong_secret_watches_no_orders(simulator: Simulator, name: str) -> None:
    client = await simulator.pro(name)
    client.secret = "another"
    # ccxt 4.5.90 loses Binance's answer in a KeyError of its own.
    with pytest.raises((ccxt.AuthenticationError, KeyError)):
        await client.watch_orders()
    assert (await simulator.counts(name))["rejections"] == {"wrong_signature": 1}


async def test_binance_numbers_its_changes_one_after_the_other(simulator: Simulator) -> None:
    socket = await book_socket(simulator, "binance")
    changes = [await socket.receive_json() for _ in range(10)]
    for before, after in pairwise(changes):
        assert after["U"] == before["u"] + 1
        assert after["u"] >= after["U"]


async def test_binance_joins_snapshot_and_stream(simulator: Simulator) -> None:
    socket = await book_socket(simulator, "binance")
    await socket.receive_json()
    async with simulator.session.get(f"{simulator.url}/binance/api/v3/depth?symbol=BTCUSDT") as response:
        last = (await response.json())["lastUpdateId"]
    while (change := await socket.receive_json())["u"] <= last:
        pass
    assert change["U"] <= last + 1


async def test_okx_links_its_changes_and_adds_a_checksum(simulator: Simulator) -> None:
    socket = await book_socket(simulator, "okx")
    snapshot = await socket.receive_json()
    assert (snapshot["action"], snapshot["data"][0]["prevSeqId"]) == ("snapshot", -1)
    sequence = snapshot["data"][0]["seqId"]
    sides: dict[str, dict[str, str]] = {side: {} for side in ("bids", "asks")}
    apply(sides, snapshot["data"][0])
    for _ in range(20):
        message = await socket.receive_json()
        (change,) = message["data"]
        assert (message["action"], change["prevSeqId"]) == ("update", sequence)
        sequence = change["seqId"]
        apply(sides, change)
        assert checksum(sides) == change["checksum"]


def apply(sides: dict[str, dict[str, str]], change: dict[str, Any]) -> None:
    for side, levels in sides.items():
        for price, size, *_ in change[side]:
            levels[price] = size
            if float(size) == 0:
                del levels[price]


def checksum(sides: dict[str, dict[str, str]]) -> int:
    bids = sorted(sides["bids"].items(), key=lambda level: -float(level[0]))[:25]
    asks = sorted(sides["asks"].items(), key=lambda level: float(level[0]))[:25]
    text = ":".join(part for pair in zip(bids, asks, strict=True) for level in pair for part in level)
    value = zlib.crc32(text.encode())
    return value if value < 2**31 else value - 2**32


async def test_binance_streams_named_in_the_address(simulator: Simulator) -> None:
    single = await simulator.socket("/binance/stream/ws/btcusdt@trade")
    assert (await single.receive_json())["s"] == "BTCUSDT"
    combined = await simulator.socket("/binance/stream?streams=btcusdt@trade/ethusdt@depth")
    messages = [await combined.receive_json() for _ in range(20)]
    assert {message["stream"] for message in messages} == {"btcusdt@trade", "ethusdt@depth"}
    assert all(message["data"]["s"].lower() == message["stream"].partition("@")[0] for message in messages)


async def test_binance_own_orders_by_listen_key(simulator: Simulator) -> None:
    address = f"{simulator.url}/binance/api/v3/userDataStream"
    async with simulator.session.post(address) as response:
        assert response.status == 401
    async with simulator.session.post(address, headers={"X-MBX-APIKEY": API_KEY}) as response:
        key = (await response.json())["listenKey"]
    socket = await simulator.socket(f"/binance/stream/ws/{key}")
    client = await simulator.rest("binance")
    await client.create_order(SYMBOL, "market", "buy", 0.01)
    reports = [await socket.receive_json() for _ in range(2)]
    assert [report["X"] for report in reports] == ["NEW", "FILLED"]


@EXCHANGES
async def test_unsubscribed_channels_are_quiet(simulator: Simulator, name: str) -> None:
    socket = await book_socket(simulator, name)
    undo = json.loads(
        json.dumps(BOOKS[name][1]).replace("SUBSCRIBE", "UNSUBSCRIBE").replace('"subscribe', '"unsubscribe')
    )
    await socket.send_json(undo)

    def acknowledged(message: dict[str, Any]) -> bool:
        return message.get("event") == "unsubscribe" or "result" in message

    await watch_until(socket.receive_json, acknowledged)
    exchange = simulator.exchanges[name]
    before, changes = exchange.counts.sent, exchange.counts.book_changes
    await until(lambda: exchange.counts.book_changes >= changes + 10)
    assert exchange.counts.sent == before


@pytest.mark.parametrize(
    ("path", "text", "code"),
    [
        ("/binance/stream/ws/0", "nonsense", 2),
        ("/binance/ws-api/v3", "nonsense", -1100),
        ("/binance/ws-api/v3", '{"id":1,"method":"dance"}', -1102),
        ("/okx/ws/v5/public", "nonsense", "60012"),
        ("/okx/ws/v5/public", '{"op":"dance","args":[]}', "60012"),
        ("/okx/ws/v5/public", '{"op":"subscribe","args":[{"channel":"books","instId":"NONE"}]}', "60018"),
        ("/okx/ws/v5/public", '{"op":"subscribe","args":[{"channel":"dance","instId":"BTC-USDT"}]}', "60018"),
        ("/okx/ws/v5/private", '{"op":"subscribe","args":[{"channel":"orders","instType":"ANY"}]}', "60011"),
        ("/okx/ws/v5/private", '{"op":"login","args":[{"apiKey":"demo-key","timestamp":"x"}]}', "60006"),
    ],
)
async def test_bad_messages_are_answered_in_the_dialect(
    simulator: Simulator, path: str, text: str, code: int | str
) -> None:
    socket = await simulator.socket(path)
    await socket.send_str(text)
    answer = await socket.receive_json()
    assert answer.get("code", answer.get("error", {}).get("code")) == code


@EXCHANGES
async def test_drop_cuts_off_and_turns_away(simulator: Simulator, name: str) -> None:
    socket = await book_socket(simulator, name)
    await simulator.fault("drop", exchange=name)
    await watch_until(socket.receive, lambda message: message.type is not aiohttp.WSMsgType.TEXT)
    assert socket.close_code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE
    with pytest.raises(aiohttp.ClientError):
        await simulator.socket(BOOKS[name][0])
    counts = await simulator.counts(name)
    assert counts["websocket"]["opened"] == 1
    # The client may have tried twice.
    assert counts["websocket"]["refused"] >= 1
    async with simulator.session.delete(f"{simulator.url}/control/faults"):
        await book_socket(simulator, name)


@EXCHANGES
async def test_silence_brings_no_data_but_answers(simulator: Simulator, name: str) -> None:
    socket = await book_socket(simulator, name)
    await simulator.fault("silence", exchange=name)
    await socket.ping(b"alive?")
    await watch_until(socket.receive, lambda message: message.type is aiohttp.WSMsgType.PONG)
    exchange = simulator.exchanges[name]
    sent, market = exchange.counts.sent, exchange.markets[SYMBOL]
    sequence = market.book().sequence
    await until(lambda: market.book().sequence >= sequence + 100)
    assert exchange.counts.sent == sent


@EXCHANGES
async def test_after_a_silence_nothing_is_missing(simulator: Simulator, name: str) -> None:
    client = await simulator.pro(name)
    before = (await client.watch_order_book(SYMBOL))["nonce"]
    await simulator.fault("silence", exchange=name, seconds=0.2)
    for _ in range(10):
        book = await client.watch_order_book(SYMBOL)
    assert book["nonce"] > before


async def test_a_book_that_is_subscribed_to_in_silence_comes_afterwards(simulator: Simulator) -> None:
    await simulator.fault("silence", exchange="okx", seconds=0.2)
    socket = await book_socket(simulator, "okx")
    assert (await socket.receive_json())["action"] == "snapshot"


@EXCHANGES
async def test_half_open_neither_sends_nor_reads(simulator: Simulator, name: str) -> None:
    socket = await book_socket(simulator, name)
    await simulator.fault("half_open", exchange=name)
    exchange = simulator.exchanges[name]
    market, received = exchange.markets[SYMBOL], exchange.counts.received
    sequence = market.book().sequence
    await socket.ping(b"alive?")
    await socket.send_json(BOOKS[name][1])
    await until(lambda: market.book().sequence >= sequence + 100)
    assert exchange.counts.received == received
    exchange.faults.clear()
    await watch_until(socket.receive, lambda message: message.type is aiohttp.WSMsgType.PONG)


@EXCHANGES
async def test_a_client_that_takes_nothing_is_cut_off(simulator: Simulator, name: str) -> None:
    socket = await book_socket(simulator, name)
    (session,) = simulator.exchanges[name].connections.subscribers(
        next(iter(session_channels(simulator, name)))
    )
    for _ in range(2_000):
        session.send("x")
    await watch_until(socket.receive, lambda message: message.type is not aiohttp.WSMsgType.TEXT)
    assert socket.close_code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE


def session_channels(simulator: Simulator, name: str) -> list[str]:
    return ["btcusdt@depth@100ms"] if name == "binance" else ["books:BTC-USDT"]


async def test_okx_answers_the_ping_of_its_own(simulator: Simulator) -> None:
    socket = await simulator.socket("/okx/ws/v5/public")
    await socket.send_str("ping")
    assert await socket.receive_str() == "pong"
