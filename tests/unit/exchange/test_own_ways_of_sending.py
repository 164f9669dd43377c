"""What users put under or around ccxt: sessions that try again, a `fetch` of their own, orders within other calls."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import aiohttp
import ccxt
import ccxt.async_support
import pytest
import requests

from botobs import trading
from botobs._sdk.orders import UNSETTLED
from botobs.testing import capture
from tests.support.ccxt_at_desk import ORDER, binance_at, outcomes
from tests.support.order_desk import Behaviour, OrderDesk, closed_url

pytestmark = pytest.mark.slow

Submit = Callable[[str], Any]


class OwnFetch(ccxt.binance):  # type: ignore[misc]
    """Sends by itself."""

    def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        answer = requests.request(method, url, headers=headers, data=body, timeout=5)
        self.handle_errors(answer.status_code, "", url, method, {}, answer.text, answer.json(), headers, body)
        return answer.json()


class FetchesAgain(ccxt.binance):  # type: ignore[misc]
    """Tries again by itself, and raises something of its own."""

    def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        for _ in range(2):
            with suppress(ccxt.NetworkError):
                return super().fetch(url, method, headers, body)
        raise ccxt.ExchangeError("gave up")


class Closes(ccxt.binance):  # type: ignore[misc]
    """Closes positions by an order."""

    def close_position(self, symbol: str, side: Any = None, params: Any = None) -> Any:
        return self.create_order(symbol, "market", "sell", 1)


class Replaces(ccxt.binance):  # type: ignore[misc]
    """Submits another order once one is cancelled."""

    def cancel_order(self, id: str, symbol: Any = None, params: Any = None) -> Any:
        super().cancel_order(id, symbol)
        return self.create_order(*ORDER)


class Session(requests.Session):
    """Tries again what was not answered well."""

    def request(self, *args: Any, **kwargs: Any) -> Any:
        for _ in range(2):
            with suppress(requests.ConnectionError):
                answer = super().request(*args, **kwargs)
                if answer.status_code < 500:
                    return answer
        raise requests.ConnectionError("gave up")


class Retried:
    """What aiohttp-retry gives for a request."""

    def __init__(self, post: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> None:
        self._send: Callable[[], Awaitable[Any]] = lambda: post(*args, **kwargs)

    async def __aenter__(self) -> Any:
        for _ in range(2):
            with suppress(aiohttp.ClientError):
                answer = await self._send()
                if answer.status < 500:
                    return answer
        raise aiohttp.ClientError("gave up")

    async def __aexit__(self, *_: object) -> None:
        pass


class AsyncSession:
    """A client around aiohttp's, as aiohttp-retry's is."""

    def __init__(self) -> None:
        self._session = aiohttp.ClientSession()

    def post(self, *args: Any, **kwargs: Any) -> Retried:
        return Retried(self._session.post, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)


def own_fetch(url: str) -> None:
    binance_at(url, OwnFetch).create_order(*ORDER)


def own_function(url: str) -> None:
    exchange = binance_at(url)
    sender = binance_at(url, OwnFetch)
    exchange.fetch = sender.fetch
    exchange.create_order(*ORDER)


def fetches_again(url: str) -> None:
    binance_at(url, FetchesAgain).create_order(*ORDER)


def own_session(url: str) -> None:
    exchange = binance_at(url)
    exchange.session = Session()
    exchange.create_order(*ORDER)


def own_async_session(url: str) -> None:
    async def submit() -> None:
        exchange = binance_at(url, ccxt.async_support.binance)
        exchange.session = AsyncSession()
        try:
            await exchange.create_order(*ORDER)
        finally:
            await exchange.close()

    asyncio.run(submit())


def closing(url: str) -> None:
    binance_at(url, Closes).close_position("BTC/USDT")


def replacing(url: str) -> None:
    binance_at(url, Replaces).cancel_order("1", "BTC/USDT")


WAYS = (own_fetch, own_function, fetches_again, own_session, own_async_session, closing, replacing)
#: Ways that send a second time what was not answered.
AGAIN = (fetches_again, own_session, own_async_session)


def reported(url: str, way: Submit, submission: bool) -> list[dict[str, float]]:
    """What the client's instrumentation counts, and what the order's own report does."""
    with capture() as captured:
        with suppress(Exception):
            if submission:
                with trading.order("mine", exchange="binance").submission():
                    way(url)
            else:
                way(url)
        return [counted for counted in outcomes(captured) if counted]


CASES: list[tuple[list[Behaviour], str]] = [
    (["take, cut", "refuse"], "unknown"),
    (["take, fail", "refuse"], "unknown"),
    (["refuse"], "rejected"),
]


@pytest.mark.parametrize(("behaviours", "outcome"), CASES, ids=lambda case: str(case))
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_both_counts_say_what_the_evidence_says(
    way: Submit, behaviours: list[Behaviour], outcome: str, desk: OrderDesk
) -> None:
    desk.behaviours = list(behaviours)
    assert reported(desk.url, way, submission=True) == [{outcome: 1}, {outcome: 1}]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_outside_a_submission_too(way: Submit, desk: OrderDesk) -> None:
    desk.behaviours = ["take, cut", "refuse"]
    assert reported(desk.url, way, submission=False) == [{"unknown": 1}]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_what_was_taken_counts_once(way: Submit, desk: OrderDesk) -> None:
    desk.behaviours = ["take, fail", "take"] if way in AGAIN else ["take"]
    assert reported(desk.url, way, submission=False) == [{"accepted": 1}]


@pytest.mark.parametrize("way", [own_fetch, own_function, own_session, closing], ids=lambda way: way.__name__)
def test_nobody_listens(way: Submit) -> None:
    assert reported(closed_url(), way, submission=True) == [{"failed": 1}, {"failed": 1}]


def test_a_library_that_is_not_watched_sends(desk: OrderDesk) -> None:
    """None of the requests are seen: what is raised decides."""

    def lost(*_: Any) -> Any:
        raise ValueError("no answer")

    for part in ("fetch", "fetch2", "request", "privatePostOrder"):

        def way(url: str, part: str = part) -> None:
            exchange = binance_at(url)
            setattr(exchange, part, lost)
            exchange.create_order(*ORDER)

        assert reported(desk.url, way, submission=True) == [{"unknown": 1}, {"unknown": 1}], part


def test_nothing_was_sent(desk: OrderDesk) -> None:
    """All that could send is the library's own."""

    class Careful(ccxt.binance):  # type: ignore[misc]
        def create_order(self, *args: Any, **kwargs: Any) -> Any:
            raise ValueError("too much")

    assert reported(desk.url, lambda url: binance_at(url, Careful).create_order(*ORDER), submission=True) == [
        {"failed": 1},
        {"failed": 1},
    ]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_the_id_that_ccxt_has_made_is_known(way: Submit, desk: OrderDesk) -> None:
    desk.behaviours = ["take, cut", "refuse"]
    with capture():
        with suppress(Exception):
            way(desk.url)
        [order] = UNSETTLED.all()
    assert order.client_order_id.startswith("x-")
