"""From the moment at which a process knows what costs money until the message: step by step, at production's settings.

The figures are written down with the lane's run, and from there into docs/timeline.md. They are no limits: how long it
takes depends on the machine. That each fault is told, once, does not.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any, Self

import httpx
import pytest

from botobs._ops.access.secrets import write_secret
from botobs._ops.drills.sinks import HttpSink
from botobs._ops.settings.values import defaults
from testbed.stack import FAST, LiveStack
from tests.support.waiting import eventually

ROOT = Path(__file__).parents[2]
_PROGRAM = Path(__file__).with_name("programs") / "money.py"
_ENVIRONMENT = "timeline"
#: Faults of one process, and firings of each alert by profile.
_BATCH = 20
_FIRINGS = {False: 12, True: 200}
#: Deaths by profile: those that the stack sees, for it is on the machine; those that other processes see, and no stack;
#: and those that nothing near sees.
_DEATHS = {"seen": {False: 20, True: 200}, "sibling": {False: 8, True: 40}, "unseen": {False: 8, True: 40}}
#: Seconds between two faults: so far apart that each has an export of its own, and never in step with the rules.
_APART = (2.0, 4.0)


@dataclass(frozen=True)
class Money:
    """A fault that costs money.

    Attributes:
        alert: That tells it.
        evidence: PromQL selector of the series that holds the evidence, by exchange.
        holds: Whether a value of it is evidence.
    """

    alert: str
    evidence: str
    holds: Callable[[float], bool] = lambda value: value > 0


_CASES = {
    "unknown": Money("OrderOutcomeUnknown", "botobs_order_unknown_timestamp_seconds"),
    "rejected": Money("OrderRejectsHigh", "botobs_orders_rejected_burst", lambda value: value >= 5),
    "banned": Money("ExchangeBanned", "exchange_ratelimit_ban_remaining_seconds"),
    "crossed": Money(
        "ExchangeBookCrossed", "exchange_orderbook_crossed_duration_seconds", lambda value: value > 5
    ),
    "stale": Money("ExchangeBookStale", "exchange_orderbook_frozen"),
    "drift": Money("PositionDrift", "botobs_position_drift_ratio", lambda value: value > 0.01),
}


@dataclass
class Channel:
    """What arrived, by alert and exchange, or service where it is about none: critical messages alone."""

    arrived: dict[tuple[str, str], list[float]] = field(default_factory=dict)

    def take(self, _path: str, body: Any) -> None:
        now = time.time()
        for alert in body["alerts"]:
            labels = alert["labels"]
            if alert["status"] == "firing" and labels["severity"] == "critical":
                key = (labels["alertname"], labels.get("exchange_name") or labels.get("service_name", ""))
                self.arrived.setdefault(key, []).append(now)


@pytest.fixture(scope="module")
def channel() -> Iterator[tuple[Channel, str]]:
    """A webhook that keeps what it gets, and its address."""
    kept = Channel()
    with HttpSink(kept.take) as sink:
        yield kept, sink.url


@pytest.fixture(scope="module")
def production(channel: tuple[Channel, str]) -> Iterator[LiveStack]:
    """A stack with production's settings."""
    values = {name: defaults()[name] for name in FAST}
    stack = LiveStack({**values, "BOTOBS_ALERT_RECEIVER": "webhook", "BOTOBS_ENVIRONMENT": _ENVIRONMENT})
    stack.home.create()
    write_secret(stack.home.secrets / "alertmanager" / "webhook.url", channel[1])
    with stack:
        yield stack


@pytest.fixture(scope="module")
def measured(
    production: LiveStack, channel: tuple[Channel, str], long_profile: bool
) -> dict[str, list[dict[str, float]]]:
    """The steps of all firings by fault; the faults happen side by side."""

    def of(fault: str) -> list[dict[str, float]]:
        exchanges = _exchanges(fault, long_profile)
        with production.client("prometheus") as prometheus:
            batches = [exchanges[begin : begin + _BATCH] for begin in range(0, len(exchanges), _BATCH)]
            return [
                each
                for batch in batches
                for each in _of_batch(production, fault, batch, prometheus, channel[0])
            ]

    with ThreadPoolExecutor(len(_CASES)) as together:
        return dict(zip(_CASES, together.map(of, _CASES), strict=True))


