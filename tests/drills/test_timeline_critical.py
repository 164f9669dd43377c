"""How long a fault takes to its mail, for critical alerts of the catalogue of drills; at production's settings.

The figures are written down with the lane's run, and from there into docs/timeline.md. They are no limits: how long it
takes depends on the machine. That each fault is told does not.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

import pytest

from botobs._ops.drills.catalogue import BY_NAME
from botobs._ops.drills.demo_stack import DemoStack
from botobs._ops.drills.drill import Drill
from botobs._ops.drills.profile import PRODUCTION
from botobs._ops.drills.target import Target
from botobs._ops.drills.timing import promised
from tests.drills._timeline import slowest
from tests.support.waiting import eventually

#: First: those that kill the engine leave orders behind, and the alert stays for an hour.
_ONCE = (
    "orders-left-behind",
    "exchange-limit-near",
    "exchange-clock",
    "exchange-key-refused",
    "service-crash-loop",
)
#: Those whose alert is over within some two minutes, and that no process finds out by itself (test_timeline.py).
_AGAIN = (
    "disk-full",
    "service-killed",
    "service-frozen",
    "database-locked",
)
#: Last: they keep their symptoms quiet for minutes.
_CAUSES = (
    "exchange-disconnect",
    "collector-down",
    "database-down",
)
_ROUNDS = (_ONCE, _AGAIN, _AGAIN, _AGAIN, _CAUSES)
#: Seconds for what the fault makes a slow machine do, beyond the longest time that the settings promise.
_PATIENCE = 240.0


@pytest.fixture(scope="module")
def demo() -> Iterator[DemoStack]:
    """The demo at production's pace, for all of them."""
    with DemoStack(PRODUCTION) as running:
        yield running


@pytest.fixture(scope="module")
def target(demo: DemoStack) -> Iterator[Target]:
    """Its stack."""
    with Target(demo.running) as found:
        found.require(BY_NAME["service-killed"].needs, "service-killed")
        # Until the canary has been there for long enough.
        assert eventually(
            lambda: found.query("time() - environment:heard:timestamp_seconds < 10"), within=300
        )
        yield found


@pytest.fixture(scope="module")
def times() -> dict[str, list[float]]:
    """Seconds of each drill so far."""
    return {}


@pytest.mark.parametrize(
    "name", [pytest.param(name, id=f"{name}-{turn}") for turn, names in enumerate(_ROUNDS) for name in names]
)
def test_it_is_told(
    name: str,
    demo: DemoStack,
    target: Target,
    times: dict[str, list[float]],
    record_property: Callable[[str, object], None],
) -> None:
    drill = BY_NAME[name]
    promise = promised(drill, PRODUCTION)
    limit = promise.latest + _PATIENCE
    assert eventually(lambda: not _fires(demo, target, drill), within=600), f"{drill.alert} fires already"
    began = time.time()
    with drill.fault(target, limit + 60):
        assert eventually(lambda: _mail(demo, drill, began), within=limit)
    arrived = _mail(demo, drill, began)
    assert arrived is not None
    times.setdefault(name, []).append(arrived - began)
    # The last one counts.
    record_property(f"{drill.alert} ({name})", json.dumps(slowest(times[name])))


def _fires(demo: DemoStack, target: Target, drill: Drill) -> bool:
    """Whether the alert is there before its fault, or its end is still to be told: what begins anew is no new mail."""
    alerts = target.in_prometheus()
    mails = [mail for mail in demo.inbox.since(0) if mail.channel == "email" and mail.alert == drill.alert]
    untold = bool(mails) and not mails[-1].resolved
    return (
        untold
        or alerts is None
        or any(each.name == drill.alert and each.has(drill.labels) for each in alerts)
    )


def _mail(demo: DemoStack, drill: Drill, began: float) -> float | None:
    """When the first mail about the fault came."""
    whose = {value for name, value in drill.labels.items() if name != "severity"}
    return min(
        (
            mail.at
            for mail in demo.inbox.since(began)
            if mail.channel == "email"
            and mail.alert == drill.alert
            and not mail.resolved
            and all(each in mail.subject + mail.text for each in whose)
        ),
        default=None,
    )
