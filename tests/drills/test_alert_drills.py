"""Every drill of `botobs drill` on one demo: people are told, once, and told when it is over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from botobs._ops.drills import deadman, report
from botobs._ops.drills.catalogue import DRILLS
from botobs._ops.drills.demo_stack import DemoStack
from botobs._ops.drills.drill import Drill
from botobs._ops.drills.profile import TEST
from botobs._ops.drills.runner import Result, Run
from botobs._ops.drills.target import Target
from botobs._sdk.units import seconds
from tests.support.faults import pause
from tests.support.waiting import eventually

#: Those whose alert, or whose end, is told latest.
_LONG = {
    "exchange-ban",
    "orders-left-behind",
    "service-crash-loop",
    "slo-availability",
    "slo-latency",
    "tempo-down",
}


@pytest.fixture(scope="module")
def demo() -> Iterator[DemoStack]:
    """A demo with a mail server, a Slack and a dead-man's switch."""
    with DemoStack(TEST) as running:
        yield running


@pytest.fixture(scope="module")
def target(demo: DemoStack) -> Iterator[Target]:
    """Its handles."""
    with Target(demo.running) as handles:
        yield handles


@pytest.fixture(scope="module")
def results(request: pytest.FixtureRequest) -> Iterator[list[Result]]:
    """Collects what the drills have shown; the table is printed at the end."""
    collected: list[Result] = []
    yield collected
    plugins = request.config.pluginmanager
    reporter: Any = plugins.get_plugin("terminalreporter")
    capture: Any = plugins.get_plugin("capturemanager")
    with capture.global_and_fixture_disabled():
        reporter.ensure_newline()
        reporter.section("drills: seconds after the fault")
        for result in collected:
            described = report.describe(result, TEST)
            reporter.line(f"{result.drill.name:20} {result.drill.alert:24} {described['seconds']}")
        reporter.line(str(report.figures(collected)))


@pytest.mark.parametrize("drill", DRILLS, ids=lambda drill: drill.name)
def test_drill(
    demo: DemoStack,
    target: Target,
    results: list[Result],
    drill: Drill,
    long_profile: bool,
    record_property: Callable[[str, object], None],
) -> None:
    if drill.name in _LONG and not long_profile:
        pytest.skip("takes a minute or more: `make drills` runs it")
    result = Run(drill, target, TEST, demo.inbox).run()
    results.append(result)
    seconds_after = report.describe(result, TEST)["seconds"]
    record_property(
        f"{drill.name}: seconds after the fault",
        ", ".join(f"{moment} {after:g}" for moment, after in seconds_after.items()),
    )
    assert result.problems == [], report.describe(result, TEST)
    assert set(drill.silent) <= report.stayed_silent(result)
    # Dashboards mark the time: it was running, and is no longer.
    mark = f'botobs_drill_running{{botobs_drill_name="{drill.name}"}}'
    assert eventually(lambda: target.query(f"max_over_time({mark}[10m]) - {mark} == 1"), within=60)


@pytest.mark.parametrize("part", ["bot-manager", "trading-engine"])
def test_a_clean_stop_and_a_restart_accuse_nobody(demo: DemoStack, target: Target, part: str) -> None:
    """A deployment stops a service in good order and starts it again: none of these may be told of that."""
    accusing = {
        "ServicesSilent",
        "ServiceHeartbeatLost",
        "ServiceInstanceLost",
        "ServiceCrashLoop",
        "BotHeartbeatLost",
        "OrdersLeftBehind",
    }
    accusing |= {"ServiceAvailabilityNoData", "ServiceLatencyNoData", "TelemetryDropped"}

    def raised() -> set[str]:
        return accusing & {alert.name for alert in target.in_prometheus() or () if alert.state == "firing"}

    assert eventually(lambda: not raised(), within=240), raised()
    began = time.time()
    target.control("hold", part, 300)
    setting = TEST.variables
    # Longer than a lost heartbeat or missing data would need to be told.
    pause(
        seconds(setting["BOTOBS_THRESHOLD_HEARTBEAT_AGE_SECONDS"]) + 2 * seconds(setting["BOTOBS_FOR_MEDIUM"])
    )
    target.control("release", part)
    pause(seconds(setting["BOTOBS_FOR_MEDIUM"]))
    assert accusing & {message.alert for message in demo.inbox.since(began)} == set()
    assert raised() == set()


def _faults(target: Target) -> dict[str, Any]:
    described = target.http("exchange-simulator").get("/control/faults").json()
    return {name: fault for exchange in described.values() for name, fault in exchange.items()}


def _begun(demo: DemoStack) -> subprocess.Popen[bytes]:
    environ = {**os.environ, "XDG_STATE_HOME": str(demo.home.path.parent / "state")}
    command = [sys.executable, "-m", "botobs", "drill", "app-slow", "--home", str(demo.home.path)]
    return subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_drill_that_is_ended_undoes_its_fault(
    demo: DemoStack, target: Target, number: signal.Signals
) -> None:
    drill = _begun(demo)
    assert eventually(lambda: "latency" in _faults(target), within=240)
    drill.send_signal(number)
    assert drill.wait() == 130
    assert _faults(target) == {}


def test_a_drill_that_is_killed_leaves_a_fault_that_ends_by_itself(demo: DemoStack, target: Target) -> None:
    drill = _begun(demo)
    assert eventually(lambda: "latency" in _faults(target), within=240)
    drill.kill()
    drill.wait()
    assert 0 < _faults(target)["latency"]["seconds"] < 600
    target.http("exchange-simulator").delete("/control/faults").raise_for_status()


def test_prometheus_is_restarted_while_an_alert_is_pending(demo: DemoStack, target: Target) -> None:
    def state() -> set[str]:
        alerts = target.in_prometheus() or ()
        return {alert.state for alert in alerts if alert.name == "ScrapeDown"}

    def reported(resolved: bool) -> list[str]:
        messages = demo.inbox.since(began)
        return sorted(
            each.channel for each in messages if each.alert == "ScrapeDown" and each.resolved is resolved
        )

    assert eventually(lambda: state() == set(), within=120)
    began = time.time()
    target.control("hold", "tempo", 300)
    assert eventually(lambda: state() == {"pending"}, within=120)
    target.control("kill", "prometheus")
    assert eventually(lambda: reported(False) == ["email", "slack"], within=180)
    target.control("release", "tempo")
    assert eventually(lambda: reported(True) == ["email", "slack"], within=180)
    assert reported(False) == ["email", "slack"]


def test_the_whole_stack_is_killed_and_a_message_still_arrives(demo: DemoStack, target: Target) -> None:
    """The last of the module: it ends the stage."""
    began = time.time()
    demo.kill()

    def reported() -> bool:
        return any(each.alert == deadman.ALERT and not each.resolved for each in demo.inbox.since(began))

    assert eventually(reported, within=120)

    def gone() -> bool:
        try:
            target.http("exchange-simulator").get("/healthz")
        except httpx.TransportError:
            return True
        return False

    # Its reaper ends what the supervisor has left behind.
    assert eventually(gone, within=60)