def _exchanges(fault: str, long_profile: bool) -> list[str]:
    return [f"{fault}{number}" for number in range(_FIRINGS[long_profile])]


def _of_batch(
    stack: LiveStack, fault: str, exchanges: Sequence[str], prometheus: httpx.Client, channel: Channel
) -> list[dict[str, float]]:
    steps = []
    with Maker(stack, f"money-{fault}", fault, exchanges) as maker:
        _wait_until_bots_run(stack, exchanges)
        for exchange in exchanges:
            time.sleep(random.uniform(*_APART))
            steps.append(_steps(_CASES[fault], exchange, maker.make(), prometheus, channel))
    return steps


@pytest.mark.parametrize("fault", _CASES)
def test_what_costs_money_is_told(
    fault: str,
    measured: Mapping[str, list[dict[str, float]]],
    channel: tuple[Channel, str],
    long_profile: bool,
    record_property: Callable[[str, object], None],
) -> None:
    alert = _CASES[fault].alert
    record_property(alert, json.dumps(_figures(measured[fault])))
    exchanges = _exchanges(fault, long_profile)
    told = {exchange: len(channel[0].arrived[alert, exchange]) for exchange in exchanges}
    assert told == dict.fromkeys(exchanges, 1)


@pytest.mark.parametrize("death", _DEATHS)
def test_a_death_is_told(
    death: str,
    production: LiveStack,
    channel: tuple[Channel, str],
    tmp_path: Path,
    long_profile: bool,
    record_property: Callable[[str, object], None],
) -> None:
    """Processes are killed; one that ends in good order is told of never, and each other once."""
    services = [f"{death}{number}" for number in range(_DEATHS[death][long_profile])]

    def state(service: str) -> Path:
        """Where it leaves its journal: the stack looks there, others of these processes do, or nobody does."""
        return {"seen": production.home.services, "sibling": tmp_path, "unseen": tmp_path / service}[death]

    arrived = channel[0].arrived
    killed: dict[str, float] = {}
    # As long as others are heard, nobody takes them for silent together.
    with Maker(production, "alive", "unknown", [], state("alive")):
        for begin in range(0, len(services), _BATCH):
            batch = services[begin : begin + _BATCH]
            with Maker(production, f"{death}-ends", "unknown", ["ends"], state("ends")):
                apart = (0.0, 10.0) if death == "unseen" else _APART
                killed |= _kill(production, {service: state(service) for service in batch}, *apart)
            eventually(lambda: all(_told(arrived, each) for each in batch), within=300)  # noqa: B023
        whole = [arrived["ServiceHeartbeatLost", service][0] - when for service, when in killed.items()]
        record_property(f"ServiceHeartbeatLost ({death})", json.dumps(_slowest(whole)))
        # Until the last one is silent for long enough to be told by that as well.
        silent = f'service:silent:timestamp_seconds{{service_name="{services[-1]}"}} offset 20s'
        eventually(lambda: production.query(silent), within=300)
    assert {service: _told(arrived, service) for service in services} == dict.fromkeys(services, 1)
    assert {service for alert, service in arrived if alert == "ServicesSilent"} == set()
    assert _told(arrived, f"{death}-ends") == 0


def _kill(stack: LiveStack, services: Mapping[str, Path], *apart: float) -> dict[str, float]:
    """Start a process of each service with its state folder, and kill one after the other; when each was."""
    with ExitStack() as running:
        processes = {
            name: running.enter_context(Maker(stack, name, "unknown", [name], state))
            for name, state in services.items()
        }
        # Until the canary has been there for long enough.
        known = f'service:heartbeat:timestamp_seconds{{service_name=~"{"|".join(services)}"}}'
        heard = f"{known} and on () time() - environment:heard:timestamp_seconds < 10"
        eventually(lambda: len(stack.query(heard)) == len(services), within=180)
        killed = {}
        for service, process in processes.items():
            time.sleep(random.uniform(*apart))
            killed[service] = process.kill()
        return killed


