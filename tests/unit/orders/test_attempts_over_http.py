"""Any client's order, seen at the HTTP library that it uses: a model of what the exchange really holds decides."""

from __future__ import annotations

import asyncio
import functools
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from typing import Any, get_args
from urllib.parse import urlsplit

import aiohttp
import httpx
import pytest
import requests
import urllib3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from botobs import clients, trading
from botobs.semconv import trading as names
from botobs.testing import Capture, capture
from tests.support.order_desk import Behaviour, OrderDesk, closed_url

pytestmark = pytest.mark.slow

ORDER = {"symbol": "BTCUSDT", "side": "BUY"}
Post = Callable[[str], None]


def with_requests(url: str) -> None:
    requests.post(url, json=ORDER, timeout=5).raise_for_status()


def with_urllib3(url: str) -> None:
    response = urllib3.PoolManager(retries=False).request("POST", url, json=ORDER, timeout=5.0)
    if response.status >= 400:
        raise RuntimeError(response.status)


def with_httpx(url: str) -> None:
    httpx.post(url, json=ORDER, timeout=5, trust_env=False).raise_for_status()


def running(function: Callable[[str], Awaitable[None]]) -> Post:
    @functools.wraps(function)
    def run(url: str) -> None:
        asyncio.run(function(url))  # type: ignore[arg-type]

    return run


@running
async def with_httpx_async(url: str) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
        (await client.post(url, json=ORDER)).raise_for_status()


@running
async def with_aiohttp(url: str) -> None:
    async with aiohttp.ClientSession() as session, session.post(url, json=ORDER) as response:
        await response.read()
        response.raise_for_status()


def with_urllib(url: str) -> None:
    request = urllib.request.Request(url, json.dumps(ORDER).encode())
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            response.read()
    except urllib.error.HTTPError as error:
        error.close()
        raise


def with_http_client(url: str) -> None:
    """Put together by its user, who looks at the status alone."""
    parts, body = urlsplit(url), json.dumps(ORDER).encode()
    with closing(http.client.HTTPConnection(parts.netloc, timeout=5)) as connection:
        connection.putrequest("POST", parts.path)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        response.read()
    if response.status >= 400:
        raise RuntimeError(response.status)


_AGAIN = urllib3.Retry(4, backoff_factor=0, status_forcelist=(502, 503), allowed_methods=None)


def with_requests_that_try_again(url: str) -> None:
    with requests.Session() as session:
        session.mount("http://", requests.adapters.HTTPAdapter(max_retries=_AGAIN))
        session.post(url, json=ORDER, timeout=5).raise_for_status()


def with_urllib3_that_tries_again(url: str) -> None:
    response = urllib3.PoolManager(retries=_AGAIN).request("POST", url, json=ORDER, timeout=5.0)
    if response.status >= 400:
        raise RuntimeError(response.status)


def with_a_pool_that_tries_again(url: str) -> None:
    with urllib3.connection_from_url(url, retries=_AGAIN) as pool:
        response = pool.request("POST", "/order", json=ORDER, timeout=5.0)
    if response.status >= 400:
        raise RuntimeError(response.status)


def with_httpx_that_follows(url: str) -> None:
    httpx.post(url, json=ORDER, timeout=5, trust_env=False, follow_redirects=True).raise_for_status()


CLIENTS: list[Post] = [with_requests, with_urllib3, with_httpx, with_httpx_async, with_aiohttp]
STANDARD: list[Post] = [with_urllib, with_http_client]
#: Those that send more than one request for one call.
PERSISTENT: list[Post] = [
    with_requests_that_try_again,
    with_urllib3_that_tries_again,
    with_a_pool_that_tries_again,
    with_httpx_that_follows,
]


@pytest.fixture(scope="module")
def captured() -> Iterator[Capture]:
    with capture() as captured:
        yield captured


@pytest.fixture(scope="module")
def nobody() -> str:
    return closed_url() + "/order"


def stage(captured: Capture, order: str) -> Any:
    [span] = [
        span
        for span in captured.spans
        if span.name == "order submit" and span.attributes["exchange.order.client_id"] == order
    ]
    return span.attributes[names.ORDER_STAGE]


def numbered() -> Iterator[str]:
    return (f"order-{number}" for number in range(10**9))


IDS = numbered()


