"""A client library that a description makes known: its calls, what goes wrong in the description, how it is found."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint, EntryPoints
from types import ModuleType
from typing import Any

import pytest
import requests

from botobs import clients
from botobs._sdk.instrument import registry
from botobs._sdk.instrument.base import Telemetry
from botobs._sdk.instrument.exchange.clients.krakenex import Krakenex
from botobs._sdk.instrument.exchange.clients.protocol import ExchangeClient
from botobs._sdk.patching import failures
from botobs._sdk.settings import Settings
from botobs.testing import clients as kit
from tests.support.ccxt_at_desk import outcomes
from tests.unit.exchange.conftest import ExchangeRecorder

_LIBRARY = "small_exchange_client"


class SmallClient:
    """A client library, as people write them."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.api_key = "canary-key-0123456789"

    def send(self, method: str, path: str, data: Mapping[str, Any] | None = None) -> Any:
        answer = requests.request(method, self.url + path, json=data, timeout=10)
        if answer.status_code >= 400:
            raise ValueError(answer.text)
        return answer.json()


class Described(clients.ExchangeClient):
    """What it does."""

    name = "small"
    library = _LIBRARY
    exchange = "small"
    calls = (f"{_LIBRARY}:SmallClient.send",)
    credentials = ("api_key",)

    def call(self, client: Any, arguments: Mapping[str, Any]) -> clients.Call | None:
        data = arguments.get("data") or {}
        name = "create_order" if arguments["path"] == "/order" else "implicit"
        return clients.Call(arguments["method"], arguments["path"], name, data)

    def result(self, call: clients.Call, result: Any) -> Any:
        return {"id": result.get("id")}

    def error(self, call: clients.Call, result: Any) -> str:
        return str(result.get("error") or "")

    def limits(self, call: clients.Call, result: Any) -> Any:
        if "used" in result:
            yield clients.LimitState("credits", used=result["used"], limit=10)


@pytest.fixture(autouse=True)
def library(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    module = ModuleType(_LIBRARY)
    # Each test has a class of its own, so that none finds the patches of another.
    module.SmallClient = type("SmallClient", (SmallClient,), dict(vars(SmallClient)))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, _LIBRARY, module)
    yield


def small(url: str) -> Any:
    return sys.modules[_LIBRARY].SmallClient(url)


def test_a_call_is_a_span_and_an_order_is_counted_by_its_answer() -> None:
    answers: kit.Answers = {"POST /order": (200, {"id": "7", "used": 4})}
    with kit.exchange(answers) as url, kit.watched(Described()) as seen:
        small(url).send("POST", "/order", {"symbol": "BTC/EUR", "side": "buy", "clientOrderId": "mine"})
        span = seen.span("create_order small")
        assert span.attributes["exchange.order.id"] == "7"
        assert span.attributes["exchange.order.client_id"] == "mine"
        assert span.attributes["http.response.status_code"] == 200
        assert seen.value("exchange.orders", {"exchange.order.outcome": "accepted"}) == 1
        assert seen.value("exchange.client.request.duration", {"http.request.method": "POST"}) == 1
        assert seen.value("exchange.ratelimit.utilization", {"exchange.ratelimit.scope": "credits"}) == 0.4
        seen.assert_no_secrets(["canary-key-0123456789"])


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ((400, {"message": "no"}), "rejected"),
        ((500, "broken"), "unknown"),
        ((200, {"error": "new", "code": "9"}), "unknown"),
    ],
)
def test_what_became_of_an_order_is_said_by_the_answer(answer: tuple[int, Any], outcome: str) -> None:
    with kit.exchange({"POST /order": answer}) as url, kit.watched(Described()) as seen:
        try:
            small(url).send("POST", "/order")
        except ValueError:
            assert answer[0] >= 400
        assert seen.value("exchange.orders", {"exchange.order.outcome": outcome}) == 1
        assert seen.value("exchange.client.errors", {"exchange.client": "small"}) == 1


def test_a_class_of_the_users_that_tries_again_is_one_call() -> None:
    class Again(sys.modules[_LIBRARY].SmallClient):  # type: ignore[misc]
        def send(self, *args: Any, **kwargs: Any) -> Any:
            with contextlib.suppress(ValueError):
                return super().send(*args, **kwargs)
            return super().send(*args, **kwargs)

    with kit.exchange({"POST /order": (400, {"message": "no"})}) as url, kit.watched(Described()) as seen:
        with pytest.raises(ValueError, match="no"):
            Again(url).send("POST", "/order")
        assert seen.value("exchange.orders", {"exchange.order.outcome": "rejected"}) == 1
        assert seen.value("exchange.client.request.duration", {"http.request.method": "POST"}) == 2


def test_a_class_of_the_users_that_sends_by_itself_is_a_call() -> None:
    with kit.exchange({"POST /order": (200, {"id": "7"})}) as url, kit.watched(Described()) as seen:

        class Own(sys.modules[_LIBRARY].SmallClient):  # type: ignore[misc]
            def send(self, method: str, path: str, data: Any = None) -> Any:
                return requests.post(self.url + path, timeout=30).json()

        Own(url).send("POST", "/order")
        assert seen.value("exchange.orders", {"exchange.order.outcome": "accepted"}) == 1


