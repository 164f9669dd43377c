"""What the program of each exchange client shares: the fake exchange's remote control, and the capabilities."""

from __future__ import annotations

import asyncio
import json
import threading
import time
import urllib.request
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, ClassVar

from botobs._sdk.instrument.exchange import state
from botobs.testing import Capture

KEY, SECRET = "canary-key-" + "k" * 21, "canary-secret-" + "s" * 18
ORDER_ID, CLIENT_ID = "1234567", "mine-1"


class Remote:
    """The fake exchange, from the client's process."""

    def __init__(self, url: str, tls_url: str = "", authority: str = "") -> None:
        self.url = url
        self.tls_url = tls_url
        self.authority = authority

    @property
    def address(self) -> str:
        """Host and port."""
        return self.url.partition("//")[2]

    def answer(self, answers: Mapping[str, Mapping[str, Any]]) -> None:
        """What it answers from now on, by `METHOD /end-of-path`."""
        self._post("/_answers", answers)

    def drive(self, **order: Any) -> Any:
        """Send, close or abort on all of its WebSockets."""
        return self._post("/_sockets", order)

    def seen(self) -> Any:
        """What arrived."""
        return self._post("/_seen", {})

    def _post(self, path: str, body: Any) -> Any:
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), method="POST")
        with urllib.request.urlopen(request) as response:
            text = response.read()
        return json.loads(text) if text else None


class Client:
    """One client library, on the fake exchange.

    Attributes:
        exchange: Value of `exchange.name`.
        name: Value of `exchange.client`.
        hooked: A function that is replaced while it is watched.
        categories: By error category, the answer that means it.
        took: The answer to an order that is taken.
        ahead: Seconds that the exchange's clock is ahead of ours, in its answers.
        limit: Scope of the limit that its answers state, 100 of which 40 are left.
    """

    exchange = ""
    name = ""
    symbol = "BTCUSDT"
    template = ""
    path = ""
    order_id = ORDER_ID
    client_id = CLIENT_ID
    limit = ""
    ahead = 7.0
    #: What a message has that submits an order, and what is answered to others.
    socket_order = ""
    greetings: ClassVar[Mapping[str, str]] = {}

    def __init__(self, remote: Remote) -> None:
        self.remote = remote
        self.took: dict[str, Any] = {}
        self.refused: dict[str, Any] = {}
        self.not_known: dict[str, Any] = {}
        self.categories: dict[str, dict[str, Any]] = {}
        self.prepare()

    def prepare(self) -> None:
        """Make the client and say what the exchange answers."""

    def order(self, address: str = "") -> Any:
        """Submit an order, where `address` is given at another one."""
        raise NotImplementedError

    def look(self) -> Any:
        """Ask for something that answers what limits and clock say."""
        raise NotImplementedError

    def hooked(self) -> Callable[..., Any]:
        """The function that each call passes."""
        raise NotImplementedError

    def looking(self) -> dict[str, dict[str, Any]]:
        """What `look` is answered."""
        return {}

    def batch(self) -> Any:
        """Submit two orders at once, of which the exchange refuses the second."""
        raise NotImplementedError

    def open_orders(self) -> tuple[Callable[[], Any], Callable[[], Any]]:
        """Open the connection for orders; returns what sends a limit order over it, and what closes it."""
        raise NotImplementedError

    def socket_answers(self) -> dict[str, str]:
        """What the exchange answers to a message over a WebSocket that has `socket_order`, by what it means."""
        raise NotImplementedError

    def open_stream(self) -> Callable[[], Any]:
        """Open a stream and subscribe; returns what closes it."""
        raise NotImplementedError

    def tick(self, number: int) -> str:
        """A message of the stream, with a sequence number where the exchange has them."""
        raise NotImplementedError

    def answering(self, answer: Mapping[str, Any]) -> None:
        """Answer orders like this from now on."""
        self.remote.answer({f"POST {self.path}": answer})


def function(owner: Any, name: str) -> Callable[..., Any]:
    """A function of a class or module of the library, as it is now."""
    found: Callable[..., Any] = vars(owner)[name]
    return found


def until(condition: Callable[[], object], what: str) -> None:
    """Wait until something holds.

    Raises:
        AssertionError: It does not for a minute.
    """
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def value(captured: Capture, metric: str, **attributes: Any) -> float:
    """The value of a metric, 0 where it has no series; dots in attributes are written as `__`."""
    with suppress(AssertionError):
        return captured.value(metric, {key.replace("__", "."): each for key, each in attributes.items()})
    return 0


def outcomes(captured: Capture, client: Client) -> dict[str, float]:
    """The orders so far, by outcome."""
    found = {}
    for outcome in ("accepted", "rejected", "unknown", "failed"):
        found[outcome] = value(
            captured,
            "exchange.orders",
            exchange__name=client.exchange,
            exchange__client=client.name,
            exchange__order__outcome=outcome,
        )
    return found


class Loop:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def begin(self, coroutine: Coroutine[Any, Any, Any]) -> Future[Any]:
        """Start a coroutine."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """The same, until it ends."""
        return self.begin(coroutine).result()

    def stop(self) -> None:
        """End it."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


def quick() -> None:
    """Let streams be learned and be called silent within a second, instead of minutes."""
    state.SAMPLE_INTERVAL = 0.005
    state.SILENCE_MINIMUM = 1.0
    state.SILENCE_FACTOR = 1.0
