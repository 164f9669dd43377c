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
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

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
_BATCH = 8
_FIRINGS = {False: 20, True: 200}
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
    """What arrived, by alert and exchange: critical messages alone."""

    arrived: dict[tuple[str, str], list[float]] = field(default_factory=dict)

    def take(self, _path: str, body: Any) -> None:
        now = time.time()
        for alert in body["alerts"]:
            labels = alert["labels"]
            if alert["status"] == "firing" and labels["severity"] == "critical":
                key = (labels["alertname"], labels.get("exchange_name", ""))
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
    stack = LiveStack({**values, "BOTOBS_ALERT_RECEIVER": "webhook"})
    stack.home.create()
    write_secret(stack.home.secrets / "alertmanager" / "webhook.url", channel[1])
    with stack:
        yield stack


@pytest.mark.parametrize("fault", _CASES)
def test_what_costs_money_is_told(
    fault: str,
    production: LiveStack,
    channel: tuple[Channel, str],
    long_profile: bool,
    record_property: Callable[[str, object], None],
) -> None:
    case = _CASES[fault]
    exchanges = [f"{fault}{number}" for number in range(_FIRINGS[long_profile])]
    steps: list[dict[str, float]] = []
    with production.client("prometheus") as prometheus:
        for begin in range(0, len(exchanges), _BATCH):
            batch = exchanges[begin : begin + _BATCH]
            with _process(production, fault, batch) as make:
                _wait_until_bots_run(production, batch)
                for exchange in batch:
                    time.sleep(random.uniform(*_APART))
                    steps.append(_steps(case, exchange, make(), prometheus, channel[0]))
    record_property(case.alert, json.dumps(_figures(steps)))
    told = {exchange: len(channel[0].arrived[case.alert, exchange]) for exchange in exchanges}
    assert told == dict.fromkeys(exchanges, 1)


class _process:
    """A process that makes a fault each time it is called, and answers with the time of the evidence."""

    def __init__(self, stack: LiveStack, fault: str, exchanges: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(_PROGRAM), fault, *exchanges],
            env=os.environ
            | {
                "BOTOBS_HOME": str(stack.home.path),
                "BOTOBS_ENVIRONMENT": _ENVIRONMENT,
                "PYTHONPATH": str(ROOT),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Callable[[], float]:
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"
        return self._make

    def _make(self) -> float:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(json.loads(self._process.stdout.readline()))

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
    """How many firings, the median of each step, and the slowest of a hundred as a whole."""
    whole = sorted(each["whole"] for each in steps)
    slowest = whole[min(len(whole) - 1, int(len(whole) * 0.99))]
    medians = {name: round(median(each[name] for each in steps), 2) for name in steps[0]}
    return {"firings": len(steps), **medians, "p99": round(slowest, 2)}