# Three of five that others have: many more in the long form.
@settings(
    max_examples=(settings.default or settings()).max_examples * 3 // 5,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    post=st.sampled_from(CLIENTS + PERSISTENT + STANDARD),
    attempts=st.lists(st.sampled_from((*get_args(Behaviour), "nobody listens")), min_size=1, max_size=4),
    inside_the_handler=st.booleans(),
    raises=st.booleans(),
    in_a_thread=st.booleans(),
)
def test_what_is_told_fits_what_the_exchange_holds(
    captured: Capture,
    desk: OrderDesk,
    nobody: str,
    post: Post,
    attempts: list[Any],
    inside_the_handler: bool,
    raises: bool,
    in_a_thread: bool,
) -> None:
    """Attempts of the caller, after each other or each in the handler of the one before, perhaps in a pool's thread."""
    before = (desk.held, desk.received)
    desk.behaviours = [attempt for attempt in attempts if attempt != "nobody listens"]
    urls = [nobody if attempt == "nobody listens" else f"{desk.url}/order" for attempt in attempts]
    errors: list[Exception] = []

    def attempt_all(remaining: list[str]) -> None:
        try:
            if in_a_thread:
                pool.submit(post, remaining[0]).result()
            else:
                post(remaining[0])
        except Exception as error:
            errors.append(error)
            if len(remaining) > 1 and inside_the_handler:
                attempt_all(remaining[1:])
        else:
            return
        if len(remaining) > 1 and not inside_the_handler:
            attempt_all(remaining[1:])

    identity = next(IDS)
    with (
        ThreadPoolExecutor(1) as pool,
        suppress(Exception),
        trading.order(identity, exchange="binance").submission(),
    ):
        attempt_all(urls)
        if raises and errors:
            raise errors[-1]
    held, received = desk.held - before[0], desk.received - before[1]
    reported = stage(captured, identity)
    if held:
        assert reported not in ("rejected", "failed"), (held, received)
    if not received:
        assert reported == "failed"
    if received and reported == "failed":
        raise AssertionError("bytes were written")
    if reported == "acknowledged":
        assert held


@pytest.mark.parametrize("post", CLIENTS)
@pytest.mark.parametrize(
    ("behaviour", "reported"),
    [
        ("take", "acknowledged"),
        ("refuse", "rejected"),
        ("refuse with 200", "rejected"),
        ("take, say that it is not known", "unknown"),
        ("take, say a code of no table", "unknown"),
        ("take, cut", "unknown"),
        ("take, cut the answer", "unknown"),
        ("take, fail", "unknown"),
        ("take, answer a page", "unknown"),
        ("lose, answer a page", "unknown"),
        ("take, break the compression", "unknown"),
        ("lose, redirect", "unknown"),
    ],
)
def test_one_attempt(
    captured: Capture, desk: OrderDesk, post: Post, behaviour: Behaviour, reported: str
) -> None:
    desk.behaviours = [behaviour]
    identity = next(IDS)
    with suppress(Exception), trading.order(identity, exchange="binance").submission():
        post(f"{desk.url}/order")
    assert stage(captured, identity) == reported


@pytest.mark.parametrize("post", PERSISTENT[:3])
@pytest.mark.parametrize(
    ("behaviours", "reported"),
    [
        (["take, fail", "refuse"], "unknown"),
        (["lose, fail", "take"], "acknowledged"),
        (["take, cut", "refuse"], "unknown"),
        (["lose, redirect and keep the method", "take"], "acknowledged"),
        (["lose, redirect"], "unknown"),
    ],
)
def test_attempts_that_the_http_library_makes_itself(
    captured: Capture, desk: OrderDesk, post: Post, behaviours: list[Behaviour], reported: str
) -> None:
    desk.behaviours = list(behaviours)
    identity = next(IDS)
    with suppress(Exception), trading.order(identity, exchange="binance").submission():
        post(f"{desk.url}/order")
    assert not desk.behaviours
    assert stage(captured, identity) == reported


#: Refusals that clients return and do not raise, in the words of the exchanges' documentation.
RETURNED = {
    "okx": (
        200,
        {"code": "1", "msg": "", "data": [{"clOrdId": "a", "sCode": "51008", "sMsg": "no balance"}]},
    ),
    "kucoin": (200, {"code": "200004", "msg": "Balance insufficient!"}),
    "bybit": (200, {"retCode": 170131, "retMsg": "Balance insufficient.", "result": {}}),
    "kraken": (200, {"error": ["EOrder:Insufficient funds"]}),
    "coinbase": (
        200,
        {
            "success": False,
            "failure_reason": "UNKNOWN_FAILURE_REASON",
            "error_response": {"error": "INSUFFICIENT_FUND"},
        },
    ),
    "hyperliquid": (
        200,
        {
            "status": "ok",
            "response": {"data": {"statuses": [{"error": "Insufficient margin to place order."}]}},
        },
    ),
    "alpaca": (403, {"code": 40310000, "message": "insufficient buying power"}),
    "htx": (
        200,
        {"status": "error", "err-code": "account-frozen-balance-insufficient-error", "err-msg": "m"},
    ),
}


