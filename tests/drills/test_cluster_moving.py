"""docs/how-to/move-to-the-cluster.md, step by step: nothing is lost on the way there, and nothing on the way back."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from botobs._ops.access import clients
from botobs._ops.components import native
from botobs._ops.components.cluster import backfill
from botobs._ops.components.context import Context
from botobs._ops.components.table import BY_NAME
from botobs._ops.settings.values import defaults
from botobs._ops.stack.configuration import render
from testbed.stack import LiveStack
from tests.support.faults import FaultTable, load
from tests.support.ledger import wait_for_all
from tests.support.waiting import eventually

#: Days ago of the history that only the single machine has; one point a minute for two hours.
_DAYS, _MINUTES = 2, 120
_HISTORY = "history_of_the_machine"
_PAUSE = 0.25


@dataclass(frozen=True)
class Move:
    """A single machine, and the cluster that it moves to."""

    machine: LiveStack
    cluster: LiveStack


@pytest.fixture(scope="module")
def move(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Move]:
    """Both, with the same secrets; the machine has some history."""
    machine = LiveStack({"BOTOBS_COLLECTOR_RETRY_INTERVAL": "2s"})
    with machine:
        _write_history(machine, tmp_path_factory.mktemp("history"))
        cluster = LiveStack(
            {"BOTOBS_MIMIR_CLEANUP_INTERVAL": "2s", "BOTOBS_MIMIR_SYNC_INTERVAL": "2s"}, cluster=True
        )
        cluster.home.path.mkdir()
        shutil.copytree(machine.home.secrets, cluster.home.secrets)
        with cluster:
            yield Move(machine, cluster)


def _write_history(live: LiveStack, folder: Path) -> None:
    """Put a block into Prometheus' folder, as if it had been there two days ago."""
    begin = int(time.time()) - _DAYS * 86400
    lines = [f"# TYPE {_HISTORY} gauge"]
    lines += [f"{_HISTORY} {minute} {begin + 60 * minute}" for minute in range(_MINUTES)]
    text = folder / "history.om"
    text.write_text("\n".join([*lines, "# EOF", ""]), encoding="utf-8")
    promtool = live.stack.binaries["promtool"]
    command: list[str | Path] = [promtool, "tsdb", "create-blocks-from", "openmetrics", text]
    live.call(live.supervisor.hold("prometheus"))
    subprocess.run([*command, live.home.data / "prometheus"], check=True, capture_output=True)
    live.call(live.supervisor.resume("prometheus"))


def _write_both(move: Move) -> None:
    """Restart the machine's collector so that it sends to the cluster too."""
    machine, cluster = move.machine, move.cluster
    shutil.copytree(cluster.home.secrets / "tenants", machine.home.secrets / "tenants")
    machine.call(machine.supervisor.hold("collector"))
    machine.stack.values |= {
        "BOTOBS_MOVING": "on",
        "BOTOBS_GATEWAYS_URL": cluster.stack.values["BOTOBS_GATEWAYS_URL"],
    }
    render(machine.home, machine.stack.values)
    http = clients.async_client(machine.home.secrets)
    context = Context(machine.home, machine.stack.binaries, defaults() | machine.stack.values, http)
    machine.supervisor.processes["collector"] = native.process(context, BY_NAME["collector"])
    machine.call(machine.supervisor.resume("collector"))


def _history(live: LiveStack) -> list[tuple[float, str]]:
    end = time.time() - _DAYS * 86400 + 60 * _MINUTES
    query: dict[str, str | float] = {"query": f"{_HISTORY}[{_MINUTES + 60}m]", "time": end}
    with live.client("prometheus") as http:
        found = http.get("/api/v1/query", params=query).raise_for_status().json()["data"]["result"]
    return [(float(at), value) for one in found for at, value in one["values"]]


def _silences(http: httpx.Client) -> list[str]:
    return sorted(each["comment"] for each in http.get("/api/v2/silences").raise_for_status().json())


def test_what_is_sent_is_in_both_while_both_are_written(move: Move, faults: FaultTable) -> None:
    _write_both(move)
    with load(move.machine, "moving", _PAUSE) as running:
        running.flows(20)
    here = running.settle()
    there = wait_for_all(move.cluster, running.sender, within=120)
    faults.add("moving: both are written, in the machine's stores", here)
    faults.add("moving: both are written, in the cluster's stores", there)
    assert here.acknowledged == there.acknowledged > 0
    assert (here.missing, there.missing) == (0, 0)


def test_history_is_brought_along(move: Move) -> None:
    blocks = backfill.blocks(move.machine.home.data / "prometheus")
    with move.cluster.client("mimir") as http:
        assert all(backfill.upload(http, block) for block in blocks)
        # Run again, it passes over what is there.
        assert not any(backfill.upload(http, block) for block in blocks)
    here = _history(move.machine)
    assert len(here) == _MINUTES
    assert eventually(lambda: _history(move.cluster) == here, within=120)


def test_silences_are_brought_along_and_alerts_go_on(move: Move) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    silence = {
        "matchers": [{"name": "alertname", "value": "Planned", "isRegex": False, "isEqual": True}],
        "startsAt": datetime.now(UTC).isoformat(),
        "endsAt": until.isoformat(),
        "createdBy": "operator",
        "comment": "planned work",
    }
    with move.machine.client("alertmanager") as here, move.cluster.client("alertmanager") as there:
        here.post("/api/v2/silences", json=silence).raise_for_status()
        for each in here.get("/api/v2/silences").raise_for_status().json():
            copied = {key: each[key] for key in silence}
            there.post("/api/v2/silences", json=copied).raise_for_status()
        # One of the two Alertmanagers has it at once, the other by gossip.
        assert eventually(lambda: _silences(there) == _silences(here) == ["planned work"], within=30)
        # The rules are evaluated there before anybody is told from there.
        firing = "ALERTS{alertname='Watchdog',alertstate='firing'}"
        assert eventually(lambda: move.cluster.query(firing), within=60)
        assert eventually(lambda: there.get("/api/v2/alerts").raise_for_status().json(), within=60)


def test_the_way_back_lacks_nothing(move: Move, faults: FaultTable) -> None:
    """The cluster goes away in the middle: the machine's stores still get everything."""
    with load(move.machine, "back", _PAUSE) as running:
        move.cluster.call(move.cluster.supervisor.hold("front"))
        running.flows(20)
    try:
        here = running.settle()
    finally:
        move.cluster.call(move.cluster.supervisor.resume("front"))
    faults.add("moving: the cluster is away, in the machine's stores", here)
    assert here.missing == 0
    # What waited for the cluster is there in the end as well.
    assert wait_for_all(move.cluster, running.sender, within=120).missing == 0
