"""While nothing is wrong nobody is told anything: little trading, much trading, and a pipeline that is restarted.

At production's settings, from the first second of a stack on. `ARGS=--minutes=5` shows in short how it works.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from botobs._demo.services import Load
from botobs._ops.access.secrets import write_secret
from botobs._ops.drills.sinks import HttpSink
from botobs._ops.settings.values import defaults
from testbed.stack import FAST, LiveStack
from tests.support.faults import held, pause

# It takes as long as it is told to.
pytestmark = pytest.mark.timeout(0)

_LOADS = {"quiet": Load(bots=3, rate=0.2), "busy": Load(bots=20, rate=8)}
#: What is restarted, one after the other, and seconds that each is away and that follow.
_ROLLED, _AWAY, _AFTER = ("collector", "prometheus"), 10, 90
#: Seconds in which an alert whose condition has just held would still be told.
_PATIENCE = 360
#: What is true of a machine that is busy with others, and suppresses all that is slow for it.
_TRUE_OF_A_BUSY_MACHINE = "HostStarved"
#: That money may be at risk, for as long as the test may take: of this not even a condition may hold for a moment.
_AT_RISK = "Order(OutcomeUnknown|InFlightTooLong|Orphaned|Ghost|RejectsHigh)|OrdersLeftBehind|PositionDrift"
_OF_ORDERS = f'count by (alertname) (count_over_time(ALERTS{{alertname=~"{_AT_RISK}"}}[9h]))'
_SETTINGS = {name: defaults()[name] for name in FAST}


class Told:
    """A channel that keeps which alerts it was told of, with seconds since its start."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.alerts: list[str] = []

    def take(self, _path: str, body: Any) -> None:
        at = time.monotonic() - self._began
        self.alerts += [
            f"{alert['labels']['alertname']} {alert['status']} after {at:.0f} s"
            for alert in body["alerts"]
            if alert["labels"]["alertname"] != _TRUE_OF_A_BUSY_MACHINE
        ]


@pytest.fixture(params=_LOADS)
def running(request: pytest.FixtureRequest) -> Iterator[tuple[LiveStack, Told]]:
    """A demo's stack, and all that its channel has been told since it was started."""
    reported = Told()
    with HttpSink(reported.take) as channel:
        live = LiveStack({**_SETTINGS, "BOTOBS_ALERT_RECEIVER": "webhook"}, demo=_LOADS[request.param])
        live.home.create()
        write_secret(live.home.secrets / "alertmanager" / "webhook.url", channel.url)
        with live:
            yield live, reported


def test_nobody_is_told_anything(
    running: tuple[LiveStack, Told],
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    live, reported = running
    minutes = float(request.config.getoption("--minutes"))
    pause(60 * minutes)
    in_time = list(reported.alerts)
    for part in _ROLLED:
        with held(live, part):
            pause(_AWAY)
        pause(_AFTER)
    pause(_PATIENCE)
    name = request.node.callspec.params["running"]
    orders = live.value("sum(botobs_orders_total)")
    record_property(f"{name}: orders", int(orders or 0))
    record_property(f"{name}: told in {minutes:g} min", json.dumps(in_time))
    record_property(f"{name}: told of restarts", json.dumps(reported.alerts[len(in_time) :]))
    of_orders = [found["metric"]["alertname"] for found in live.query(_OF_ORDERS)]
    record_property(f"{name}: of orders, even for a moment", json.dumps(of_orders))
    assert orders
    assert of_orders == []
    assert reported.alerts == []
