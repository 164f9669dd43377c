"""ccxt's requests become spans and numbers, whatever the spelling, order and moment of installation."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from typing import Any

import ccxt
import ccxt.async_support
import pytest
import pytest_asyncio
from opentelemetry.trace import SpanKind, StatusCode

from botobs._sdk.instrument.exchange.clients.ccxt.rest import CcxtRest
from botobs._sdk.instrument.exchange.operation import Operation
from botobs._sdk.instrument.exchange.request import Request
from botobs._sdk.instrument.exchange.spending import account_of
from tests.support.fake_binance import FakeBinance

pytestmark = [pytest.mark.slow, pytest.mark.asyncio]


@pytest.fixture
def instrumentation(recorded: Any) -> Iterator[CcxtRest]:
    instrumentation = CcxtRest()
    instrumentation.install(recorded.telemetry)
    yield instrumentation
    instrumentation.uninstall()


@pytest_asyncio.fixture
async def client(instrumentation: CcxtRest, binance: FakeBinance) -> AsyncIterator[Any]:
    client = ccxt.async_support.binance(binance.ccxt_config())
    await client.load_markets()
    yield client
    await client.close()


async def test_a_call_is_one_client_span_with_what_the_order_is(client: Any, recorded: Any) -> None:
    order = await client.create_order("BTC/USDT", "limit", "buy", 1, 100, {"clientOrderId": "mine"})

    (span,) = recorded.named("create_order binance")
    assert span.kind is SpanKind.CLIENT
    assert span.status.status_code is StatusCode.UNSET
    assert dict(span.attributes) == {
        "exchange.name": "binance",
        "exchange.account": account_of("key", "secret"),
        "exchange.client": "ccxt.async",
        "exchange.operation": "create_order",
        "exchange.symbol": "BTC/USDT",
        "exchange.order.type": "limit",
        "exchange.order.side": "buy",
        "exchange.order.client_id": order["clientOrderId"],
        "exchange.order.id": "1",
        "exchange.request.count": 1,
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "server.address": "127.0.0.1",
        "url.template": "order",
    }


async def test_the_exchange_gets_no_trace_id(client: Any, binance: FakeBinance) -> None:
    await client.fetch_balance()
    assert "traceparent" not in {name.lower() for _, _, headers in binance.requests for name in headers}


async def test_durations_of_the_call_and_of_its_request_are_told_apart(client: Any, recorded: Any) -> None:
    await client.fetch_balance()
    who = {"exchange__name": "binance", "exchange__client": "ccxt.async"}
    assert (
        recorded.value("exchange.client.operation.duration", exchange__operation="fetch_balance", **who) == 1
    )
    private = {"exchange__api": "private", "http__response__status_code": 200, "http__request__method": "GET"}
    assert recorded.value("exchange.client.request.duration", **private, **who) == 1
    assert recorded.value("exchange.client.requests.active", **who) == 0


async def test_an_error_has_its_class_and_category_and_no_message(
    client: Any, recorded: Any, binance: FakeBinance
) -> None:
    binance.failure = (400, '{"code":-2010,"msg":"Account has insufficient balance for requested action."}')
    with pytest.raises(ccxt.InsufficientFunds):
        await client.create_order("BTC/USDT", "market", "buy", 1)

    (span,) = recorded.named("create_order binance")
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description == "InsufficientFunds"
    assert span.attributes["exchange.error.category"] == "funds"
    assert span.attributes["exchange.error.code"] == -2010
    assert span.events == ()
    error = {"error__type": "InsufficientFunds", "exchange__error__category": "funds"}
    assert recorded.value("exchange.client.errors", exchange__operation="create_order", **error) == 1
    assert recorded.value("exchange.orders", exchange__order__outcome="rejected") == 1


async def test_both_spellings_are_watched(client: Any, recorded: Any) -> None:
    await client.fetchBalance()
    await client.fetch_balance()
    assert len(recorded.named("fetch_balance binance")) == 2


async def test_an_endpoint_called_directly_is_an_implicit_call(client: Any, recorded: Any) -> None:
    await client.private_get_account()
    (span,) = recorded.named("implicit binance")
    assert span.attributes["url.template"] == "account"


async def test_a_subclass_that_calls_super_makes_one_span(
    instrumentation: CcxtRest,
    recorded: Any,
    binance: FakeBinance,
) -> None:
    class Mine(ccxt.async_support.binance):  # type: ignore[misc]
        async def fetch_balance(self, params: Any = None) -> Any:
            return await super().fetch_balance(params or {})

    client = Mine(binance.ccxt_config())
    await client.fetch_balance()
    await client.close()
    assert len(recorded.named("fetch_balance binance")) == 1


@pytest.mark.parametrize("spelling", ["fetch_balance", "fetchBalance"])
async def test_an_instance_made_before_is_watched_and_let_go_again(
    spelling: str, recorded: Any, binance: FakeBinance
) -> None:
    client = ccxt.async_support.binance(binance.ccxt_config())
    instrumentation = CcxtRest()
    for expected in (1, 2):
        instrumentation.install(recorded.telemetry)
        await getattr(client, spelling)()
        instrumentation.uninstall()
        await getattr(client, spelling)()
        assert len(recorded.named("fetch_balance binance")) == expected
    await client.close()


@pytest.mark.parametrize("made", ["of the exchange's class", "of a class of one's own"])
async def test_a_synchronous_instance_made_before_is_watched(
    made: str, recorded: Any, binance: FakeBinance
) -> None:
    class Mine(ccxt.binance):  # type: ignore[misc]
        pass

    client = (Mine if made == "of a class of one's own" else ccxt.binance)(binance.ccxt_config())
    instrumentation = CcxtRest()
    instrumentation.install(recorded.telemetry)
    for spelling in ("fetch_balance", "fetchBalance"):
        await asyncio.to_thread(getattr(client, spelling))
    instrumentation.uninstall()
    await asyncio.to_thread(client.fetch_balance)
    assert len(recorded.named("fetch_balance binance")) == 2


async def test_a_class_is_touched_when_its_first_instance_is_made(recorded: Any) -> None:
    class Unused(ccxt.async_support.kraken):  # type: ignore[misc]
        async def fetch_balance(self, params: Any = None) -> Any:
            return await super().fetch_balance(params or {})

    its_own = vars(Unused)["fetch_balance"]
    instrumentation = CcxtRest()
    instrumentation.install(recorded.telemetry)
    try:
        assert vars(Unused)["fetch_balance"] is its_own
        await Unused().close()
        assert vars(Unused)["fetch_balance"] is not its_own
    finally:
        instrumentation.uninstall()
    assert vars(Unused)["fetch_balance"] is its_own
    assert Unused.fetchBalance is its_own


async def test_after_uninstalling_ccxt_is_as_it_was(recorded: Any) -> None:
    def methods() -> dict[str, Any]:
        classes = [*ccxt.Exchange.__mro__, *ccxt.async_support.Exchange.__mro__, ccxt.binance]
        return {
            f"{cls.__module__}.{cls.__qualname__}.{name}": value
            for cls in classes
            for name, value in vars(cls).items()
        }

    before = methods()
    instrumentation = CcxtRest()
    instrumentation.install(recorded.telemetry)
    assert methods() != before
    instrumentation.uninstall()
    assert methods() == before


async def test_the_synchronous_client_is_watched_from_several_threads(
    instrumentation: CcxtRest,
    recorded: Any,
    binance: FakeBinance,
) -> None:
    clients = [ccxt.binance(binance.ccxt_config()) for _ in range(3)]
    await asyncio.gather(*(asyncio.to_thread(client.fetch_balance) for client in clients))
    spans = recorded.named("fetch_balance binance")
    assert [span.attributes["exchange.client"] for span in spans] == ["ccxt.sync"] * 3
    assert len({span.context.trace_id for span in spans}) == 3


async def test_waiting_in_the_rate_limiter_is_told_apart(client: Any, recorded: Any) -> None:
    client.enableRateLimit = True
    await asyncio.gather(*(client.fetch_time() for _ in range(3)))
    waited = [span.attributes["exchange.throttle.wait"] for span in recorded.named("fetch_time binance")]
    assert max(waited) > 0.015
    assert recorded.value("exchange.client.throttle.wait", exchange__name="binance") == 3
    assert recorded.value("exchange.client.throttle.cost", exchange__name="binance") == pytest.approx(0.6)
    assert recorded.value("exchange.client.throttle.queue", exchange__name="binance") == 0


async def test_a_retry_is_counted(client: Any, recorded: Any, binance: FakeBinance) -> None:
    client.options["maxRetriesOnFailure"] = 2
    binance.failure = (503, "{}")
    with pytest.raises(ccxt.ExchangeNotAvailable):
        await client.fetch_time()
    (span,) = recorded.named("fetch_time binance")
    assert span.attributes["exchange.request.count"] == 3
    assert recorded.value("exchange.client.retries", exchange__operation="fetch_time") == 2
    assert recorded.value("exchange.client.errors", exchange__operation="fetch_time") == 1


async def test_a_call_that_is_cancelled_is_no_error(client: Any, recorded: Any, binance: FakeBinance) -> None:
    binance.delay = 60
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(client.create_order("BTC/USDT", "limit", "buy", 1, 100), 0.2)
    (span,) = recorded.named("create_order binance")
    assert span.status.status_code is StatusCode.UNSET
    assert span.attributes["error.type"] == "CancelledError"
    assert recorded.value("exchange.client.errors") is None
    assert recorded.value("exchange.orders", exchange__order__outcome="unknown") == 1
    assert recorded.value("exchange.orders.in_flight") == 0


async def test_suppressed_instrumentation_is_silent(client: Any, recorded: Any) -> None:
    from opentelemetry.instrumentation.utils import suppress_instrumentation

    before = len(recorded.spans())
    with suppress_instrumentation():
        await client.fetch_balance()
    assert len(recorded.spans()) == before


async def test_a_call_that_has_ended_leaves_the_garbage_collector_nothing(
    instrumentation: CcxtRest, binance: FakeBinance
) -> None:
    """What is freed at once is used again at once; what is left costs the next orders a collection."""
    client = ccxt.binance(binance.ccxt_config())

    def left() -> list[type]:
        client.create_order("BTC/USDT", "limit", "buy", 1, 100)
        gc.collect()
        gc.disable()
        try:
            client.create_order("BTC/USDT", "limit", "buy", 1, 100)
            return [kind for each in gc.get_objects() if (kind := type(each)) in (Operation, Request)]
        finally:
            gc.enable()

    assert await asyncio.to_thread(left) == []
