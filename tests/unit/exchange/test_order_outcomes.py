"""Orders whose fate the exchange leaves open, through the real clients: both counts call them unknown."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import ccxt
import ccxt.async_support
import pytest
import pytest_asyncio

from botobs import trading
from botobs.semconv import trading as trading_names
from botobs.testing import Capture, capture
from tests.support.ccxt_at_desk import outcomes
from tests.support.fake_binance import FakeBinance

with warnings.catch_warnings():
    # python-binance still imports a deprecated name of websockets.
    warnings.simplefilter("ignore", DeprecationWarning)
    from binance import AsyncClient
    from binance import Client as SyncClient

pytestmark = [pytest.mark.slow, pytest.mark.asyncio]

Submit = Callable[[], Awaitable[Any]]

STATUS_UNKNOWN = '"msg":"Timeout waiting for response from backend server. Execution status unknown."}'
BINANCE_ANSWERS = [
    (408, '{"code":-1007,' + STATUS_UNKNOWN, "unknown"),
    (400, '{"code":-1007,' + STATUS_UNKNOWN, "unknown"),
    (500, '{"code":-1007,' + STATUS_UNKNOWN, "unknown"),
    (400, '{"code":-1006,"msg":"An unexpected response was received. Execution status unknown."}', "unknown"),
    (500, '{"code":-1001,"msg":"Internal error; unable to process your request."}', "unknown"),
    (400, '{"code":-1001,"msg":"Internal error; unable to process your request."}', "unknown"),
    (400, '{"code":-1000,"msg":"An unknown error occurred while processing the request."}', "unknown"),
    (408, "<html>Request Time-out</html>", "unknown"),
    (503, "<html>Service Unavailable</html>", "unknown"),
    (503, '{"code":-1008,"msg":"Server is currently overloaded with other requests."}', "rejected"),
    (400, '{"code":-2010,"msg":"Account has insufficient balance for requested action."}', "rejected"),
    (400, '{"code":-1021,"msg":"Timestamp for this request is outside of the recvWindow."}', "rejected"),
    (429, '{"code":-1003,"msg":"Too much request weight used."}', "rejected"),
    (403, "<html>Forbidden by the firewall</html>", "rejected"),
    (451, '{"code":0,"msg":"Service unavailable from a restricted location."}', "rejected"),
]


@pytest.fixture(autouse=True)
def _each_request_has_its_connection(binance: FakeBinance) -> None:
    """A kept one that is found closed leaves open whether the request arrived."""
    binance.headers["Connection"] = "close"


@pytest.fixture
def captured(binance: FakeBinance) -> Iterator[Capture]:
    """With the instrumentations of libraries; the fake exchange is older, and so not watched."""
    with capture() as captured:
        yield captured


@pytest_asyncio.fixture(params=["ccxt", "ccxt.async", "python-binance", "python-binance.async"])
async def submit(
    request: pytest.FixtureRequest, captured: Capture, binance: FakeBinance, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Submit]:
    """Submits an order at the fake exchange through one of the clients."""
    monkeypatch.setattr("binance.base_client.BaseClient.API_URL", f"{binance.url}/api")
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "quantity": 1, "price": "100"}
    unified: tuple[Any, ...] = ("BTC/USDT", "limit", "buy", 1, 100)
    if request.param == "ccxt":
        sync = ccxt.binance(binance.ccxt_config())
        await asyncio.to_thread(sync.load_markets)
        yield lambda: asyncio.to_thread(sync.create_order, *unified)
    elif request.param == "ccxt.async":
        client = ccxt.async_support.binance(binance.ccxt_config())
        await client.load_markets()
        yield lambda: client.create_order(*unified)
        await client.close()
    elif request.param == "python-binance":
        plain = await asyncio.to_thread(SyncClient, "key", "secret", ping=False)
        yield lambda: asyncio.to_thread(plain.create_order, **order)
        plain.close_connection()
        plain.loop.close()  # python-binance makes one in each thread and leaves it open
    else:
        asynchronous = await AsyncClient.create("key", "secret")
        yield lambda: asynchronous.create_order(**order)
        await asynchronous.close_connection()


async def attempt(submit: Submit) -> None:
    with suppress(Exception), trading.order("mine", exchange="binance").submission():
        await submit()


@pytest.mark.parametrize(("status", "body", "outcome"), BINANCE_ANSWERS)
async def test_the_exchanges_own_code_decides(
    status: int, body: str, outcome: str, submit: Submit, captured: Capture, binance: FakeBinance
) -> None:
    binance.failure = (status, body)
    await attempt(submit)
    assert outcomes(captured) == ({outcome: 1}, {outcome: 1})


async def test_an_order_that_is_cut_off_is_unknown(
    submit: Submit, captured: Capture, binance: FakeBinance
) -> None:
    binance.cut = True
    await attempt(submit)
    assert outcomes(captured) == ({"unknown": 1}, {"unknown": 1})


async def test_an_answer_that_is_cut_off_in_its_middle_is_unknown(
    submit: Submit, captured: Capture, binance: FakeBinance
) -> None:
    binance.cut_answers = True
    await attempt(submit)
    assert outcomes(captured) == ({"unknown": 1}, {"unknown": 1})


async def test_an_order_that_never_left_has_failed(
    submit: Submit, captured: Capture, binance: FakeBinance
) -> None:
    await binance.stop()
    await attempt(submit)
    assert outcomes(captured) == ({"failed": 1}, {"failed": 1})


async def test_an_order_that_was_accepted_stays_so_whatever_is_raised_after(
    submit: Submit, captured: Capture
) -> None:
    async def submit_and_store() -> None:
        await submit()
        raise ConnectionRefusedError("the bot's database")

    await attempt(submit_and_store)
    assert outcomes(captured) == ({"accepted": 1}, {})
    assert captured.value(trading_names.ORDER_STAGES.name, {trading_names.ORDER_STAGE: "acknowledged"}) == 1


async def test_a_retry_inside_the_handler_is_judged_by_itself(
    captured: Capture, binance: FakeBinance
) -> None:
    """The first attempt never leaves. The second, which raises in the context of the first, is read and cut off."""
    client = ccxt.binance(binance.ccxt_config())
    await asyncio.to_thread(client.load_markets)
    reachable = client.urls
    binance.cut = True

    def retried() -> None:
        client.urls = repointed(client.urls, "http://127.0.0.1:1")
        try:
            client.create_order("BTC/USDT", "limit", "buy", 1, 100)
        except ccxt.NetworkError:
            client.urls = reachable
            client.create_order("BTC/USDT", "limit", "buy", 1, 100)

    await attempt(lambda: asyncio.to_thread(retried))
    assert outcomes(captured) == ({"failed": 1, "unknown": 1}, {"unknown": 1})


async def test_an_order_is_as_open_as_its_least_certain_attempt(
    submit: Submit, captured: Capture, binance: FakeBinance
) -> None:
    async def retried() -> None:
        try:
            await submit()
        except Exception:
            await binance.stop()
            await submit()

    binance.cut = True
    await attempt(retried)
    assert outcomes(captured) == ({"unknown": 1, "failed": 1}, {"unknown": 1})


@pytest.mark.parametrize("library", [ccxt, ccxt.async_support])
async def test_what_ccxt_repeats_itself_is_as_open_as_its_least_certain_attempt(
    library: Any, captured: Capture, binance: FakeBinance
) -> None:
    client = library.binance(binance.ccxt_config())
    client.options["maxRetriesOnFailure"] = 1
    await call(client, "load_markets")
    binance.dies = True
    await attempt(lambda: call(client, "create_order", "BTC/USDT", "limit", "buy", 1, 100))
    await call(client, "close")
    assert len([request for request in binance.requests if request[0] == "POST"]) == 1
    assert outcomes(captured) == ({"unknown": 1}, {"unknown": 1})


@pytest.mark.parametrize("library", [ccxt, ccxt.async_support])
async def test_a_post_that_loads_markets_is_no_order(
    library: Any, captured: Capture, binance: FakeBinance
) -> None:
    client = library.hyperliquid({"walletAddress": "0x" + "1" * 40, "privateKey": "0x" + "1" * 64})
    client.urls = repointed(client.urls, binance.url)
    binance.failure = (504, "<html>Gateway Time-out</html>")
    await attempt(lambda: call(client, "create_order", "BTC/USDC:USDC", "limit", "buy", 1, 100))
    await call(client, "close")
    assert {request[0] for request in binance.requests} == {"POST"}
    assert outcomes(captured) == ({"failed": 1}, {"failed": 1})


async def test_what_a_client_prepares_before_its_first_order_is_no_order(
    captured: Capture, binance: FakeBinance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ccxt approves a fee and sets a referrer, both by POST, before it sends hyperliquid the first order."""
    client = ccxt.hyperliquid({"walletAddress": "0x" + "1" * 40, "privateKey": "0x" + "1" * 64})
    client.urls = repointed(client.urls, binance.url)
    client.set_markets([{**MARKET, "symbol": "BTC/USDC", "quote": "USDC", "baseId": "10000", "id": "10000"}])
    approved = {"status": "ok", "response": {"type": "default"}}
    refused = {"statuses": [{"error": "Insufficient spot balance asset=10000"}]}
    answers: list[Any] = [
        approved,
        approved,
        {"status": "ok", "response": {"type": "order", "data": refused}},
    ]
    monkeypatch.setattr(binance, "_exchange", lambda: answers.pop(0), raising=False)
    await attempt(lambda: call(client, "create_order", "BTC/USDC", "limit", "buy", 1, 100))
    assert [path for _, path, _ in binance.requests if path == "/exchange"] == ["/exchange"] * 3
    assert outcomes(captured) == ({"rejected": 1}, {"rejected": 1})


