"""Orders over a WebSocket that are answered later, as pybit and python-okx do: each counted once, by its answer."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from types import ModuleType
from typing import Any

import pytest
import websocket
import websockets.sync.server

from botobs import clients, trading
from botobs._sdk.instrument.base import Telemetry
from botobs._sdk.instrument.exchange import answers
from botobs._sdk.instrument.exchange.clients.adapted import AdaptedClient
from botobs._sdk.instrument.exchange.clients.streams.websocket_client import WebsocketClient
from botobs._sdk.orders import UNSETTLED
from botobs._sdk.orders.journal import JOURNAL
from botobs._sdk.patching import failures
from botobs._sdk.settings import Settings
from botobs.testing import Capture, capture
from tests.support.waiting import eventually

_LIBRARY = "small_socket_client"
_OUTCOMES = ("accepted", "rejected", "unknown", "failed")

#: websocket-client leaves sockets open that the other side has dropped.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]


class Exchange:
    """Takes orders over a WebSocket, and answers when it is told to."""

    def __init__(self) -> None:
        self.orders: list[dict[str, Any]] = []
        self._sockets: list[Any] = []
        self._server = websockets.sync.server.serve(self._handle, "127.0.0.1", 0)
        self.url = f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def _handle(self, connection: Any) -> None:
        self._sockets.append(connection)
        for message in connection:
            self.orders.append(self.decode(message))

    def decode(self, message: str) -> dict[str, Any]:
        """What a message says."""
        return dict(json.loads(message))

    def next_order(self) -> dict[str, Any]:
        """The next order that arrives; its id is that of the request."""
        eventually(lambda: self.orders)
        return self.orders.pop(0)

    def send(self, message: Mapping[str, Any]) -> None:
        """Send to everybody."""
        for socket in self._sockets:
            socket.send(json.dumps(message))

    def drop(self) -> None:
        """Cut all connections."""
        for socket in self._sockets:
            with suppress(OSError):
                socket.socket.shutdown(2)

    def close(self) -> None:
        """Listen no longer."""
        self.drop()
        self._server.shutdown()
        self._thread.join()


class SmallClient:
    """A client library, as people write them."""

    api_key = "canary-key-0123456789"

    def __init__(self, url: str) -> None:
        self.ws: Any = None
        self._url = url
        self._number = 0

    def connect(self) -> None:
        self.ws = websocket.create_connection(self._url)
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        try:
            while self.ws.recv():
                pass
        except (OSError, websocket.WebSocketException):
            pass

    def close(self) -> None:
        self.ws.close()
        self._thread.join()

    def order(self, client_order_id: str) -> None:
        self._number += 1
        self.ws.send(
            json.dumps({"id": f"r{self._number}", "clientOrderId": client_order_id, "symbol": "BTC/EUR"})
        )


class Described(clients.ExchangeClient):
    """What it does."""

    name = "small"
    library = _LIBRARY
    exchange = "small"
    requests = (f"{_LIBRARY}:SmallClient.order",)
    sockets = (f"{_LIBRARY}:SmallClient.connect",)
    credentials = ("api_key",)

    def request(self, client: Any, arguments: Mapping[str, Any]) -> clients.Call | None:
        order = {"symbol": "BTC/EUR", "side": "buy", "clientOrderId": arguments["client_order_id"]}
        return clients.Call("", "order", "create_order_ws", order)

    def request_id(self, message: Mapping[str, Any]) -> str:
        return str(message.get("id") or "")

    def socket(self, client: Any) -> Any:
        return client.ws

    def error(self, call: clients.Call, result: Any) -> str:
        return str(result.get("code") or "")

    def result(self, call: clients.Call, result: Any) -> Any:
        return {"id": result.get("order"), "clientOrderId": result.get("clientOrderId")}

    def limits(self, call: clients.Call, result: Any) -> Any:
        if "used" in result:
            yield clients.LimitState("credits", used=result["used"], limit=10)


class Scene:
    """The exchange, the client, and what is captured."""

    def __init__(self, captured: Capture, exchange: Exchange, client: Any) -> None:
        self.captured = captured
        self.exchange = exchange
        self.client = client

    def outcomes(self) -> dict[str, float]:
        """Orders so far, by outcome."""
        found: dict[str, float] = {}
        for outcome in _OUTCOMES:
            reported = self.captured.metrics.get("exchange.orders", [])
            count = sum(p.value for p in reported if p.attributes["exchange.order.outcome"] == outcome)
            found |= {outcome: count} if count else {}
        return found

    def reported(self) -> list[str]:
        """The stages that `botobs.trading` has counted."""
        return sorted(
            point.attributes["botobs.order.stage"]
            for point in self.captured.metrics.get("botobs.order.stages", [])
            for _ in range(int(point.value))
        )


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    module = ModuleType(_LIBRARY)
    # Each test has a class of its own, so that none finds the patches of another.
    module.SmallClient = type("SmallClient", (SmallClient,), dict(vars(SmallClient)))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, _LIBRARY, module)
    before = failures.counts()
    exchange = Exchange()
    with capture(instrument=False) as captured:
        telemetry = Telemetry(captured.tracer_provider, captured.meter_provider, Settings())
        watched = (WebsocketClient(), AdaptedClient(Described()))
        for each in watched:
            each.install(telemetry)
        client = module.SmallClient(exchange.url)
        client.connect()
        JOURNAL.start(lambda: None)
        try:
            yield Scene(captured, exchange, client)
        finally:
            JOURNAL.stop()
            client.close()
            exchange.close()
            for each in watched:
                each.uninstall()
            for order in UNSETTLED.all():
                UNSETTLED.settle(order.exchange, "failed", client_order_id=order.client_order_id)
    assert failures.counts() == before


@pytest.mark.parametrize(
    ("answer", "outcome", "category"),
    [
        ({"order": "7", "clientOrderId": "mine", "used": 4}, "accepted", None),
        ({"code": "9", "used": 4}, "unknown", "exchange"),
        ({"status": 400, "used": 4}, "rejected", None),
    ],
)
def test_an_order_is_counted_by_the_message_that_answers_it(
    scene: Scene, answer: dict[str, Any], outcome: str, category: str | None
) -> None:
    scene.client.order("mine")
    asked = scene.exchange.next_order()
    assert scene.captured.value("exchange.orders.in_flight") == 1
    assert [entry.client_order_id for entry, _ in JOURNAL.unsent()] == ["mine"]
    for message in (
        {"id": "another"},
        {"news": asked["id"]},
        {"id": asked["id"], **answer},
        {"id": asked["id"]},
    ):
        scene.exchange.send(message)
    eventually(scene.outcomes)
    eventually(
        lambda: scene.captured.value("exchange.ws.messages", {"exchange.ws.direction": "received"}) == 4
    )
    assert scene.outcomes() == {outcome: 1}
    span = scene.captured.span("create_order_ws small")
    assert span.attributes["exchange.order.client_id"] == "mine"
    assert span.attributes.get("exchange.order.id") == answer.get("order")
    assert span.attributes.get("exchange.error.category") == category
    assert scene.captured.value("exchange.ratelimit.utilization") == 0.4
    assert scene.captured.value("exchange.orders.in_flight") == 0
    assert not JOURNAL.unsent()
    scene.captured.assert_no_secrets([SmallClient.api_key])


def test_an_order_that_is_not_written_has_failed(scene: Scene) -> None:
    scene.client.close()
    with pytest.raises(websocket.WebSocketException):
        scene.client.order("mine")
    assert scene.outcomes() == {"failed": 1}
    assert not UNSETTLED.all()


def test_an_order_whose_connection_is_lost_is_unknown(scene: Scene) -> None:
    scene.client.order("mine")
    scene.exchange.next_order()
    scene.exchange.drop()
    eventually(scene.outcomes)
    assert scene.outcomes() == {"unknown": 1}
    assert [order.client_order_id for order in UNSETTLED.all()] == ["mine"]


@pytest.mark.parametrize(
    ("answer", "settled"), [({"order": "7"}, True), ({"status": 400}, True), ({"code": "9"}, False)]
)
def test_an_order_that_is_not_answered_is_unknown_until_the_answer_comes(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any], settled: bool
) -> None:
    monkeypatch.setattr(answers, "ANSWERED_WITHIN", 0.0)
    scene.client.order("mine")
    asked = scene.exchange.next_order()
    # A collection of metrics looks at what waits.
    eventually(scene.outcomes)
    assert scene.outcomes() == {"unknown": 1}
    assert [order.client_order_id for order in UNSETTLED.all()] == ["mine"]
    scene.exchange.send({"id": asked["id"], **answer})
    eventually(
        lambda: scene.captured.value("exchange.ws.messages", {"exchange.ws.direction": "received"}) == 1
    )
    if settled:
        eventually(lambda: not UNSETTLED.waiting)
    assert bool(UNSETTLED.waiting) != settled
    assert scene.outcomes() == {"unknown": 1}, "counted twice"


def test_of_two_requests_with_one_id_the_first_is_unknown(scene: Scene) -> None:
    scene.client.order("first")
    scene.client._number = 0
    scene.client.order("second")
    scene.exchange.next_order()
    scene.exchange.send({"id": scene.exchange.next_order()["id"], "order": "7"})
    eventually(lambda: sum(scene.outcomes().values()) == 2)
    assert scene.outcomes() == {"accepted": 1, "unknown": 1}
    assert [order.client_order_id for order in UNSETTLED.all()] == ["first"]


def test_a_connection_from_before_is_not_watched_and_its_orders_are_not_said_to_have_failed(
    scene: Scene,
) -> None:
    connection = scene.client.ws.__dict__.pop("_botobs")
    scene.client.order("mine")
    scene.exchange.next_order()
    assert scene.outcomes() == {}
    scene.client.ws._botobs = connection


def test_an_answer_that_cannot_be_found_leaves_an_order_unknown(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(failures, "_counts", {})
        patched.setattr(json, "dumps", lambda message: f"{message['id']} {message['clientOrderId']}")
        patched.setattr(scene.exchange, "decode", lambda message: {"id": message})
        scene.client.order("mine")
        scene.exchange.next_order()
        assert scene.outcomes() == {"unknown": 1}
        assert failures.counts() == {"small": 1}


@pytest.mark.parametrize(
    ("answer", "stage"),
    [({"order": "7"}, "acknowledged"), ({"status": 400}, "rejected"), ({"code": "9"}, "unknown")],
)
def test_an_order_of_the_program_is_told_when_the_answer_comes(
    scene: Scene, answer: dict[str, Any], stage: str
) -> None:
    with trading.order("mine", exchange="small").submission():
        scene.client.order("mine")
    asked = scene.exchange.next_order()
    assert scene.reported() == ["submitted"]
    assert [entry.client_order_id for entry, _ in JOURNAL.unsent()] == ["mine"]
    scene.exchange.send({"id": asked["id"], **answer})
    eventually(lambda: len(scene.reported()) == 2)
    assert scene.reported() == sorted(["submitted", stage])
    assert not JOURNAL.unsent()
    doubted = [order.client_order_id for order in UNSETTLED.all()]
    assert doubted == (["mine"] if stage == "unknown" else [])


def test_an_order_that_was_given_up_by_the_program_is_unknown_until_the_answer_comes(scene: Scene) -> None:
    with pytest.raises(TimeoutError), trading.order("mine", exchange="small").submission():
        scene.client.order("mine")
        raise TimeoutError
    assert scene.reported() == ["submitted", "unknown"]
    assert UNSETTLED.waiting
    scene.exchange.send({"id": scene.exchange.next_order()["id"], "order": "7", "clientOrderId": "mine"})
    eventually(lambda: not UNSETTLED.waiting)
    assert scene.outcomes() == {"accepted": 1}
