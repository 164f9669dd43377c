"""Dashboards show what happened: exactly where they count, to a bucket's width where they estimate."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

import pytest

from botobs.semconv import DURATION_BUCKETS
from testbed.dashboards import ask, fill, query
from testbed.stack import LiveStack
from tests.support.scripted import SLOW, Truth
from tests.support.waiting import eventually

Scripted = tuple[LiveStack, Truth]

#: Panel and query, and what it must show.
COUNTS: dict[tuple[str, str, str], Callable[[Truth], int]] = {
    ("botobs-trading-engine", "Submitted", "A"): lambda truth: truth.orders("received"),
    ("botobs-trading-engine", "Rejected", "A"): lambda truth: truth.orders("rejected"),
    ("botobs-trading-engine", "Filled", "A"): lambda truth: truth.database["closed"],
    ("botobs-trading-engine", "Canceled", "A"): lambda truth: truth.database["canceled"],
    ("botobs-trading-engine", "Unknown", "A"): lambda truth: truth.outcomes["exchange_unavailable"],
    ("botobs-overview", "Orders of unknown outcome", "A"): lambda truth: truth.outcomes[
        "exchange_unavailable"
    ],
    ("botobs-orders", "Funnel", "A"): lambda truth: truth.database["inserts"],
    ("botobs-orders", "Funnel", "B"): lambda truth: truth.orders("received"),
    ("botobs-orders", "Funnel", "C"): lambda truth: truth.orders("accepted"),
    ("botobs-orders", "Funnel", "D"): lambda truth: truth.database["closed"],
    ("botobs-orders", "What else became of them", "D"): lambda truth: truth.database["rejected"],
    ("botobs-database", "Callers that gave up", "A"): lambda truth: truth.outcomes["database_unavailable"],
}
#: Panel of single events, the labels of the series that is counted, and what its bars must add up to.
EVENTS: list[tuple[tuple[str, str, str], dict[str, str], Callable[[Truth], int]]] = [
    (
        ("botobs-trading-engine", "Outcomes", "A"),
        {"botobs_order_outcome": "rejected"},
        lambda truth: truth.orders("rejected"),
    ),
    (
        ("botobs-trading-engine", "Outcomes", "A"),
        {"botobs_order_outcome": "filled"},
        lambda truth: truth.database["closed"],
    ),
    (
        ("botobs-orders", "Stages over time", "A"),
        {"botobs_order_stage": "submitted"},
        lambda truth: truth.orders("received"),
    ),
    (
        ("botobs-orders", "Submissions by outcome", "A"),
        {"exchange_order_outcome": "accepted"},
        lambda truth: truth.orders("accepted"),
    ),
    (
        ("botobs-exchanges", "Errors by category", "A"),
        {"exchange_name": "okx", "exchange_error_category": "funds"},
        lambda truth: truth.exchanges["okx"]["rejections"]["balance"],
    ),
    (
        ("botobs-exchanges", "Reconnects", "A"),
        {"exchange_name": "okx"},
        lambda truth: truth.sockets("closed"),
    ),
    (
        ("botobs-exchanges", "Disconnects by reason", "A"),
        {"exchange_name": "okx", "exchange_ws_close_reason": "remote"},
        lambda truth: truth.sockets("closed"),
    ),
]
#: Panels that are empty while nothing fails.
FAILURES = (
    ("botobs-orders", "Failed orders"),
    ("botobs-services", "Failed spans"),
    ("botobs-traces", "Failed calls to exchanges"),
    ("botobs-traces", "Everything that failed"),
)


def test_the_load_was_what_it_should_be(scripted: Scripted) -> None:
    """Otherwise zeros would agree with zeros."""
    _, truth = scripted
    assert truth.orders("rejected") >= 7
    assert truth.orders("accepted") >= 30
    assert truth.sockets("closed") >= 1
    assert truth.outcomes["placed"] + truth.outcomes["rejected"] <= truth.orders("received")


@pytest.mark.parametrize("key", COUNTS, ids="/".join)
def test_a_count_is_exact(scripted: Scripted, key: tuple[str, str, str]) -> None:
    live, truth = scripted
    expected = COUNTS[key](truth)

    def shown() -> list[float]:
        return [float(series["value"][1]) for series in ask(live, query(*key), truth.seconds)]

    eventually(lambda: shown() == [expected])
    assert shown() == [expected]


@pytest.mark.parametrize(
    ("key", "labels", "expected"), EVENTS, ids=[f"{'/'.join(e[0])}-{e[1]}" for e in EVENTS]
)
def test_bars_add_up(
    scripted: Scripted,
    key: tuple[str, str, str],
    labels: dict[str, str],
    expected: Callable[[Truth], int],
) -> None:
    live, truth = scripted

    def shown() -> float:
        found = [series for series in ask(live, query(*key), truth.seconds) if series["metric"] == labels]
        return sum(float(value) for series in found for _, value in series["values"])

    eventually(lambda: shown() == expected(truth))
    assert shown() == expected(truth)


def test_statements_are_those_that_the_server_counted(scripted: Scripted) -> None:
    live, truth = scripted
    counted = 'sum(db_client_operation_duration_seconds_count{db_query_summary="INSERT orders"})'
    eventually(lambda: live.value(counted) == truth.database["inserts"])
    assert live.value(counted) == truth.database["inserts"]


def test_waits_for_a_connection_are_those_that_the_server_saw_returned(scripted: Scripted) -> None:
    """A connection that returns to an asyncpg pool is reset, and PostgreSQL counts that statement."""
    live, truth = scripted
    only = {"environment": ".*", "service": "trading-engine"}
    expression = fill(
        query("botobs-database", "Connections taken").target["expr"], truth.seconds, variables=only
    )
    eventually(lambda: live.value(expression) == truth.database["releases"])
    assert live.value(expression) == truth.database["releases"]


@pytest.mark.parametrize("title", ["Calls", "Requests"])
def test_a_quantile_is_right_to_its_bucket(scripted: Scripted, title: str) -> None:
    """Of the calls after the first export nearly all took as long as the exchange was told to, and a little longer."""
    live, truth = scripted
    expression = fill(
        query("botobs-exchanges", title).target["expr"], truth.seconds, round(truth.seconds / 4)
    )
    wanted = {"exchange_name": "binance"} | (
        {"exchange_operation": "create_order"} if title == "Calls" else {}
    )

    def shown() -> list[float]:
        return [float(each["value"][1]) for each in live.query(expression) if each["metric"] == wanted]

    assert eventually(shown)
    lowest = bisect_left(DURATION_BUCKETS, SLOW)
    # The caller waited longer than the call took.
    highest = bisect_left(DURATION_BUCKETS, max(truth.slow_turns))
    assert lowest <= bisect_left(DURATION_BUCKETS, shown()[0]) <= highest


@pytest.mark.parametrize(("uid", "title"), FAILURES)
def test_failures_fill_their_panels(scripted: Scripted, uid: str, title: str) -> None:
    live, truth = scripted
    assert eventually(lambda: ask(live, query(uid, title), truth.seconds))
