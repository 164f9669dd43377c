"""What watched clients write down of an order before they send it, and what of it is on their spans."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import ccxt
import ccxt.async_support
import ccxt.pro
import pytest
from opentelemetry import context, trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

from botobs._sdk import orders
from botobs._sdk.instrument.exchange.clients.binance.python_binance import PythonBinance
from botobs._sdk.instrument.exchange.clients.ccxt.rest import CcxtRest
from botobs._sdk.instrument.exchange.clients.ccxt.stream import CcxtWebSocket
from botobs._sdk.instrument.exchange.journal_entries import JournalEntries
from botobs._sdk.orders.journal import JOURNAL, Submission, unpack
from botobs._sdk.settings import Settings
from tests.support.fake_binance import FakeBinance
from tests.support.telemetry import Recorder
from tests.support.waiting import eventually_async

with warnings.catch_warnings():
    # python-binance still imports a deprecated name of websockets.
    warnings.simplefilter("ignore", DeprecationWarning)
    from binance import Client as PlainClient

pytestmark = [pytest.mark.slow, pytest.mark.asyncio]

ORDER = ("BTC/USDT", "limit", "buy", 1.5, 100)


@pytest.fixture
def reported() -> Iterator[list[Submission]]:
    """Every submission as it was written down, with what became known of it."""
    seen: dict[int, Submission] = {}

    class Seen(list[Submission]):
        def __iter__(self) -> Iterator[Submission]:
            return iter([seen[key] for key in sorted(seen)])

        def __len__(self) -> int:
            return len(seen)

    def look() -> None:
        for entry, packed in JOURNAL.unsent():
            found = unpack(packed)
            assert found is not None
            seen[entry.time] = found

    JOURNAL.start(look)
    yield Seen()
    JOURNAL.stop()


def known(submission: Submission) -> dict[str, str]:
    return {name.removeprefix("exchange."): value for name, value in submission.attributes.items()}


async def sent_by(client: Any, times: int = 1, **arguments: Any) -> None:
    for _ in range(times):
        with suppress(ccxt.BaseError):
            await client.create_order(*ORDER, **arguments)


class TestIds:
    """The id that the client library makes is found in what it signs."""

    async def test_it_is_on_the_failed_span_and_in_the_journal(
        self, binance: FakeBinance, recorded: Recorder, reported: list[Submission]
    ) -> None:
        with recorded.watching(CcxtRest()):
            client = ccxt.async_support.binance(binance.ccxt_config())
            await client.load_markets()
            binance.failure = (500, '{"code":-1001,"msg":"Internal error."}')
            await sent_by(client)
            await client.close()
        (span,) = [span for span in recorded.spans() if span.name == "create_order binance"]
        assert span.attributes is not None
        (path,) = [path for method, path, _ in binance.requests if method == "POST"]
        (submission,) = reported
        identity = span.attributes["exchange.order.client_id"]
        assert known(submission) == {
            "name": "binance",
            "client": "ccxt.async",
            "operation": "create_order",
            "symbol": "BTC/USDT",
            "order.side": "buy",
            "order.type": "limit",
            "order.client_id": identity,
        }
        assert str(identity) in binance.bodies[-1] + path
        assert submission.trace_id == span.context.trace_id
        assert submission.span_id == span.context.span_id
        assert "exchange.order.amount" not in span.attributes

    async def test_one_that_the_caller_gave_is_kept(
        self, binance: FakeBinance, recorded: Recorder, reported: list[Submission]
    ) -> None:
        with recorded.watching(CcxtRest()):
            client = ccxt.async_support.binance(binance.ccxt_config())
            await sent_by(client, params={"clientOrderId": "mine"})
            await client.close()
        assert [known(one)["order.client_id"] for one in reported] == ["mine"]

    async def test_an_attempt_that_is_repeated_with_its_id_is_one_submission(
        self, binance: FakeBinance, recorded: Recorder, reported: list[Submission]
    ) -> None:
        config = binance.ccxt_config()
        config["options"] |= {"maxRetriesOnFailure": 1}
        with recorded.watching(CcxtRest()):
            client = ccxt.async_support.binance(config)
            await client.load_markets()
            binance.failure = (500, '{"code":-1001,"msg":"Internal error."}')
            await sent_by(client)
            await client.close()
        assert len([one for one in binance.requests if one[0] == "POST"]) == 2
        assert len(reported) == 1

    async def test_each_attempt_with_an_id_of_its_own_is_a_submission(
        self, recorded: Recorder, reported: list[Submission]
    ) -> None:
        """A library that makes the id when it signs makes another one: the exchange may hold two orders."""
        with recorded.telemetry.tracer("exchange").start_as_current_span("create_order okx") as span:
            order = {"exchange.symbol": "A/B"}
            submissions = JournalEntries(("okx", "ccxt.sync"), "create_order", span, order)
            for identity in ("first", "second", "second"):
                submissions.requested(f'{{"instId":"A-B","clOrdId":"{identity}"}}')
        assert [known(one)["order.client_id"] for one in reported] == ["first", "second"]
        submissions.ended()
        assert JOURNAL.unsent() == []

    async def test_what_comes_before_the_order_is_no_submission(
        self, binance: FakeBinance, recorded: Recorder, reported: list[Submission]
    ) -> None:
        """Markets are loaded by the first call; where that fails no order was sent."""
        binance.failure = (503, "<html>Service Unavailable</html>")
        with recorded.watching(CcxtRest()):
            client = ccxt.async_support.binance(binance.ccxt_config())
            await sent_by(client)
            await client.close()
        assert list(reported) == []

    async def test_python_binance(
        self,
        binance: FakeBinance,
        recorded: Recorder,
        reported: list[Submission],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("binance.base_client.BaseClient.API_URL", f"{binance.url}/api")
        order = {"symbol": "BTCUSDT", "side": "SELL", "type": "LIMIT", "quantity": 1, "price": "100"}
        with recorded.watching(PythonBinance()):
            plain = await asyncio.to_thread(PlainClient, "key", "secret", ping=False)
            await asyncio.to_thread(plain.create_order, **order)
            plain.close_connection()
            plain.loop.close()
        (submission,) = reported
        assert known(submission)["order.client_id"].startswith("x-")
        assert known(submission)["client"] == "python_binance"
        assert known(submission)["order.side"] == "SELL"

    async def test_over_a_websocket(
        self, binance: FakeBinance, recorded: Recorder, reported: list[Submission]
    ) -> None:
        binance.answers_frames = False
        config = binance.ccxt_config()
        config["urls"]["api"]["ws"]["ws-api"] = {"spot": f"ws://127.0.0.1:{binance.port}/ws"}
        with recorded.watching(CcxtRest()), recorded.watching(CcxtWebSocket()):
            client = ccxt.pro.binance(config)
            await client.load_markets()
            sending = asyncio.create_task(client.create_order_ws(*ORDER))
            await eventually_async(lambda: len(reported) > 0)
            sending.cancel()
            with suppress(asyncio.CancelledError, ccxt.BaseError):
                await sending
            await client.close()
        (frame,) = [frame for frame in binance.frames if frame.get("method") == "order.place"]
        assert known(next(iter(reported)))["order.client_id"] == frame["params"]["newClientOrderId"]


class TestBatches:
    """Each order of a batch is a submission of its own."""

    async def test_each_with_its_id(self, recorded: Recorder, reported: list[Submission]) -> None:
        orders = [
            {
                "symbol": f"{base}/USDT:USDT",
                "type": "limit",
                "side": side,
                "amount": 1,
                "price": 100,
                "params": {"clientOrderId": identity} if identity else {},
            }
            for base, side, identity in (("BTC", "buy", "one"), ("ETH", "sell", ""), ("BTC", "sell", "three"))
        ]
        with recorded.watching(CcxtRest()):
            client = ccxt.okx(
                {"apiKey": "k", "secret": "s", "password": "p", "enableRateLimit": False, "timeout": 2000}
            )
            client.urls["api"] = {"rest": "http://127.0.0.1:9"}
            client.set_markets([swap("BTC/USDT:USDT"), swap("ETH/USDT:USDT")])
            with pytest.raises(ccxt.NetworkError):
                await asyncio.to_thread(client.create_orders, orders)
        found = [known(one) for one in reported]
        assert [(one["symbol"], one["order.side"]) for one in found] == [
            ("BTC/USDT:USDT", "buy"),
            ("ETH/USDT:USDT", "sell"),
            ("BTC/USDT:USDT", "sell"),
        ]
        assert [found[0]["order.client_id"], found[2]["order.client_id"]] == ["one", "three"]
        assert found[1]["order.client_id"] not in ("", "one", "three")
        assert all(one["operation"] == "create_orders" for one in found)


class TestWithinABlock:
    """An order that `botobs.trading` has written down is not written down twice."""

    @pytest.fixture
    def block(self, reported: list[Submission]) -> Iterator[Callable[[str], Any]]:
        span = SpanContext(7, 8, False, TraceFlags(1))
        tokens: list[Any] = []

        def open_block(identity: str) -> None:
            entry = JOURNAL.submitted(
                span, {"exchange.name": "binance", "exchange.order.client_id": identity}
            )
            entered = trace.set_span_in_context(NonRecordingSpan(span))
            tokens.append(context.attach(context.Context(orders.Witness(entry).join({**entered}))))

        yield open_block
        for token in tokens:
            context.detach(token)

    @pytest.mark.parametrize(
        ("params", "submissions"), [({"clientOrderId": "mine"}, 1), ({"clientOrderId": "another"}, 2)]
    )
    async def test_it_is_the_same_by_its_id(
        self,
        params: dict[str, str],
        submissions: int,
        block: Callable[[str], Any],
        binance: FakeBinance,
        recorded: Recorder,
        reported: list[Submission],
    ) -> None:
        with recorded.watching(CcxtRest()):
            client = ccxt.async_support.binance(binance.ccxt_config())
            await client.load_markets()
            block("mine")
            await sent_by(client, params=params)
            await client.close()
        assert len(reported) == submissions
        first = next(iter(reported))
        assert known(first)["order.client_id"] == "mine"
        # What the block did not know, the client has told.
        assert known(first).get("symbol") == ("BTC/USDT" if submissions == 1 else None)


@pytest.mark.parametrize(
    ("order_values", "told_values"),
    [("none", False), ("metrics", False), ("traces", True), ("messages", True)],
)
async def test_amounts_and_prices_follow_the_setting(
    order_values: str, told_values: bool, binance: FakeBinance, reported: list[Submission]
) -> None:
    recorder = Recorder(Settings(order_values=order_values))
    with recorder.watching(CcxtRest()):
        client = ccxt.async_support.binance(binance.ccxt_config())
        await sent_by(client)
        await client.close()
    (span,) = [span for span in recorder.spans() if span.name == "create_order binance"]
    assert span.attributes is not None
    (submission,) = reported
    values = (1.5, 100.0) if told_values else (None, None)
    assert (
        span.attributes.get("exchange.order.amount"),
        span.attributes.get("exchange.order.price"),
    ) == values
    texts = ("1.5", "100") if told_values else (None, None)
    assert (known(submission).get("order.amount"), known(submission).get("order.price")) == texts


def swap(symbol: str) -> dict[str, Any]:
    base = symbol.partition("/")[0]
    nothing: dict[str, Any] = {"min": None, "max": None}
    return {
        **dict.fromkeys(("spot", "margin", "future", "option", "index", "inverse"), False),
        **dict.fromkeys(("swap", "contract", "linear", "active"), True),
        "id": f"{base}-USDT-SWAP",
        "symbol": symbol,
        "base": base,
        "quote": "USDT",
        "settle": "USDT",
        "type": "swap",
        "contractSize": 1,
        "precision": {"amount": 1, "price": 0.1},
        "limits": {"amount": nothing, "price": nothing, "cost": nothing},
        "info": {},
    }
