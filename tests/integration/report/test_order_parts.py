"""`botobs traces` tells what the time of a real order was spent on."""

from __future__ import annotations

import json

import pytest

from testbed.stack import LiveStack

from .conftest import command


def _order(trading: LiveStack) -> str:
    found = command(
        "traces", "--query", '{ name =~ "create_order .+" }', "--json", "--home", str(trading.home.path)
    )
    assert found.returncode == 0, found.stderr
    return str(json.loads(found.stdout)[0]["trace_id"])


def test_the_parts_of_an_order_add_up_to_its_time(trading: LiveStack) -> None:
    done = command("traces", _order(trading), "--json", "--home", str(trading.home.path))
    assert done.returncode == 0, done.stderr
    trace = json.loads(done.stdout)
    assert {"rate limiter", "exchange and network", "database", "own work"} <= set(trace["parts"])
    whole = max(span["offset"] + span["duration"] for span in trace["spans"])
    assert sum(trace["parts"].values()) == pytest.approx(whole, abs=1e-4)


def test_they_are_drawn_above_the_waterfall(trading: LiveStack) -> None:
    done = command("traces", _order(trading), "--home", str(trading.home.path))
    assert done.returncode == 0, done.stderr
    parts, _, spans = done.stdout.partition("create_order")
    assert "exchange and network" in parts
    assert "█" in spans


def test_an_order_is_found_by_its_id(trading: LiveStack) -> None:
    done = command("traces", _order(trading), "--json", "--home", str(trading.home.path))
    attributes = [span["attributes"] for span in json.loads(done.stdout)["spans"]]
    order = next(
        each["exchange.order.client_id"] for each in attributes if "exchange.order.client_id" in each
    )
    found = command(
        "traces", "--order", order, "--service", "trading-engine", "--json", "--home", str(trading.home.path)
    )
    assert json.loads(found.stdout)
