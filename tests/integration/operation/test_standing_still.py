"""A part of a real stack that stands still (SIGSTOP): what commands say of it, and that it comes back by itself."""

from __future__ import annotations

import json
import os
import signal
from typing import Any

import pytest

from botobs._ops.home.home import Home
from botobs._ops.processes import control
from tests.integration.operation.conftest import User
from tests.support.waiting import eventually

#: What is typed, its exit code, and what it says.
COMMANDS = (
    ("status", 1, "prometheus         stands still"),
    ("query up", 1, "cannot be reached: it does not answer: its process is stopped"),
    ("ledger", 3, "is missing is unknown"),
    ("why", 1, "cannot be reached"),
    ("silence", 0, ""),
    ("runbook BotFailed", 0, "BotFailed"),
)


def _prometheus(user: User) -> dict[str, Any]:
    return control.processes(Home(user.home).control)["prometheus"]


@pytest.fixture
def frozen(user: User) -> User:
    """A stack whose Prometheus has been stopped; its supervisor kills it after a minute."""
    user.botobs("up", "--detach")
    os.kill(_prometheus(user)["pid"], signal.SIGSTOP)
    return user


def test_commands_say_so_and_the_supervisor_restarts_it(frozen: User) -> None:
    said = {}
    for words, code, expected in COMMANDS:
        # On a busy machine it may have been restarted before all have been typed.
        if _prometheus(frozen)["restarts"]:
            break
        done = frozen.try_botobs(*words.split())
        if not _prometheus(frozen)["restarts"]:
            said[words] = (done.returncode, expected in done.stdout + done.stderr)
            assert "Traceback" not in done.stderr
            assert said[words] == (code, True), done.stdout + done.stderr
    assert "status" in said

    def again() -> bool:
        parts = json.loads(frozen.try_botobs("status", "--json").stdout)["parts"]
        return bool(parts["prometheus"]["state"] == "ready" and parts["prometheus"]["restarts"] == 1)

    assert eventually(again, within=600, every=2.0)
    assert ", 1 restart" in frozen.try_botobs("status").stdout
