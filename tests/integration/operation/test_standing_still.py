"""Parts of a real stack that stand still (SIGSTOP): what commands say of it, and that it comes back by itself."""

from __future__ import annotations

import json
import os
import signal
from functools import partial
from typing import Any

import psutil
import pytest

from botobs._ops.home.home import Home
from botobs._ops.processes import control
from tests.integration.operation.conftest import User
from tests.support.waiting import eventually

_STOPPED = "its process is stopped"
_SETTLE = "orders settle x --exchange kraken --outcome failed"
#: By the part that stands still: what is typed, its exit code, and what it says.
COMMANDS = {
    "tempo": (
        ("status", 1, "tempo              stands still"),
        ("drill collector-down", 1, "was not begun, because tempo stands still"),
        ("traces", 1, f"does not answer: {_STOPPED}"),
        ("orders", 2, f"does not answer: {_STOPPED}"),
        ("query {}", 1, _STOPPED),
        ("report", 0, "panels"),
        ("backup copy", 1, "tempo stands still"),
        ("doctor", 1, "tempo stands still"),
        (_SETTLE, 0, "is settled"),
    ),
    "alertmanager": (
        ("status", 1, "alertmanager       stands still"),
        ("drill collector-down", 1, "was not begun, because alertmanager stands still"),
        ("silence", 1, _STOPPED),
        ("silence add alertname=BotFailed --why test", 1, _STOPPED),
        ("runbook BotFailed", 0, "BotFailed"),
        ("report", 0, "panels"),
    ),
    "collector": (
        ("status", 1, "collector          stands still"),
        ("orders", 0, "No order"),
        ("doctor", 1, "collector stands still"),
        (_SETTLE, 1, "collector stands still"),
    ),
    # The last: nothing lets it go on but its supervisor, a minute later.
    "prometheus": (
        ("status", 1, "prometheus         stands still"),
        ("drill collector-down", 1, "was not begun, because prometheus stands still"),
        ("query up", 1, f"cannot be reached: it does not answer: {_STOPPED}"),
        ("orders", 2, "how many there are: Prometheus at"),
        ("report", 0, "panels"),
        ("ledger", 3, "is missing is unknown"),
        ("why", 1, _STOPPED),
        ("doctor", 1, "prometheus stands still"),
        ("silence", 0, ""),
        ("runbook BotFailed", 0, "BotFailed"),
    ),
}


def _process(user: User, part: str) -> dict[str, Any]:
    return control.processes(Home(user.home).control)[part]


def _is_stopped(process: psutil.Process) -> bool:
    return process.status() == psutil.STATUS_STOPPED


def _say_so(user: User, part: str) -> None:
    for words, code, expected in COMMANDS[part]:
        # On a busy machine it may have been restarted before all have been typed.
        if _process(user, part)["restarts"]:
            return
        done = user.try_botobs(*words.split())
        if not _process(user, part)["restarts"]:
            said = done.stdout + done.stderr
            assert "Traceback" not in done.stderr
            assert (done.returncode, expected in said) == (code, True), f"{part}: botobs {words}\n{said}"
            if words == "report":
                page = (user.folder / "report.html").read_text(encoding="utf-8")
                assert f"{part.capitalize()} does not answer: {_STOPPED}." in page or part == "alertmanager"


@pytest.mark.slow
def test_commands_say_so_and_the_supervisor_restarts_it(user: User) -> None:
    user.botobs("up", "--detach")
    for part in COMMANDS:
        pid = _process(user, part)["pid"]
        os.kill(pid, signal.SIGSTOP)
        process = psutil.Process(pid)
        # It stops when it is next scheduled.
        assert eventually(partial(_is_stopped, process))
        _say_so(user, part)
        if part != "prometheus" and not _process(user, part)["restarts"]:
            os.kill(pid, signal.SIGCONT)

    def again() -> bool:
        parts = json.loads(user.try_botobs("status", "--json").stdout)["parts"]
        return bool(parts["prometheus"]["state"] == "ready" and parts["prometheus"]["restarts"] == 1)

    assert eventually(again, within=600, every=2.0)
    assert ", 1 restart" in user.try_botobs("status").stdout
