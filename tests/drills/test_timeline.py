"""From the moment at which a process holds the evidence until the message: step by step, at production's settings.

The figures are written down with the lane's run, and from there into docs/timeline.md. They are no limits: how long it
takes depends on the machine. That each fault is told, once, does not.
"""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from threading import Barrier

import httpx
import pytest

from botobs.trading.reconciliation.registry import MOST_ACCOUNTS
from testbed.stack import LiveStack
from tests.drills import _timeline
from tests.drills._timeline import ENVIRONMENT, Channel, Maker, on_this_machine, slowest
from tests.support.waiting import eventually

#: Seconds of each step of each firing of one process.
Steps = Future[list[dict[str, float]]]
#: Faults of one process at most; and of one that compares accounts, of which a process has no more.
_EACH, _ACCOUNTS = 40, MOST_ACCOUNTS
#: So many come at once, as from one cause: the evidence about the first leaves at once, that of others a second later.
_WAVE = 20
#: How many of the first process's are made one by one, and watched while they happen; of the others is read what is
#: stored.
_CLOSELY = 4
#: Seconds between two waves, so that none is in step with the rules.
_APART = (2.0, 5.0)


@dataclass(frozen=True)
class Case:
    """A fault that a process finds out by itself.

    Attributes:
        alert: That tells it.
        evidence: PromQL selector of the series that holds the evidence, by exchange.
        holds: Whether a value of it is evidence.
        now: Whether it costs money at once.
        compared: Whether it is found out by comparing an account.
        traded_on: Whether it counts only where bots run.
    """

    alert: str
    evidence: str
    holds: Callable[[float], bool] = lambda value: value > 0
    now: bool = True
    compared: bool = False
    traded_on: bool = False

    def firings(self, long_profile: bool) -> int:
        """How often it happens."""
        if self.now:
            return 200 if long_profile else 12
        return 20


