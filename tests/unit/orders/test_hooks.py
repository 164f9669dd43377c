"""A hook of the user's in an HTTP library reads the answer to an order, and raises because of it, or sends again."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import aiohttp
import httpx
import pytest
import requests
from requests.auth import HTTPDigestAuth

from botobs import trading
from botobs._sdk.orders import HttpRequest
from botobs.semconv import trading as names
from botobs.testing import Capture, capture
from tests.support.order_desk import Behaviour, OrderDesk

pytestmark = pytest.mark.slow

IDS = (f"hooked-{number}" for number in itertools.count())


class ApiError(Exception):
    """As a bot's own."""


@pytest.fixture(scope="module")
def captured() -> Iterator[Capture]:
    with capture() as captured:
        yield captured


def requests_hook(url: str) -> None:
    def look(response: requests.Response, **_: Any) -> None:
        if "code" in response.json():
            raise ApiError(response.json())

    with requests.Session() as session:
        session.hooks["response"] = [look]
        session.post(url, timeout=5)


def requests_adapter(url: str) -> None:
    class Raising(requests.adapters.HTTPAdapter):
        def send(self, *args: Any, **kwargs: Any) -> requests.Response:
            response = super().send(*args, **kwargs)
            if "code" in response.json():
                raise ApiError(response.json())
            return response

    with requests.Session() as session:
        session.mount("http://", Raising())
        session.post(url, timeout=5)


def httpx_hook(url: str) -> None:
    def look(response: httpx.Response) -> None:
        response.read()
        response.raise_for_status()

    with httpx.Client(event_hooks={"response": [look]}, trust_env=False) as client:
        client.post(url)


def async_httpx_hook(url: str) -> None:
    async def look(response: httpx.Response) -> None:
        await response.aread()
        if "code" in response.json():
            raise ApiError(response.json())

    async def call() -> None:
        async with httpx.AsyncClient(event_hooks={"response": [look]}, trust_env=False) as client:
            await client.post(url)

    asyncio.run(call())


def aiohttp_check(url: str) -> None:
    async def check(response: aiohttp.ClientResponse) -> None:
        if "code" in await response.json():
            raise ApiError(response.status)

    async def call() -> None:
        async with aiohttp.ClientSession(raise_for_status=check) as session:
            await session.post(url)

    asyncio.run(call())


def aiohttp_middleware(url: str, times: int = 1) -> None:
    async def middleware(
        request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        for _ in range(times):
            response = await handler(request)
            answer = await response.text()
            if "code" not in answer and response.ok:
                return response
        raise ApiError(answer)

    async def call() -> None:
        async with aiohttp.ClientSession(middlewares=(middleware,)) as session:
            await session.post(url)

    asyncio.run(call())


def aiohttp_middleware_that_sends_again(url: str) -> None:
    aiohttp_middleware(url, 2)


def reported(
    captured: Capture, desk: OrderDesk, call: Callable[[str], None], behaviours: list[Behaviour]
) -> Any:
    desk.behaviours = list(behaviours)
    identity = next(IDS)
    with suppress(Exception), trading.order(identity, exchange="binance").submission():
        call(f"{desk.url}/order")
    [span] = [
        span
        for span in captured.spans
        if span.name == "order submit" and span.attributes[names.ORDER_CLIENT_ID] == identity
    ]
    return span.attributes[names.ORDER_STAGE]


def aiohttp_that_raises(url: str) -> None:
    async def call() -> None:
        async with aiohttp.ClientSession(raise_for_status=True) as session, session.post(url) as response:
            await response.read()

    asyncio.run(call())


HOOKS = [
    requests_hook,
    requests_adapter,
    httpx_hook,
    async_httpx_hook,
    aiohttp_check,
    aiohttp_middleware,
    aiohttp_that_raises,
]


@pytest.mark.parametrize("call", HOOKS, ids=lambda call: call.__name__)
@pytest.mark.parametrize(
    ("behaviour", "outcome"),
    [
        ("take", "acknowledged"),
        ("refuse", "rejected"),
        ("take, say that it is not known", "unknown"),
        ("take, cut the answer", "unknown"),
        ("take, fail", "unknown"),
    ],
)
def test_the_answer_that_it_has_read_decides(
    captured: Capture, desk: OrderDesk, call: Callable[[str], None], behaviour: Behaviour, outcome: str
) -> None:
    assert reported(captured, desk, call, [behaviour]) == outcome


@pytest.mark.parametrize(
    ("behaviours", "outcome"),
    [
        (["take, fail", "refuse"], "unknown"),
        (["take, fail", "take, cut"], "unknown"),
        (["refuse", "take"], "acknowledged"),
    ],
)
def test_an_answer_before_the_last_settles_nothing(
    captured: Capture, desk: OrderDesk, behaviours: list[Behaviour], outcome: str
) -> None:
    assert reported(captured, desk, aiohttp_middleware_that_sends_again, behaviours) == outcome


def test_who_handles_the_exception_reads_the_answer(captured: Capture, desk: OrderDesk) -> None:
    """`raise_for_status` of a hook comes before the body is read."""

    def call(url: str) -> None:
        with requests.Session() as session:
            session.hooks["response"] = [lambda response, **_: response.raise_for_status()]
            try:
                session.post(url, timeout=5)
            except requests.HTTPError as error:
                raise ApiError(error.response.json()) from error

    assert reported(captured, desk, call, ["refuse"]) == "rejected"
    assert reported(captured, desk, call, ["take, say that it is not known"]) == "unknown"


class Login(BaseHTTPRequestHandler):
    """Asks for a login by digest first, and answers the order that comes with one by `second`."""

    first = 401
    second = 403

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status = self.second if "Authorization" in self.headers else self.first
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Digest realm="r", nonce="n", qop="auth", algorithm=MD5')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def requests_digest(url: str) -> None:
    requests.post(url, json={"a": 1}, auth=HTTPDigestAuth("u", "p"), timeout=5).raise_for_status()


def httpx_digest(url: str) -> None:
    auth = httpx.DigestAuth("u", "p")
    httpx.post(url, json={"a": 1}, auth=auth, timeout=5, trust_env=False).raise_for_status()


@pytest.mark.parametrize("call", [requests_digest, httpx_digest], ids=lambda call: call.__name__)
@pytest.mark.parametrize(("second", "outcome"), [(401, "rejected"), (403, "rejected"), (503, "unknown")])
def test_a_login_that_was_asked_for_leaves_nothing_open(
    captured: Capture, desk: OrderDesk, call: Callable[[str], None], second: int, outcome: str
) -> None:
    handler = type("Handler", (Login,), {"second": second})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        assert reported(captured, desk, lambda _: call(f"{url}/order"), []) == outcome
        server.shutdown()


def test_only_a_login_that_was_asked_for_is_left_out() -> None:
    for status, repeated in ((401, False), (407, False), (503, True)):
        request = HttpRequest("POST", "/order")
        request.writes()
        request.looked_at(status, lambda: None)
        request.writes()
        assert request.repeated is repeated