DIALECTS = [
    ("bybit", 200, '{"retCode":10016,"retMsg":"Server error.","result":{}}', "unknown"),
    ("bybit", 200, '{"retCode":170146,"retMsg":"Order creation timeout.","result":{}}', "unknown"),
    ("bybit", 200, '{"retCode":110007,"retMsg":"Insufficient available balance","result":{}}', "rejected"),
    ("okx", 400, '{"code":"50004","msg":"API endpoint request timeout.","data":[]}', "unknown"),
    (
        "okx",
        200,
        '{"code":"1","data":[{"clOrdId":"a","ordId":"","sCode":"51149","sMsg":"Order timed out."}],"msg":""}',
        "unknown",
    ),
    (
        "okx",
        200,
        '{"code":"1","data":[{"clOrdId":"a","ordId":"","sCode":"51008","sMsg":"Insufficient balance"}],"msg":""}',
        "rejected",
    ),
    ("kucoin", 200, '{"code":"408000","msg":"Network timeout, please try again later"}', "unknown"),
    ("kucoin", 200, '{"code":"200004","msg":"Balance insufficient!"}', "rejected"),
    ("kraken", 200, '{"error":["EService:Unavailable"]}', "unknown"),
    ("kraken", 200, '{"error":["EGeneral:Internal error"]}', "unknown"),
    ("kraken", 200, '{"error":["EService:Deadline elapsed"]}', "rejected"),
    ("kraken", 200, '{"error":["EOrder:Insufficient funds"]}', "rejected"),
    ("gate", 400, '{"label":"SERVER_ERROR","message":"Internal server error"}', "unknown"),
    ("gate", 400, '{"label":"BALANCE_NOT_ENOUGH","message":"Not enough balance"}', "rejected"),
    (
        "bitget",
        400,
        '{"code":"40015","msg":"System is abnormal, please try again later","data":null}',
        "unknown",
    ),
    ("bitget", 400, '{"code":"43012","msg":"Insufficient balance","data":null}', "rejected"),
    ("mexc", 400, '{"code":500,"msg":"Internal error"}', "unknown"),
    (
        "htx",
        200,
        '{"status":"error","err-code":"gateway-internal-error","err-msg":"Failed to load data."}',
        "unknown",
    ),
    (
        "htx",
        200,
        '{"status":"error","err-code":"invalid-amount","err-msg":"Paramemter `amount` is invalid."}',
        "rejected",
    ),
    ("coinbase", 400, '{"error":"internal_server_error","message":"Internal server error"}', "unknown"),
]