_CASES = {
    "rejected": Case("OrderRejectsHigh", "botobs_orders_rejected_burst", lambda value: value >= 5),
    "banned": Case("ExchangeBanned", "exchange_ratelimit_ban_remaining_seconds"),
    "crossed": Case(
        "ExchangeBookCrossed",
        "exchange_orderbook_crossed_duration_seconds",
        lambda value: value > 5,
        traded_on=True,
    ),
    "stale": Case("ExchangeBookStale", "exchange_orderbook_frozen", traded_on=True),
    "drift": Case("PositionDrift", "botobs_position_drift_ratio", lambda value: value > 0.01, compared=True),
    # The last of those that cost money at once: its alerts stay.
    "unknown": Case("OrderOutcomeUnknown", "botobs_order_unknown_timestamp_seconds"),
    "orphan": Case("OrderOrphaned", "botobs_orders_orphaned", now=False, compared=True),
    "ghost": Case("OrderGhost", "botobs_orders_ghost", now=False, compared=True),
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
def side_by_side(
    production: tuple[LiveStack, Channel], long_profile: bool
) -> Iterator[Mapping[str, list[Steps]]]:
    """The steps of the firings of what does not cost money at once."""
    with _begun([fault for fault, case in _CASES.items() if not case.now], production, long_profile) as steps:
        yield steps


@pytest.mark.parametrize("fault", [fault for fault, case in _CASES.items() if case.now])
def test_what_costs_money_is_told_at_once(
    fault: str,
    production: tuple[LiveStack, Channel],
    long_profile: bool,
    record_property: Callable[[str, object], None],
) -> None:
    """One kind after the other: hundreds of alerts of all kinds at once measure the machine."""
    with _begun([fault], production, long_profile) as steps:
        _told(fault, production[1], steps[fault], long_profile, record_property)


def test_another_bot_of_a_group_that_was_told_of_is_told_at_once(
    production: tuple[LiveStack, Channel],
    long_profile: bool,
    record_property: Callable[[str, object], None],
) -> None:
    """One bot after the other loses an order at one exchange."""
    stack, channel = production
    # Fewer than a message names (alertmanager/alertmanager.yml, max_alerts).
    bots = [f"another{number}" for number in range(40 if long_profile else 6)]
    whole = []
    with Maker("money-another", "another", bots, on_this_machine(stack)) as maker:
        for bot in bots:
            time.sleep(random.uniform(*_APART))
            evidence, key = maker.make(), ("OrderOutcomeUnknown", bot)
            assert eventually(lambda key=key: key in channel.of_bots, within=240, every=0.05)  # type: ignore[misc]
            whole.append(channel.of_bots[key] - evidence)
    record_property("OrderOutcomeUnknown (another bot)", json.dumps(slowest(whole)))


@pytest.mark.parametrize("fault", [fault for fault, case in _CASES.items() if not case.now])
def test_what_a_process_finds_out_is_told(
    fault: str,
    production: tuple[LiveStack, Channel],
    side_by_side: Mapping[str, list[Steps]],
    long_profile: bool,
    record_property: Callable[[str, object], None],
) -> None:
    _told(fault, production[1], side_by_side[fault], long_profile, record_property)


def _told(
    fault: str,
    channel: Channel,
    processes: Sequence[Steps],
    long_profile: bool,
    record_property: Callable[[str, object], None],
) -> None:
    """Each firing was told of, once; the figures are written down."""
    alert = _CASES[fault].alert
    steps = [firing for process in processes for firing in process.result()]
    record_property(alert, json.dumps(_figures(steps)))
    exchanges = _exchanges(fault, long_profile)
    assert {each: channel.reported(alert, each) for each in exchanges} == dict.fromkeys(exchanges, 1)


@contextmanager
def _begun(
    faults: Sequence[str], production: tuple[LiveStack, Channel], long_profile: bool
) -> Iterator[Mapping[str, list[Steps]]]:
    """The steps of all firings by fault, as they become known; processes fail side by side, once all of them run."""
    stack, channel = production
    processes = {
        fault: _parts(_exchanges(fault, long_profile), _ACCOUNTS if _CASES[fault].compared else _EACH)
        for fault in faults
    }
    number = sum(map(len, processes.values()))
    all_run = Barrier(number, timeout=600)
    with stack.client("prometheus") as prometheus, ThreadPoolExecutor(number) as together:

        def begun(fault: str, exchanges: Sequence[str]) -> Steps:
            watch = Watch(_CASES[fault], prometheus, channel)
            return together.submit(_of_process, stack, fault, exchanges, watch, all_run)

        yield {fault: [begun(fault, some) for some in each] for fault, each in processes.items()}


def _exchanges(fault: str, long_profile: bool) -> list[str]:
    return [f"{fault}{number}" for number in range(_CASES[fault].firings(long_profile))]


def _of_process(
    stack: LiveStack, fault: str, exchanges: Sequence[str], watch: Watch, all_run: Barrier
) -> list[dict[str, float]]:
    with Maker(f"money-{fault}", fault, exchanges, on_this_machine(stack)) as maker:
        _wait_until_bots_run(stack, exchanges, known_to_rules=_CASES[fault].traded_on)
        all_run.wait()
        closely = exchanges[:_CLOSELY] if _CASES[fault].now and exchanges[0] == f"{fault}0" else []
        steps = []
        for exchange in closely:
            time.sleep(random.uniform(*_APART))
            steps.append(watch.closely(exchange, maker.make()))
        others = []
        for wave in _parts(exchanges[len(closely) :], _WAVE):
            time.sleep(random.uniform(*_APART))
            others += [(exchange, maker.make()) for exchange in wave]
        return steps + watch.later(others)


def _parts(items: Sequence[str], each: int) -> list[Sequence[str]]:
    return [items[begin : begin + each] for begin in range(0, len(items), each)]


def _wait_until_bots_run(stack: LiveStack, exchanges: Sequence[str], known_to_rules: bool) -> None:
    """Until it is known, to rules that ask for it too, that a bot runs at each."""
    where = f'deployment_environment_name="{ENVIRONMENT}", exchange_name=~"{"|".join(exchanges)}"'
    running = f'botobs_bot_state{{botobs_bot_state="running", {where}}} == 1'
    if known_to_rules:
        running = f"exchange:traded:count{{{where}}}"
    eventually(lambda: len(stack.query(running)) >= len(exchanges), within=600, every=2)


@dataclass(frozen=True)
class Watch:
    """Finds out how long each step of a firing took, in seconds."""

    case: Case
    prometheus: httpx.Client
    channel: Channel

    def closely(self, exchange: str, evidence: float) -> dict[str, float]:
        """While it happens: what is stored is asked for all the time."""
        eventually(
            lambda: self._first(self.case.evidence, [exchange], self.case.holds), within=120, every=0.05
        )
        stored = time.time()
        [steps] = self.later([(exchange, evidence)])
        ingest = stored - steps["export"] - evidence
        return steps | {"ingest": ingest, "evaluate": steps["evaluate"] - ingest}

    def later(self, made: Sequence[tuple[str, float]]) -> list[dict[str, float]]:
        """Once the messages are there: by what is stored; what the way into the store took counts as evaluation.

        Args:
            made: Exchanges, and when the evidence about each was there.
        """
        exchanges = [exchange for exchange, _ in made]
        arrived = self.channel.arrived
        eventually(
            lambda: all((self.case.alert, each) in arrived for each in exchanges), within=240, every=0.05
        )
        firing = f'ALERTS{{alertname="{self.case.alert}", alertstate="firing", severity="critical"}}'
        # What has arrived a moment ago may not be stored yet.
        collected = eventually(lambda: self._all(self.case.evidence, exchanges, self.case.holds), within=60)
        fired = eventually(lambda: self._all(firing, exchanges, lambda _: True), within=60)
        return [
            {
                "export": collected[exchange] - evidence,
                "evaluate": fired[exchange] - collected[exchange],
                "send": arrived[self.case.alert, exchange][0] - fired[exchange],
                "whole": arrived[self.case.alert, exchange][0] - evidence,
            }
            for exchange, evidence in made
        ]

    def _all(
        self, selector: str, exchanges: Sequence[str], holds: Callable[[float], bool]
    ) -> dict[str, float]:
        """What `_first` finds, once it finds all; nothing before."""
        found = self._first(selector, exchanges, holds)
        return found if found.keys() == set(exchanges) else {}

    def _first(
        self, selector: str, exchanges: Sequence[str], holds: Callable[[float], bool]
    ) -> dict[str, float]:
        """The times of the first stored samples that hold, by the exchange that they are about."""
        name, _, labels = selector.rstrip("}").partition("{")
        which = f'exchange_name=~"{"|".join(exchanges)}"'
        query = f"{name}{{{labels}{labels and ', '}{which}}}[10m]"
        response = self.prometheus.get("/api/v1/query", params={"query": query})
        response.raise_for_status()
        found: dict[str, float] = {}
        for series in response.json()["data"]["result"]:
            exchange = series["metric"]["exchange_name"]
            times = [float(when) for when, value in series["values"] if holds(float(value))]
            if times:
                found[exchange] = min([*times, found.get(exchange, math.inf)])
        return found


def _figures(steps: list[dict[str, float]]) -> dict[str, float]:
    """How many firings, the median and the slowest of a hundred of each step, and the slowest as a whole."""
    by_step = {name: [each[name] for each in steps if name in each] for name in steps[0]}
    medians = {name: round(median(seconds), 2) for name, seconds in by_step.items()}
    tails = {f"{name} p99": slowest(seconds)["p99"] for name, seconds in by_step.items() if name != "whole"}
    return medians | tails | slowest([each["whole"] for each in steps])
