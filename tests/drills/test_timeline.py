"""From the moment at which a process holds the evidence until the message: step by step, at production's settings.

The figures are written down with the lane's run, and from there into docs/timeline.md. They are no limits: how long it
takes depends on the machine. That each fault is told, once, does not.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median
from typing import Any

import httpx
import pytest

from testbed.stack import LiveStack
from tests.drills import _timeline
from tests.drills._timeline import ENVIRONMENT, Channel, Maker, slowest
from tests.support.waiting import eventually

#: Seconds of each step of each firing.
Steps = Future[list[dict[str, float]]]
#: Faults of one process, and how many of the first are watched while they happen; of the others is read what is stored.
_BATCH = 40
_CLOSELY = 12
#: Seconds between two faults: so far apart that each has an export of its own, and never in step with the rules.
_APART = (1.0, 2.0)


@dataclass(frozen=True)
class Case:
    """A fault that a process finds out by itself.

    Attributes:
        alert: That tells it.
        evidence: PromQL selector of the series that holds the evidence, by exchange.
        holds: Whether a value of it is evidence.
        now: Whether it costs money at once.
    """

    alert: str
    evidence: str
    holds: Callable[[float], bool] = lambda value: value > 0
    now: bool = True

    def firings(self, long_profile: bool) -> int:
        """How often it happens."""
        if self.now:
            return 200 if long_profile else 12
        return 20


_CASES = {
    "unknown": Case("OrderOutcomeUnknown", "botobs_order_unknown_timestamp_seconds"),
    "rejected": Case("OrderRejectsHigh", "botobs_orders_rejected_burst", lambda value: value >= 5),
    "banned": Case("ExchangeBanned", "exchange_ratelimit_ban_remaining_seconds"),
    "crossed": Case(
        "ExchangeBookCrossed", "exchange_orderbook_crossed_duration_seconds", lambda value: value > 5
    ),
    "stale": Case("ExchangeBookStale", "exchange_orderbook_frozen"),
    "drift": Case("PositionDrift", "botobs_position_drift_ratio", lambda value: value > 0.01),
    "orphan": Case("OrderOrphaned", "botobs_orders_orphaned", now=False),
    "ghost": Case("OrderGhost", "botobs_orders_ghost", now=False),
    "waiting": Case(
        "OrderInFlightTooLong",
        "botobs_orders_oldest_in_flight_age_seconds",
        lambda value: value > 30,
        now=False,
    ),
    "key": Case("ExchangeKeyRefused", "exchange_key_refused", now=False),
    "clock": Case("ExchangeClockOffset", "exchange_clock_offset_seconds", now=False),
    "limit": Case("ExchangeRateLimitNear", "exchange_ratelimit_utilization_ratio", now=False),
    "cut": Case("ExchangeDisconnected", 'exchange_ws_connections{exchange_ws_state="closed"}', now=False),
}


@pytest.fixture(scope="module")
def production() -> Iterator[tuple[LiveStack, Channel]]:
    """A stack with production's settings, and the channel that it tells."""
    with _timeline.production() as running:
        yield running


@pytest.fixture(scope="module")
def measured(production: tuple[LiveStack, Channel], long_profile: bool) -> Iterator[Mapping[str, Steps]]:
    """The steps of all firings by fault, as they become known; the faults happen side by side."""
    stack, channel = production

    def of(fault: str) -> list[dict[str, float]]:
        exchanges = _exchanges(fault, long_profile)
        with stack.client("prometheus") as prometheus:
            watch = Watch(_CASES[fault], prometheus, channel)
            return [
                each
                for begin in range(0, len(exchanges), _BATCH)
                for each in _of_batch(stack, fault, exchanges[begin : begin + _BATCH], watch)
            ]

    with ThreadPoolExecutor(len(_CASES)) as together:
        yield {fault: together.submit(of, fault) for fault in _CASES}