@pytest.mark.parametrize(("name", "status", "body", "outcome"), DIALECTS)
async def test_each_exchange_in_its_own_words(
    name: str, status: int, body: str, outcome: str, captured: Capture, binance: FakeBinance
) -> None:
    client = getattr(ccxt, name)(
        {"apiKey": "key", "secret": "c2VjcmV0c2VjcmV0", "password": "word", "uid": "7"}
    )
    client.urls = repointed(client.urls, binance.url)
    client.options |= {"enableUnifiedMargin": False, "enableUnifiedAccount": True, "uta": False}
    client.set_markets([MARKET])
    client.accounts = [{"id": "1", "type": "spot"}]
    binance.failure = (status, body)
    await attempt(lambda: call(client, "create_order", "BTC/USDT", "limit", "buy", 1, 100))
    assert [request[0] for request in binance.requests].count("POST") == 1
    assert outcomes(captured) == ({outcome: 1}, {outcome: 1})


MARKET = {
    "id": "BTCUSDT",
    "symbol": "BTC/USDT",
    "base": "BTC",
    "quote": "USDT",
    "baseId": "BTC",
    "quoteId": "USDT",
    "type": "spot",
    "spot": True,
    "margin": False,
    "swap": False,
    "future": False,
    "option": False,
    "contract": False,
    "active": True,
    "precision": {"amount": 0.00001, "price": 0.01},
    "limits": {"amount": {"min": 0.00001}, "price": {}, "cost": {}},
    "info": {},
}


async def call(client: Any, name: str, *args: Any) -> Any:
    """Call a synchronous or asynchronous client of ccxt."""
    method = getattr(client, name)
    if asyncio.iscoroutinefunction(method):
        return await method(*args)
    return await asyncio.to_thread(method, *args)


def repointed(urls: Any, base: str) -> Any:
    """ccxt's addresses, all of them at `base`."""
    if isinstance(urls, dict):
        return {key: repointed(value, base) for key, value in urls.items()}
    return base + urlsplit(urls).path if isinstance(urls, str) and "://" in urls else urls
