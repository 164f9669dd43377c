"""Half of the fleet runs on the previous SDK: rules, dashboards and ledger serve both halves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping

import pytest

from botobs._demo.services import PORTS, Load
from botobs._ops.drills.profile import TEST
from testbed.dashboards import ALL, PanelQuery, ask, queries
from testbed.stack import LiveStack
from tests.support import previous_sdk
from tests.support.ledger import accounts
from tests.support.previous_sdk import ENVIRONMENT
from tests.support.rules import metrics
from tests.support.waiting import eventually

_CURRENT = "current"


@pytest.fixture(scope="module")
def mixed() -> Iterator[LiveStack]:
    """A stack with two demos: one of today, one of the previous SDK."""
    load = Load(bots=4, rate=2)
    variables = {**TEST.variables, "BOTOBS_ENVIRONMENT": _CURRENT}
    live = LiveStack(variables, demo=load)
    live.stack.add(previous_sdk.fleet(load, previous_sdk.installed()))
    with live:
        yield live


def test_the_previous_sdk_is_what_is_imported() -> None:
    site = previous_sdk.installed()
    program = "import botobs, demo; print(botobs.__file__, demo.__file__)"
    environ = {**os.environ, "PYTHONPATH": str(site)}
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], env=environ, capture_output=True, text=True, check=True
    )
    assert all(file.startswith(str(site)) for file in done.stdout.split())
    newest = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=previous_sdk.ROOT, capture_output=True, text=True, check=True
    )
    assert newest.stdout.strip() != previous_sdk.COMMIT


def _recorded(live: LiveStack, environment: str, services: str = ".+") -> set[str]:
    """Names of the series that services of an environment have, those of rules among them."""
    labels = f'deployment_environment_name="{environment}", service_name=~"{services}"'
    return {series["metric"]["__name__"] for series in live.query(f"group by (__name__) ({{{labels}}})")}


def test_rules_record_both(mixed: LiveStack, record_property: Callable[[str, object], None]) -> None:
    def rules() -> tuple[set[str], set[str]]:
        current, previous = (
            {name for name in _recorded(mixed, environment) if ":" in name}
            for environment in (_CURRENT, ENVIRONMENT)
        )
        assert len(current) > 5
        assert current == previous
        return current, previous

    current, _ = eventually(rules, within=180, every=2)
    record_property("recorded metrics of both halves", len(current))


def test_no_alert_is_raised_by_the_mixture(mixed: LiveStack) -> None:
    def quiet() -> bool:
        found = mixed.query('ALERTS{alertstate="firing", alertname!="Watchdog", service_name!=""}')
        assert found == []
        return True

    assert eventually(quiet, within=120, every=2)


@pytest.mark.parametrize("environment", [_CURRENT, ENVIRONMENT])
def test_an_alert_is_raised_for_either(mixed: LiveStack, environment: str) -> None:
    part = "bot-manager" if environment == _CURRENT else f"{ENVIRONMENT}-bot-manager"
    alert = f'ALERTS{{alertname="ServiceHeartbeatLost", deployment_environment_name="{environment}"}}'
    fires = f'{alert[:-1]}, alertstate="firing"}}'
    mixed.call(mixed.supervisor.kill(part, signal.SIGSTOP))
    try:
        # Silence counts while the canary comes without a gap, which a busy machine leaves now and then.
        assert eventually(lambda: mixed.query(fires), within=300, every=1)
    finally:
        mixed.call(mixed.supervisor.kill(part, signal.SIGCONT))
    assert eventually(lambda: not mixed.query(alert), within=180, every=1)


def _of_services(live: LiveStack) -> list[PanelQuery]:
    """Queries about nothing but what services of both halves report.

    What the stack itself is like has one environment; what is new, the previous SDK does not report.
    """
    services = "|".join(PORTS)
    ours = _recorded(live, _CURRENT, services) & _recorded(live, ENVIRONMENT, services)
    asked = [each for each in queries() if each.is_promql and "$environment" in each.target["expr"]]
    return [each for each in asked if set(metrics(each.target["expr"])) <= ours]


def _answers(live: LiveStack, asked: PanelQuery, environment: str) -> bool:
    return bool(ask(live, asked, 600, variables={**ALL, "environment": environment}))


def test_dashboards_show_both(mixed: LiveStack, record_property: Callable[[str, object], None]) -> None:
    shown: Mapping[str, tuple[bool, bool]] = {}

    def alike() -> bool:
        nonlocal shown
        shown = {
            str(asked): (_answers(mixed, asked, _CURRENT), _answers(mixed, asked, ENVIRONMENT))
            for asked in _of_services(mixed)
        }
        assert [name for name, (current, previous) in shown.items() if current and not previous] == []
        return sum(map(all, shown.values())) > 30

    assert eventually(alike, within=180, every=5)
    record_property("panels that show both halves", sum(map(all, shown.values())))


def test_the_ledger_counts_both(mixed: LiveStack, capsys: pytest.CaptureFixture[str]) -> None:
    acknowledged = 'sum(botobs_sdk_exported_total{{signal="traces", deployment_environment_name="{}"}})'
    for environment in (_CURRENT, ENVIRONMENT):
        assert eventually(lambda env=environment: mixed.value(acknowledged.format(env)), within=60)  # type: ignore[misc]

    def complete() -> bool:
        for name, account in accounts(mixed, capsys, "30m")[1].items():
            assert account["spans"]["missing"] == account["metric_exports"]["missing"] == 0, (name, account)
        return True

    assert eventually(complete, within=120, every=2)
