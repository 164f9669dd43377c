"""Orders of unknown outcome on the real backends: alerted on, listed and settled, whoever has sent them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testbed.stack import LiveStack
from tests.support.configs import ROOT
from tests.support.order_desk import order_desk
from tests.support.waiting import eventually

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).with_name("orders_program.py")
SPENDER = "tests.integration.orders_spender"


@pytest.fixture(scope="module")
def stack() -> Iterator[LiveStack]:
    with LiveStack() as running:
        yield running


def variables(stack: LiveStack, state: Path, service: str = "engine") -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(state),
        "XDG_STATE_HOME": str(state),
        "BOTOBS_HOME": str(stack.home.path),
        "BOTOBS_SERVICE_NAME": service,
        "NO_COLOR": "1",
    }


def command(stack: LiveStack, state: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "botobs", "orders", *words],
        env=variables(stack, state),
        capture_output=True,
        text=True,
        timeout=120,
    )


def listed(stack: LiveStack, state: Path) -> tuple[int, dict[str, Any]]:
    done = command(stack, state, "--json", "--last", "1h")
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def firing(stack: LiveStack) -> dict[str, float]:
    """How many orders the alert counts, by bot."""
    result = stack.query(
        "bot:orders_unsettled:count and on (service_name, exchange_name, botobs_bot_id) "
        'ALERTS{alertname="OrderOutcomeUnknown",alertstate="firing"}'
    )
    return {one["metric"].get("botobs_bot_id", ""): float(one["value"][1]) for one in result}


def test_from_the_lost_answer_to_the_last_settlement(stack: LiveStack, tmp_path: Path) -> None:
    first_host, other_host, operator = tmp_path / "first", tmp_path / "other", tmp_path / "operator"
    for folder in (first_host, other_host, operator):
        folder.mkdir()
    code, nothing = listed(stack, operator)
    assert (code, nothing["orders"], nothing["counted"], nothing["disagreements"]) == (0, [], [], [])

    sender = subprocess.Popen(
        [sys.executable, PROGRAM, "lost"],
        env=variables(stack, first_host),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert sender.stdout is not None
    assert sender.stdout.readline() == "sent\n"
    assert eventually(lambda: firing(stack) == {"b1": 2, "b2": 1})
    sender.send_signal(signal.SIGKILL)
    sender.communicate()

    def all_three() -> dict[str, Any]:
        code, said = listed(stack, operator)
        assert code == 1
        assert [order["client_order_id"] for order in said["orders"]] == ["lost-1", "lost-2", "lost-3"]
        assert said["disagreements"] == []
        return said

    said = eventually(all_three)
    order = said["orders"][0]
    assert {name: order[name] for name in ("service", "bot", "exchange", "symbol", "side", "state")} == {
        "service": "engine",
        "bot": "b1",
        "exchange": "binance",
        "symbol": "BTC/USDT",
        "side": "buy",
        "state": "unknown",
    }
    assert 0 <= order["age"] < 600
    # By the id that was sent: Tempo's `trace:id` has no leading zeros, so that one of 16 traces is not found by it.
    submitted = stack.search('{ name = "order submit" && span.exchange.order.client_id = "lost-1" }')
    assert [found["traceID"].rjust(32, "0") for found in submitted] == [order["trace_id"]]

    # The first, by a person.
    reported = command(
        stack, operator, "settle", "lost-1", "--exchange", "binance", "--outcome", "filled", "--last", "1h"
    )
    assert reported.returncode == 0, reported.stderr + reported.stdout
    assert eventually(lambda: firing(stack) == {"b1": 1, "b2": 1})
    # The second, by the service on another host, which takes over nothing.
    done = subprocess.run(
        [sys.executable, PROGRAM, "settled elsewhere"], env=variables(stack, other_host), timeout=120
    )
    assert done.returncode == 0
    assert eventually(lambda: firing(stack) == {"b2": 1})
    # The third, by the next process of the service on the first host, which hears of it.
    done = subprocess.run(
        [sys.executable, PROGRAM, "filled later"], env=variables(stack, first_host), timeout=120
    )
    assert done.returncode == 0
    assert eventually(lambda: firing(stack) == {})

    def none_left() -> bool:
        code, said = listed(stack, operator)
        assert (code, said["orders"], said["disagreements"]) == (0, [], [])
        return True

    assert eventually(none_left)


def test_an_order_that_was_told_of_and_has_no_answer_is_listed_as_open(
    stack: LiveStack, tmp_path: Path
) -> None:
    """Its submission is a span of no duration below one that a killed process never ended."""
    done = subprocess.run(
        [sys.executable, PROGRAM, "in flight"], env=variables(stack, tmp_path, "killed"), timeout=120
    )
    assert done.returncode == 0

    def seen() -> bool:
        _, said = listed(stack, tmp_path)
        open_ones = [order for order in said["orders"] if order["service"] == "killed"]
        assert [(order["state"], order["client_order_id"]) for order in open_ones] == [("open", "in-flight")]
        return True

    assert eventually(seen)
    reported = command(
        stack, tmp_path, "settle", "in-flight", "--exchange", "okx", "--outcome", "failed", "--last", "1h"
    )
    assert reported.returncode == 0, reported.stderr

    def gone() -> bool:
        assert [order for order in listed(stack, tmp_path)[1]["orders"] if order["service"] == "killed"] == []
        return True

    assert eventually(gone)


def test_what_a_person_reads(stack: LiveStack, tmp_path: Path) -> None:
    done = command(stack, tmp_path, "--last", "1h")
    assert done.returncode == 0
    assert done.stdout == "No order of the last 1h is of unknown outcome or without a response.\n"
    assert done.stderr == ""
    wrong = command(stack, tmp_path, "--last", "soon")
    assert wrong.returncode == 2
    assert "--last: must be a duration" in wrong.stderr


def test_where_a_store_does_not_answer_it_cannot_tell(stack: LiveStack, tmp_path: Path) -> None:
    stack.call(stack.supervisor.hold("tempo"))
    try:
        code, said = listed(stack, tmp_path)
    finally:
        stack.call(stack.supervisor.resume("tempo"))
    assert code == 2
    assert said["orders"] is None
    assert "Tempo" in said["problems"][0]


#: Sends orders with an API key.
def test_who_spends_a_limit_that_processes_share(stack: LiveStack, tmp_path: Path) -> None:
    keys = {"same": "first-key-" * 3, "other": "second-key-" * 3}
    spenders = {("one", "same"): 2, ("two", "same"): 3, ("three", "other"): 1}
    with order_desk() as desk:
        desk.behaviours = ["take"] * sum(spenders.values())
        for (service, key), count in spenders.items():
            command = [sys.executable, "-m", SPENDER, desk.url, keys[key], str(count)]
            subprocess.run(
                command, env=variables(stack, tmp_path, service), cwd=ROOT, check=True, timeout=120
            )

    def spent() -> dict[str, dict[str, float]]:
        query = (
            'exchange_ratelimit_spent_total{service_name=~"one|two|three",exchange_operation="create_order"}'
        )
        found: dict[str, dict[str, float]] = {}
        for one in stack.query(query):
            by_service = found.setdefault(one["metric"]["exchange_account"], {})
            by_service[one["metric"]["service_name"]] = float(one["value"][1])
        return found

    assert eventually(lambda: sorted(spent().values(), key=len) == [{"three": 1}, {"one": 2, "two": 3}])
    assert not any(key in account for account in spent() for key in keys.values())
