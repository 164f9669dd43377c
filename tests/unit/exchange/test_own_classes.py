"""Users' own classes of a client, with another way of sending or of reading: an order counts once, by the evidence."""

from __future__ import annotations

import asyncio
import functools
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import ccxt
import pytest
import requests

from botobs import trading
from botobs.testing import Capture, capture
from tests.support.ccxt_at_desk import ORDER, binance_at, outcomes
from tests.support.order_desk import Behaviour, OrderDesk

with warnings.catch_warnings():
    # python-binance still imports a deprecated name of websockets.
    warnings.simplefilter("ignore", DeprecationWarning)
    from binance import AsyncClient, Client

pytestmark = pytest.mark.slow

GIVEN = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "quantity": 1, "price": "100"}


class Sends(Client):  # type: ignore[misc]
    """Sends by itself."""

    def _request(self, method: str, uri: str, signed: bool, force_params: bool = False, **kwargs: Any) -> Any:
        answer = requests.request(method, uri, data=kwargs.get("data"), timeout=30)
        if answer.status_code >= 400:
            raise RuntimeError(answer.text)
        return answer.json()


class Repeats(Client):  # type: ignore[misc]
    """Tries again, and raises something of its own."""

    def _request(self, *args: Any, **kwargs: Any) -> Any:
        for _ in range(2):
            with suppress(Exception):
                return super()._request(*args, **kwargs)
        raise RuntimeError("gave up")


class Reads(Client):  # type: ignore[misc]
    """Reads answers in its own way."""

    @staticmethod
    def _handle_response(response: requests.Response) -> Any:
        if response.status_code >= 400:
            raise RuntimeError(response.text)
        return response.json()


class ObjectSends(Client):  # type: ignore[misc]
    """Its objects have a function of their own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._request = functools.partial(Sends._request, self)


class SendsAsync(AsyncClient):  # type: ignore[misc]
    """Sends by itself."""

    async def _request(
        self, method: str, uri: str, signed: bool, force_params: bool = False, **kwargs: Any
    ) -> Any:
        async with self.session.request(method, uri, data=kwargs.get("data")) as answer:
            if answer.status >= 400:
                raise RuntimeError(await answer.text())
            return await answer.json()


class RepeatsAsync(AsyncClient):  # type: ignore[misc]
    """Tries again, and raises something of its own."""

    async def _request(self, *args: Any, **kwargs: Any) -> Any:
        for _ in range(2):
            with suppress(Exception):
                return await super()._request(*args, **kwargs)
        raise RuntimeError("gave up")


class ReadsAsync(AsyncClient):  # type: ignore[misc]
    """Reads answers in its own way."""

    async def _handle_response(self, response: Any) -> Any:
        if response.status >= 400:
            raise RuntimeError(await response.text())
        return await response.json()


def submit(url: str, cls: type[Any]) -> None:
    if issubclass(cls, AsyncClient):
        asyncio.run(_submit_async(url, cls))
    else:
        client = _at(url, cls("k" * 30, "s" * 30, ping=False))
        try:
            client.create_order(**GIVEN)
        finally:
            # It makes a loop that it does not use.
            client.loop.close()
            client.close_connection()


async def _submit_async(url: str, cls: type[Any]) -> None:
    client = _at(url, cls("k" * 30, "s" * 30))
    try:
        await client.create_order(**GIVEN)
    finally:
        await client.close_connection()


def _at(url: str, client: Any) -> Any:
    client.API_URL = f"{url}/api"
    return client


class ObjectRepeatsAsync(AsyncClient):  # type: ignore[misc]
    """Its objects try again by a function of their own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plain = super()._request

        async def again(*args: Any, **kwargs: Any) -> Any:
            with suppress(Exception):
                return await plain(*args, **kwargs)
            return await plain(*args, **kwargs)

        self._request = again


ONCE = (Sends, Reads, ObjectSends, SendsAsync, ReadsAsync)
TWICE = (Repeats, RepeatsAsync, ObjectRepeatsAsync)
ALL = (*ONCE, *TWICE)
#: Whose orders, what the exchange does with each request, and what becomes of the order.
CASES: list[tuple[tuple[type[Any], ...], list[Behaviour], str]] = [
    (ALL, ["take"], "accepted"),
    (ALL, ["refuse", "refuse"], "rejected"),
    (ALL, ["take, cut", "refuse"], "unknown"),
    (TWICE, ["take, cut", "take"], "accepted"),
]


@pytest.mark.parametrize(
    ("cls", "behaviours", "outcome"),
    [(cls, behaviours, outcome) for classes, behaviours, outcome in CASES for cls in classes],
)
def test_a_class_of_python_binance(
    cls: type[Any], behaviours: list[Behaviour], outcome: str, desk: OrderDesk, captured: Capture
) -> None:
    desk.behaviours = list(behaviours)
    with suppress(Exception), trading.order("mine", exchange="binance").submission():
        submit(desk.url, cls)
    seen, reported = outcomes(captured)
    assert seen == {outcome: 1}
    # What was accepted has no outcome yet for the order's own report.
    assert reported == ({} if outcome == "accepted" else {outcome: 1})


def lost(*_: Any, **__: Any) -> Any:
    raise RuntimeError("no answer")


def test_what_an_object_sends_unseen_is_not_said_to_have_failed(captured: Capture) -> None:
    client = Client("k" * 30, "s" * 30, ping=False)
    client._request = lost
    try:
        with suppress(RuntimeError), trading.order("mine", exchange="binance").submission():
            client.create_order(**GIVEN)
    finally:
        client.loop.close()
    assert outcomes(captured) == ({"unknown": 1}, {"unknown": 1})


def test_a_class_is_left_as_it_was() -> None:
    plain = vars(Sends)["_request"]
    with capture():
        assert vars(Sends)["_request"] is not plain
    assert vars(Sends)["_request"] is plain
    assert "__init_subclass__" not in vars(Client)


def raised_alone(submit: Callable[[], None]) -> None:
    for _ in range(2):
        with suppress(ccxt.BaseError):
            return submit()
    raise RuntimeError("gave up")


def raised_by_another_way(submit: Callable[[], None]) -> None:
    with suppress(ccxt.BaseError):
        submit()
    raise TimeoutError("no answer by the other way")


@pytest.mark.parametrize(
    ("way", "behaviours", "outcome"),
    [
        (raised_alone, ["refuse", "refuse"], "rejected"),
        (raised_alone, ["take, cut", "refuse"], "unknown"),
        (raised_by_another_way, ["refuse"], "unknown"),
    ],
)
def test_what_a_block_raises_after_its_last_attempt(
    way: Callable[[Callable[[], None]], None],
    behaviours: list[Behaviour],
    outcome: str,
    desk: OrderDesk,
    captured: Capture,
) -> None:
    desk.behaviours = list(behaviours)
    with suppress(Exception), trading.order("mine", exchange="binance").submission():
        way(lambda: binance_at(desk.url).create_order(*ORDER))
    assert outcomes(captured)[1] == {outcome: 1}
