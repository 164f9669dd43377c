"""The commands, the ledger and a drill's faults mean the same in a cluster as on a single machine."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from botobs._ops import cli
from botobs._ops.components.cluster.processes import NAMES
from botobs._ops.components.cluster.targets import SEVERAL
from botobs._ops.processes import control
from testbed.otlp_load import Spans
from testbed.sender import Sender
from testbed.stack import LiveStack
from tests.support.reports import Report, send
from tests.support.waiting import eventually

Capture = pytest.CaptureFixture[str]


def _said(live: LiveStack, capsys: Capture, *words: str) -> tuple[int, Any]:
    code = cli.main([*words, "--home", str(live.home.path), "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_status_knows_every_process(cluster: LiveStack, capsys: Capture) -> None:
    def well() -> dict[str, str]:
        code, said = _said(cluster, capsys, "status")
        states = {name: part["state"] for name, part in said["parts"].items()}
        assert code == 0, states
        return states

    states = eventually(well)
    running = {name for name in NAMES if not name.startswith("sampler")}
    assert running | {"tempo", "mimir", "alertmanager"} <= set(states)


def test_the_ledger_finds_what_is_stored(cluster: LiveStack, capsys: Capture) -> None:
    spans = Spans("cluster-ledger", 200)
    with Sender(cluster.stack.addresses["collector"], cluster.home.secrets, [spans], limit=1) as sender:
        sender.join()
    send(cluster, Report(spans.service, 1, 200, 200, time.time_ns()))

    def complete() -> bool:
        said = _said(cluster, capsys, "ledger", "--last", "10m")[1]
        accounts = {account["service"]: account["spans"] for account in said}
        assert spans.service in accounts
        counted = accounts[spans.service]
        return (counted["acknowledged"], counted["stored"], counted["missing"]) == (200, 200, 0)

    assert eventually(complete, within=120)


def test_a_drill_takes_all_of_a_kind(cluster: LiveStack) -> None:
    states = cluster.supervisor.status
    control.ask(cluster.home.control, "hold", "alertmanager", 60)
    assert [states[name].state for name in SEVERAL["alertmanager"]] == ["stopped", "stopped"]
    control.ask(cluster.home.control, "release", "alertmanager")
    assert [states[name].state for name in SEVERAL["alertmanager"]] == ["ready", "ready"]
