"""From the death of a process until it is told, and the orders that it leaves behind; at production's settings.

The figures are written down with the lane's run, and from there into docs/timeline.md. They are no limits: how long it
takes depends on the machine. That each death is told, once, does not.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from testbed.stack import LiveStack
from tests.drills import _timeline
from tests.drills._timeline import Channel, Maker, elsewhere, on_this_machine, slowest
from tests.support.waiting import eventually

#: Processes at a time.
_BATCH = 20
#: Deaths by profile: those that the stack sees, for it is on the machine; those that other processes see, and no stack;
#: and those that nothing near sees.
_DEATHS = {"seen": {False: 20, True: 200}, "sibling": {False: 8, True: 60}, "unseen": {False: 8, True: 20}}
#: Seconds between two deaths, at least and at most.
_APART = {"seen": (0.5, 1.5), "sibling": (0.5, 1.5), "unseen": (0.0, 10.0)}


@pytest.fixture(scope="module")
def production() -> Iterator[tuple[LiveStack, Channel]]:
    """A stack with production's settings, and the channel that it tells."""
    with _timeline.production() as running:
        yield running


@pytest.mark.parametrize("death", _DEATHS)
def test_a_death_is_told(
    death: str,
    production: tuple[LiveStack, Channel],
    tmp_path: Path,
    long_profile: bool,
    record_property: Callable[[str, object], None],
) -> None:
    """Processes are killed; one that ends in good order is told of never, and each other once."""
    stack, channel = production
    services = [f"{death}{number}" for number in range(_DEATHS[death][long_profile])]

    def variables(service: str) -> dict[str, str]:
        """Where it leaves its journal: the stack looks there, others of these processes do, or nobody does."""
        if death == "seen":
            return on_this_machine(stack)
        return elsewhere(stack, tmp_path / (service if death == "unseen" else ""))

    killed: dict[str, float] = {}
    # As long as others are heard, nobody takes them for silent together.
    with Maker("alive", "unknown", [], variables("alive")):
        for begin in range(0, len(services), _BATCH):
            batch = services[begin : begin + _BATCH]
            with Maker(f"{death}-ends", "unknown", ["ends"], variables("ends")):
                killed |= _kill(stack, {service: variables(service) for service in batch}, _APART[death])
            eventually(
                lambda: all(channel.reported("ServiceHeartbeatLost", each) for each in batch),  # noqa: B023
                within=300,
            )
        # Of orders that nobody saw the end of it is told when their process has been silent for much longer.
        for alert in ("ServiceHeartbeatLost", *(["OrdersLeftBehind"] if death == "seen" else [])):
            eventually(lambda: all(channel.reported(alert, each) for each in services), within=300)  # noqa: B023
            whole = [channel.arrived[alert, service][0] - when for service, when in killed.items()]
            record_property(f"{alert} ({death})", json.dumps(slowest(whole)))
        # Until the last one is silent for long enough to be told by that as well.
        silent = f'service:silent:timestamp_seconds{{service_name="{services[-1]}"}} offset 20s'
        eventually(lambda: stack.query(silent), within=300)
    reported = {service: channel.reported("ServiceHeartbeatLost", service) for service in services}
    assert reported == dict.fromkeys(services, 1)
    assert {service for alert, service in channel.arrived if alert == "ServicesSilent"} == set()
    assert channel.reported("ServiceHeartbeatLost", f"{death}-ends") == 0


def _kill(
    stack: LiveStack, services: Mapping[str, Mapping[str, str]], apart: tuple[float, float]
) -> dict[str, float]:
    """Start a process of each service with its variables, and kill one after the other; when each was.

    Each has an order on its way, to an exchange of its own name.
    """
    with ExitStack() as running:
        processes = {
            name: running.enter_context(Maker(name, "waiting", [name], variables))
            for name, variables in services.items()
        }
        for process in processes.values():
            process.make()
        # Until the orders are known, and the canary has been there for long enough.
        known = f'botobs_orders_in_flight{{service_name=~"{"|".join(services)}"}} > 0'
        heard = f"{known} and on () time() - environment:heard:timestamp_seconds < 10"
        eventually(lambda: len(stack.query(heard)) == len(services), within=180)
        killed = {}
        for service, process in processes.items():
            time.sleep(random.uniform(*apart))
            killed[service] = process.kill()
        return killed
