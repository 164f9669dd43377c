"""Metrics do not grow without end."""

from __future__ import annotations

import logging

import pytest

from botobs import semconv
from botobs._sdk.engine.cardinality import AttributeGuard, names_one_of_many


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
            kept = guard.without_refused(
                "orders.sent", {"client_order_id": f"c{number}", "exchange.name": "kraken"}
            )
            assert kept == {"exchange.name": "kraken"}
    assert guard.refused == 3
    assert len(caplog.records) == 1
    assert "orders.sent" in caplog.text
    assert "'client_order_id'" in caplog.text
    assert "c0" not in caplog.text


def test_harmless_attributes_come_back_as_they_are() -> None:
    attributes = {"exchange.name": "kraken", "botobs.bot.id": "b1"}
    assert AttributeGuard().without_refused("orders.sent", attributes) is attributes


def test_a_forked_process_counts_from_zero() -> None:
    guard = AttributeGuard()
    guard.without_refused("ticks", {"symbol": "A", "order_id": 1})
    assert guard.refused == 1
    guard.forget()
    assert guard.refused == 0