@pytest.mark.parametrize("fault", _CASES)
def test_what_a_process_finds_out_is_told(
    fault: str,
    production: tuple[LiveStack, Channel],
    measured: Mapping[str, Steps],
    long_profile: bool,
    record_property: Callable[[str, object], None],
) -> None:
    alert = _CASES[fault].alert
    record_property(alert, json.dumps(_figures(measured[fault].result())))
    exchanges = _exchanges(fault, long_profile)
    told = {exchange: production[1].told(alert, exchange) for exchange in exchanges}
    assert told == dict.fromkeys(exchanges, 1)


def _exchanges(fault: str, long_profile: bool) -> list[str]:
    return [f"{fault}{number}" for number in range(_CASES[fault].firings(long_profile))]


def _of_batch(stack: LiveStack, fault: str, exchanges: Sequence[str], watch: Watch) -> list[dict[str, float]]:
    with Maker(stack, f"money-{fault}", fault, exchanges) as maker:
        _wait_until_bots_run(stack, exchanges)
        closely = exchanges[:_CLOSELY] if _CASES[fault].now and exchanges[0] == f"{fault}0" else []
        steps = [watch.closely(exchange, _made(maker)) for exchange in closely]
        others = [(exchange, _made(maker)) for exchange in exchanges[len(closely) :]]
        return steps + [watch.later(*each) for each in others]


def _made(maker: Maker) -> float:
    time.sleep(random.uniform(*_APART))
    return maker.make()


def _wait_until_bots_run(stack: LiveStack, exchanges: Sequence[str]) -> None:
    """Until the rules know that bots run there."""
    running = f'exchange:bots_running:count{{deployment_environment_name="{ENVIRONMENT}"}} > 0'
    eventually(
        lambda: set(exchanges) <= {each["metric"].get("exchange_name") for each in stack.query(running)},
        within=180,
    )


@dataclass(frozen=True)
class Watch:
    """Finds out how long each step of a firing took, in seconds."""

    case: Case
    prometheus: httpx.Client
    channel: Channel

    def closely(self, exchange: str, evidence: float) -> dict[str, float]:
        """While it happens: what is stored is asked for all the time."""
        collected = eventually(lambda: self._collected(exchange), within=120, every=0.05)
        stored = time.time()
        steps = self.later(exchange, evidence)
        return {
            "export": steps["export"],
            "ingest": stored - collected,
            "evaluate": steps["evaluate"] - (stored - collected),
            "send": steps["send"],
            "whole": steps["whole"],
        }

    def later(self, exchange: str, evidence: float) -> dict[str, float]:
        """Once the message is there: by what is stored; what the way into the store took counts as evaluation."""
        arrived = eventually(
            lambda: self.channel.arrived.get((self.case.alert, exchange), []), within=240, every=0.05
        )
        collected = eventually(lambda: self._collected(exchange), within=60)
        fires = f'ALERTS{{alertname="{self.case.alert}", alertstate="firing", severity="critical"}}'
        fired = eventually(lambda: self._first(fires, exchange, lambda _: True), within=60)
        return {
            "export": collected - evidence,
            "evaluate": fired - collected,
            "send": arrived[0] - fired,
            "whole": arrived[0] - evidence,
        }

    def _collected(self, exchange: str) -> float:
        return self._first(self.case.evidence, exchange, self.case.holds)

    def _first(self, selector: str, exchange: str, holds: Callable[[float], bool]) -> float:
        """The time of the first stored sample about an exchange that holds; 0 while there is none."""
        name, _, labels = selector.rstrip("}").partition("{")
        query = f'{name}{{{labels}{labels and ", "}exchange_name="{exchange}"}}[10m]'
        response = self.prometheus.get("/api/v1/query", params={"query": query})
        response.raise_for_status()
        found: list[dict[str, Any]] = response.json()["data"]["result"]
        times = [when for series in found for when, value in series["values"] if holds(float(value))]
        return float(min(times, default=0.0))


def _figures(steps: list[dict[str, float]]) -> dict[str, float]:
    """How many firings, the median of each step, and the slowest as a whole."""
    medians = {name: round(median(each[name] for each in steps if name in each), 2) for name in steps[0]}
    return medians | slowest([each["whole"] for each in steps])