def test_an_order_that_was_not_sent_has_failed() -> None:
    with kit.exchange({}) as url:
        pass
    with kit.watched(Described()) as seen:
        with pytest.raises(requests.ConnectionError):
            small(url).send("POST", "/order")
        assert seen.value("exchange.orders", {"exchange.order.outcome": "failed"}) == 1
        assert seen.value("exchange.client.errors", {"exchange.error.category": "network"}) == 1


def test_without_a_look_at_the_http_library_nothing_is_said_to_have_failed() -> None:
    class Blind(Described):
        http = ""

    with kit.watched(Blind()) as seen:
        with pytest.raises(TypeError):
            small("http://127.0.0.1:9").send("POST", "/order", {"symbol": object()})
        assert seen.value("exchange.orders", {"exchange.order.outcome": "unknown"}) == 1


def test_a_description_that_raises_disturbs_nobody_and_is_counted_under_its_name() -> None:
    class Wrong(Described):
        def call(self, client: Any, arguments: Mapping[str, Any]) -> clients.Call | None:
            raise KeyError("not there")

    with (
        kit.exchange({"GET /time": (200, {"id": "1"})}) as url,
        pytest.raises(AssertionError, match="description of small raised 1 times"),
        kit.watched(Wrong()),
    ):
        assert small(url).send("GET", "/time") == {"id": "1"}
    failures.reset()


def test_what_is_wrong_with_a_description_is_told() -> None:
    class Wrong(ExchangeClient):
        name = "Small-Client"
        http = "pycurl"
        calls = (f"{_LIBRARY}:SmallClient.gone",)

    reported = kit.problems(Wrong())
    assert [part in " ".join(reported) for part in ("lower case", "pycurl", "SmallClient.gone")] == [True] * 3
    assert kit.problems(Described()) == []


@pytest.mark.parametrize("disabled", [(), ("small",)])
def test_a_description_is_found_by_its_entry_point_and_switched_off_by_name(
    recorded: ExchangeRecorder, monkeypatch: pytest.MonkeyPatch, disabled: tuple[str, ...]
) -> None:
    offered = EntryPoints([EntryPoint("small", f"{__name__}:Described", registry.CLIENT_GROUP)])
    monkeypatch.setattr(registry, "entry_points", lambda: offered)
    settings = Settings(disabled_instrumentations=disabled)
    function = sys.modules[_LIBRARY].SmallClient.send
    watched = registry.Instrumentations(warn=lambda *_: None)
    telemetry = recorded.telemetry
    watched.install(Telemetry(telemetry.tracer_provider, telemetry.meter_provider, settings))
    try:
        status = watched.statuses["small"].state
        assert status == (registry.State.DISABLED if disabled else registry.State.INSTALLED)
        assert (sys.modules[_LIBRARY].SmallClient.send is function) == bool(disabled)
    finally:
        watched.uninstall()
    assert sys.modules[_LIBRARY].SmallClient.send is function


def test_every_description_of_ours_is_complete() -> None:
    for cls in registry.client_classes():
        assert cls.name and cls.exchange and cls.calls, cls
        # A library without WebSockets has nothing of them.
        sockets = {"reconnects", "sequence", "socket_order"} | (
            set() if cls.sockets else {"silence", "stream"}
        )
        assert set(cls.impossible) <= {"limits", *sockets}, cls
        assert cls.sockets or "stream" in cls.impossible, cls
        assert all(len(reason) > 20 for reason in cls.impossible.values()), cls


class Several(Described):
    """Several orders in a call, by the path of it."""

    def call(self, client: Any, arguments: Mapping[str, Any]) -> clients.Call | None:
        name = str(arguments["path"]).strip("/")
        given = [{"clientOrderId": each} for each in ("one", "two")]
        return clients.Call("POST", f"/{name}", name, {}, given if name == "edit_orders" else None)

    def result(self, call: clients.Call, result: Any) -> Any:
        return result

    def error(self, call: clients.Call, result: Any) -> str:
        return ""


@pytest.mark.parametrize(
    ("name", "answer", "counted"),
    [
        # They are there as they were: named by the client order id.
        ("edit_orders", [{"id": "1"}, {"id": "2"}], {}),
        ("edit_orders", [{"id": "1"}, {"code": "9"}], {"unknown": 1}),
        ("close_all_positions", [{"id": "1"}, {"code": "9"}, {"id": "3"}], {"accepted": 2, "unknown": 1}),
        ("close_all_positions", [], {}),
    ],
)
def test_each_order_of_a_call_counts_once(name: str, answer: Any, counted: dict[str, int]) -> None:
    with kit.exchange({f"POST /{name}": (200, answer)}) as url, kit.watched(Several()) as seen:
        small(url).send("POST", f"/{name}")
        assert outcomes(seen)[0] == counted


def test_krakens_batch_is_several_orders() -> None:
    described = Krakenex()
    orders = [{"cl_ord_id": "one", "type": "buy"}, {"cl_ord_id": "two", "type": "sell"}]
    call = described.call(
        None,
        {"urlpath": "/0/private/AddOrderBatch", "data": {"pair": "XBTUSD", "orders": json.dumps(orders)}},
    )
    assert call is not None
    assert [(each["clientOrderId"], each["symbol"]) for each in call.orders or ()] == [
        ("one", "XBTUSD"),
        ("two", "XBTUSD"),
    ]
    answer = {"error": [], "result": {"orders": [{"txid": "O1"}, {"error": "EOrder:Insufficient funds"}]}}
    assert described.result(call, answer) == [{"id": "O1"}, {"code": "EOrder:Insufficient funds"}]