@pytest.mark.parametrize("exchange", RETURNED)
def test_a_refusal_that_is_returned(captured: Capture, desk: OrderDesk, exchange: str) -> None:
    desk.answers["refuse"] = RETURNED[exchange]
    desk.behaviours = ["refuse"]
    identity = next(IDS)
    with trading.order(identity, exchange=exchange).submission():
        answer = requests.post(f"{desk.url}/v5/order/create", json=ORDER, timeout=5).json()
    desk.answers.clear()
    assert stage(captured, identity) == "rejected"
    other = trading.order(next(IDS), exchange=exchange)
    with other.submission():
        other.answered(answer)
    assert stage(captured, other.key[1]) == "rejected"


def test_other_requests_of_the_block_never_decide(captured: Capture, desk: OrderDesk, nobody: str) -> None:
    desk.behaviours = ["take"]
    identity = next(IDS)
    with suppress(OSError), trading.order(identity, exchange="binance").submission():
        requests.get(f"{desk.url}/time", timeout=5)
        requests.post(f"{desk.url}/order", json=ORDER, timeout=5)
        requests.post(nobody.replace("/order", "/notify"), json=ORDER, timeout=5)
    assert stage(captured, identity) == "acknowledged"


def test_a_caller_that_gives_up_before_there_is_a_connection(captured: Capture) -> None:
    """A total timeout looks the same before and after the request is written; the bytes do not."""

    async def connecting_for_ever(*_: object, **__: object) -> list[dict[str, Any]]:
        await asyncio.sleep(60)
        return []

    async def submit() -> None:
        resolver = aiohttp.abc.AbstractResolver
        lost = type("Lost", (resolver,), {"resolve": connecting_for_ever, "close": asyncio.sleep})()
        connector = aiohttp.TCPConnector(resolver=lost)
        async with aiohttp.ClientSession(connector=connector) as session:
            order = trading.order(identity, exchange="binance")
            with suppress(TimeoutError), order.submission():
                async with asyncio.timeout(0.05), session.post("http://exchange.test/order", json=ORDER):
                    pass

    identity = next(IDS)
    asyncio.run(submit())
    assert stage(captured, identity) == "failed"


def test_a_classifier_of_the_user_comes_first(captured: Capture, desk: OrderDesk) -> None:
    seen: list[clients.Answer] = []

    def broker(answer: clients.Answer) -> clients.Outcome | None:
        seen.append(answer)
        return "rejected" if answer.exchange == "my-broker" and "not today" in answer.body else None

    remove = clients.add_classifier(broker)
    desk.answers["refuse"] = (200, {"verdict": "not today"})
    desk.behaviours = ["refuse", "refuse"]
    identities = [next(IDS), next(IDS)]
    with trading.order(identities[0], exchange="my-broker").submission():
        requests.post(f"{desk.url}/order", json=ORDER, timeout=5)
    remove()
    with trading.order(identities[1], exchange="my-broker").submission():
        requests.post(f"{desk.url}/order", json=ORDER, timeout=5)
    desk.answers.clear()
    assert [stage(captured, identity) for identity in identities] == ["rejected", "acknowledged"]
    assert [(answer.status, json.loads(answer.body)) for answer in seen] == [(200, {"verdict": "not today"})]


def test_a_classifier_that_fails_is_as_if_it_were_not_there(captured: Capture, desk: OrderDesk) -> None:
    remove = clients.add_classifier(lambda _: 1 / 0)  # type: ignore[arg-type,return-value]
    wrong = clients.add_classifier(lambda _: "perhaps")  # type: ignore[arg-type,return-value]
    desk.behaviours = ["refuse"]
    identity = next(IDS)
    with trading.order(identity, exchange="binance").submission():
        requests.post(f"{desk.url}/order", json=ORDER, timeout=5)
    remove()
    wrong()
    assert stage(captured, identity) == "rejected"
