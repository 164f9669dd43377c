"""Metrics do not grow without end."""

from __future__ import annotations

import logging

import pytest

from botobs import semconv
from botobs._sdk.engine.cardinality import OVERFLOW, AttributeGuard, names_one_of_many


@pytest.mark.parametrize(
    "key",
    [
        "order_id",
        "order.id",
        "orderId",
        "orderID",
        "exchange.order.id",
        "exchange.order.client_id",
        "client_order_id",
        "clientOrderId",
        "CLIENT_ORDER_ID",
        "user_id",
        "userId",
        "enduser.id",
        "app.request_id",
        "http.request.id",
        "trace_id",
        "url.full",
        "client.address",
    ],
)
def test_names_of_endlessly_many_things_are_refused(key: str) -> None:
    assert names_one_of_many(key)


@pytest.mark.parametrize(
    "key",
    [
        "botobs.bot.id",
        "service.instance.id",
        "host.id",
        "exchange.order.side",
        "exchange.order.type",
        "reorder_identity",
        "server.address",
        "user_agent.name",
        "id",
    ],
)
def test_names_of_few_things_are_welcome(key: str) -> None:
    assert not names_one_of_many(key)


def test_no_metric_of_ours_has_an_attribute_that_we_refuse() -> None:
    metrics = semconv.all_metrics()
    assert len(metrics) > 50
    refused = {
        metric.name: [key for key in metric.attributes if names_one_of_many(key)] for metric in metrics
    }
    assert {name: keys for name, keys in refused.items() if keys} == {}


def test_a_refused_attribute_is_taken_off_counted_and_warned_about_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    guard = AttributeGuard()
    with caplog.at_level(logging.WARNING, "botobs"):
        for number in range(3):
            kept = guard.filter("orders.sent", {"client_order_id": f"c{number}", "exchange.name": "kraken"})
            assert kept == {"exchange.name": "kraken"}
    assert guard.refused == 3
    assert len(caplog.records) == 1
    assert "orders.sent" in caplog.text
    assert "'client_order_id'" in caplog.text
    assert "c0" not in caplog.text


def test_harmless_attributes_come_back_as_they_are() -> None:
    attributes = {"exchange.name": "kraken", "botobs.bot.id": "b1"}
    assert AttributeGuard().filter("orders.sent", attributes) is attributes


def test_series_beyond_the_limit_become_one(caplog: pytest.LogCaptureFixture) -> None:
    guard = AttributeGuard(series_limit=3)
    with caplog.at_level(logging.WARNING, "botobs"):
        kept = [guard.filter("ticks", {"symbol": symbol}) for symbol in ("A", "B", "C", "D", "A")]
    assert kept == [{"symbol": "A"}, {"symbol": "B"}, OVERFLOW, OVERFLOW, {"symbol": "A"}]
    assert guard.overflowed == 2
    assert len(caplog.records) == 1


def test_each_metric_has_series_of_its_own() -> None:
    guard = AttributeGuard(series_limit=2)
    assert guard.filter("ticks", {"symbol": "A"}) == {"symbol": "A"}
    assert guard.filter("trades", {"symbol": "B"}) == {"symbol": "B"}
    assert guard.filter("ticks", {"symbol": "B"}) == OVERFLOW


def test_a_forked_process_begins_anew() -> None:
    guard = AttributeGuard(series_limit=2)
    guard.filter("ticks", {"symbol": "A", "order_id": 1})
    guard.filter("ticks", {"symbol": "B"})
    guard.forget()
    assert (guard.refused, guard.overflowed) == (0, 0)
    assert guard.filter("ticks", {"symbol": "B"}) == {"symbol": "B"}
