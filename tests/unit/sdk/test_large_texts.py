"""A text of any size costs a service a copy of it, at most: of what is exported a bounded part is looked at."""

from __future__ import annotations

import logging
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry import baggage, context, metrics, propagate
from sqlalchemy import create_engine

import botobs
from botobs import trading
from testbed.otlp_receiver import OtlpReceiver

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("engine", ["stock", "fast"], indirect=True)]
Init = Callable[..., botobs.Handle]
MILLIONS = 4_000_000
LARGE = {
    "words": "a b " * (MILLIONS // 4),
    "one word": "x" * MILLIONS,
    "wide": "é " * (MILLIONS // 4),
    "camels": "aB" * (MILLIONS // 2),
}


def _span(text: str) -> None:
    with botobs.span("large", {"a": text, text: 1}) as span:
        span.set_attribute("b", text)
        span.add_event(text, {"c": text})
        span.update_name(text)


def _metrics(text: str) -> None:
    counter = metrics.get_meter("tested").create_counter("large")
    counter.add(1, {"value": text})
    counter.add(1, {text: "name"})
    counter.add(1, {"values": (text, 1)})


def _log(text: str) -> None:
    # Without parents: pytest's handler would keep all that it sees.
    logger = logging.Logger("large", logging.INFO)
    logger.addHandler(logging.NullHandler())
    logger.info(text)
    logger.info("%s", [text])
    logger.info("fields", extra={"field": text, "list": [text] * 100, text: 1})


def _baggage(text: str) -> None:
    carrier: dict[str, Any] = {}
    propagate.inject(carrier, baggage.set_baggage("name", text, context.get_current()))


def _orders(text: str) -> None:
    trading.order(text, exchange=text, symbol=text).filled(1, 1, complete=True)
    trading.bot(text, exchange=text).state("running")


DOORS = (_span, _metrics, _log, _baggage, _orders)


@pytest.mark.parametrize("kind", LARGE)
def test_no_door_keeps_it(init: Init, receiver: OtlpReceiver, kind: str) -> None:
    handle = init(disabled_instrumentations=[], logs=True, span_interval=3600, metric_interval=3600)
    for door in DOORS:
        door("small")
    assert handle.flush()
    for door in DOORS:
        text = LARGE[kind] + door.__name__
        tracemalloc.start()
        door(text)
        peak = tracemalloc.get_traced_memory()[1]
        assert handle.flush()
        kept = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        # `%s` of a list makes a text of it, and characters beyond Latin take two bytes each.
        assert peak < (5 if door is _log else 1.5) * MILLIONS, door.__name__
        assert kept < MILLIONS // 4, door.__name__
    assert all(len(request.body) < MILLIONS // 4 for request in receiver.requests)


def test_the_texts_of_statements_and_parameters_are_not_kept(init: Init, receiver: OtlpReceiver) -> None:
    handle = init(disabled_instrumentations=[])
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        for large in LARGE.values():
            connection.exec_driver_sql("select ?", (large,)).all()
            connection.exec_driver_sql(f"select 1 -- {large}").all()
            connection.exec_driver_sql(f"select '{large}'").all()
    assert handle.flush()
    spans = [span for span in receiver.spans if span.name.startswith("SELECT")]
    assert len(spans) == 3 * len(LARGE)
    assert all(span.ByteSize() < 20_000 for span in spans)
