"""What costs money is exported at once, however long the interval, and a burst of it in a bounded number of exports."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import pytest
from opentelemetry.metrics import MeterProvider

import botobs
from botobs import trading
from botobs._sdk import providers
from botobs._sdk.instrument.base import Telemetry
from botobs._sdk.instrument.exchange import updates
from botobs._sdk.instrument.exchange.state import Connection
from botobs._sdk.instrument.exchange.telemetry import ExchangeTelemetry
from testbed.otlp_receiver import OtlpReceiver, value_of

Init = Callable[..., botobs.Handle]

pytestmark = pytest.mark.parametrize("engine", ["stock", "fast"], indirect=True)


@pytest.fixture
def handle(init: Init) -> botobs.Handle:
    """A process whose next export of metrics is an hour away."""
    made = init(metric_interval=3600)
    assert made.flush()
    return made


@pytest.fixture
def exchanges(handle: botobs.Handle) -> ExchangeTelemetry:
    """Where the instrumentations report to."""
    meters: MeterProvider = handle.engine.meter_provider
    return ExchangeTelemetry(Telemetry(providers.tracer_provider, meters, handle.settings))


def _latest(receiver: OtlpReceiver, metric: str, exchange: str) -> float | None:
    points = [
        (point.time_unix_nano, value_of(point))
        for _, attributes, point in receiver.points(metric)
        if attributes.get("exchange.name") == exchange
    ]
    return max(points)[1] if points else None


def test_a_burst_of_rejected_orders(handle: botobs.Handle, receiver: OtlpReceiver) -> None:
    for number in range(20):
        trading.order(f"no-funds-{handle.instance_id}-{number}", exchange="burst").rejected("no funds")
    receiver.wait_for(lambda: _latest(receiver, "botobs.orders.rejected.burst", "burst") == 20)


def test_a_burst_that_a_client_saw(exchanges: ExchangeTelemetry, receiver: OtlpReceiver) -> None:
    for _ in range(7):
        exchanges.orders.count(("seen", "ccxt"), "rejected")
    receiver.wait_for(lambda: _latest(receiver, "exchange.orders.rejected.burst", "seen") == 7)


def test_a_ban(exchanges: ExchangeTelemetry, receiver: OtlpReceiver) -> None:
    exchanges.exchange("angry").limits.read_headers(418, {"Retry-After": "120"}, "")
    receiver.wait_for(lambda: (_latest(receiver, "exchange.ratelimit.ban.remaining", "angry") or 0) > 60)


def test_a_crossed_book(exchanges: ExchangeTelemetry, receiver: OtlpReceiver) -> None:
    connection, now = exchanges.connection(None, "crossed", "ccxt.pro", "host"), time.monotonic()
    connection.state = "open"
    for second in (-6, -5, 0):
        _update(exchanges, connection, now + second, bid=101)
    receiver.wait_for(lambda: (_latest(receiver, "exchange.orderbook.crossed.duration", "crossed") or 0) > 5)


def test_a_book_that_stands_still(exchanges: ExchangeTelemetry, receiver: OtlpReceiver) -> None:
    connection, now = exchanges.connection(None, "frozen", "ccxt.pro", "host"), time.monotonic()
    connection.state = "open"
    for second in (-40, -20, 0):
        _update(exchanges, connection, now + second, bid=99)
    receiver.wait_for(lambda: _latest(receiver, "exchange.orderbook.frozen", "frozen") == 1)


class _Account:
    """Holds half of what is reported."""

    exchange = "drifting"
    interval = 0.0001

    def open_orders(self, symbols: Collection[str]) -> Iterable[Mapping[str, Any]]:
        return []

    def trades(self, symbols: Collection[str], since: int) -> Iterable[Mapping[str, Any]]:
        return []

    def find_order(self, order_id: str, client_order_id: str, symbol: str) -> Mapping[str, Any] | None:
        return None

    def holdings(self, names: Collection[str]) -> Mapping[str, float]:
        return dict.fromkeys(names, 0.5)


@pytest.mark.usefixtures("handle")
def test_a_position_that_drifts(receiver: OtlpReceiver) -> None:
    trading.position("drifting", symbol="BTC/USDT").set(1.0)
    comparison = trading.reconcile(_Account(), every=0.1, grace=0.2)
    try:
        receiver.wait_for(lambda: _latest(receiver, "botobs.position.drift", "drifting") == 0.5)
    finally:
        comparison.stop()


def _update(exchanges: ExchangeTelemetry, connection: Connection, now: float, bid: float) -> None:
    book = {"bids": [[bid, 1.0]], "asks": [[100.0, 1.0]], "timestamp": 1_700_000_000_000}
    updates.updated(exchanges, connection, "book", book, now)