def _told(arrived: Mapping[tuple[str, str], Sequence[float]], service: str) -> int:
    """How often the death of a service was told."""
    return len(arrived.get(("ServiceHeartbeatLost", service), ()))


class Maker:
    """A process that makes a fault each time it is asked to, and answers with the time of the evidence."""

    def __init__(
        self, stack: LiveStack, service: str, fault: str, exchanges: Sequence[str], state: Path | None = None
    ) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(_PROGRAM), service, fault, *exchanges],
            env=os.environ
            | {
                "BOTOBS_HOME": str(stack.home.path),
                "BOTOBS_ENVIRONMENT": _ENVIRONMENT,
                "PYTHONPATH": str(ROOT),
                "XDG_STATE_HOME": str(state or stack.home.services),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"
        return self

    def make(self) -> float:
        """Make the next fault."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(json.loads(self._process.stdout.readline()))

    def kill(self) -> float:
        """End it without a goodbye; returns when that was."""
        when = time.time()
        self._process.kill()
        return when

    def __exit__(self, *_: object) -> None:
        self._process.communicate()


def _wait_until_bots_run(stack: LiveStack, exchanges: Sequence[str]) -> None:
    """Until the rules know that bots run there."""
    running = f'exchange:bots_running:count{{deployment_environment_name="{_ENVIRONMENT}"}} > 0'
    eventually(
        lambda: set(exchanges) <= {each["metric"].get("exchange_name") for each in stack.query(running)},
        within=180,
    )


def _steps(
    case: Money, exchange: str, evidence: float, prometheus: httpx.Client, channel: Channel
) -> dict[str, float]:
    """Seconds of each step of one firing."""
    collected = eventually(lambda: _collected(case, exchange, prometheus), within=120, every=0.05)
    stored = time.time()
    arrived = eventually(lambda: channel.arrived.get((case.alert, exchange)), within=120, every=0.05)
    assert arrived is not None
    evaluated = eventually(lambda: _evaluated(case, exchange, prometheus), within=60)
    assert evaluated is not None
    return {
        "export": collected - evidence,
        "ingest": stored - collected,
        "evaluate": evaluated - stored,
        "send": arrived[0] - evaluated,
        "whole": arrived[0] - evidence,
    }


def _collected(case: Money, exchange: str, prometheus: httpx.Client) -> float:
    """The time of the first stored sample that holds the evidence; 0 while there is none."""
    selector = f'{case.evidence}{{exchange_name="{exchange}"}}[5m]'
    found = _result(prometheus, "/api/v1/query", query=selector)["result"]
    times = [when for series in found for when, value in series["values"] if case.holds(float(value))]
    return float(min(times, default=0.0))


def _evaluated(case: Money, exchange: str, prometheus: httpx.Client) -> float | None:
    """The time of the evaluation from which on the alert has been active."""
    for alert in _result(prometheus, "/api/v1/alerts")["alerts"]:
        labels: Mapping[str, str] = alert["labels"]
        wanted = {"alertname": case.alert, "exchange_name": exchange, "severity": "critical"}
        if wanted.items() <= labels.items():
            return datetime.fromisoformat(alert["activeAt"]).timestamp()
    return None


def _result(prometheus: httpx.Client, path: str, **parameters: str) -> Any:
    response = prometheus.get(path, params=parameters)
    response.raise_for_status()
    return response.json()["data"]


def _figures(steps: list[dict[str, float]]) -> dict[str, float]:
    """How many firings, the median of each step, and the slowest as a whole."""
    medians = {name: round(median(each[name] for each in steps), 2) for name in steps[0]}
    return medians | _slowest([each["whole"] for each in steps])


def _slowest(whole: Sequence[float]) -> dict[str, float]:
    """How many, the median, and the slowest of twenty and of a hundred; of fewer the slowest."""
    ordered = sorted(whole)
    slowest = {
        f"p{of}": round(ordered[min(len(ordered) - 1, len(ordered) * of // 100)], 2) for of in (95, 99)
    }
    return {"firings": len(ordered), "whole": round(median(ordered), 2), **slowest}
