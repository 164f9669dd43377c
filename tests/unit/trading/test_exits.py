"""However a process ends, its bots say goodbye if it was told to end, and do not if it died."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from botobs.semconv import sdk
from botobs.semconv import trading as names
from testbed.otlp_receiver import OtlpReceiver

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).parent / "programs" / "ends.py"


def run(receiver: OtlpReceiver, folder: Path, end: str, send: signal.Signals | None = None) -> int:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": str(Path(__file__).parents[3]),
        "BOTOBS_SERVICE_NAME": "tested",
        "BOTOBS_ENDPOINT": receiver.endpoint,
        "BOTOBS_DISABLED_INSTRUMENTATIONS": "all",
    }
    command = [sys.executable, str(PROGRAM), end]
    with subprocess.Popen(
        command, env=environment, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            if send is not None:
                assert process.stdout is not None
                assert process.stdout.readline() == "ready\n"
                process.send_signal(send)
            process.communicate()
        finally:
            process.kill()
    return process.returncode


def goodbyes(receiver: OtlpReceiver) -> dict[str, bool]:
    """What was said at the end, for each who could."""
    return {
        "bot": receiver.last_value(names.BOT_GOODBYE.name) is not None,
        "feed": receiver.last_value(names.FEED_GOODBYE.name) is not None,
        "service": bool(receiver.last_value(sdk.GOODBYE.name)),
    }


@pytest.mark.parametrize("end", ["returns", "exits", "ends by shutdown"])
def test_a_service_that_ends_by_itself_says_goodbye(receiver: OtlpReceiver, tmp_path: Path, end: str) -> None:
    assert run(receiver, tmp_path, end) == 0
    assert goodbyes(receiver) == {"bot": True, "feed": True, "service": True}
    assert receiver.last_value(names.BOT_GOODBYE.name, **{names.GOODBYE_REASON: "shutdown"}) is not None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_service_that_is_told_to_end_says_goodbye(
    receiver: OtlpReceiver, tmp_path: Path, number: signal.Signals
) -> None:
    assert run(receiver, tmp_path, "waits", number) == -number
    assert goodbyes(receiver) == {"bot": True, "feed": True, "service": True}
    assert receiver.last_value(names.BOT_HEARTBEAT.name, **{names.BOT_ID: "b1"}) is not None


def test_a_service_that_dies_of_an_exception_says_none(receiver: OtlpReceiver, tmp_path: Path) -> None:
    assert run(receiver, tmp_path, "raises") == 1
    assert goodbyes(receiver) == {"bot": False, "feed": False, "service": False}
    assert receiver.last_value(names.BOT_HEARTBEAT.name, **{names.BOT_ID: "b1"}) is not None


def test_a_service_that_is_killed_says_none(receiver: OtlpReceiver, tmp_path: Path) -> None:
    assert run(receiver, tmp_path, "waits", signal.SIGKILL) == -signal.SIGKILL
    assert goodbyes(receiver) == {"bot": False, "feed": False, "service": False}
    assert receiver.last_value(names.BOT_HEARTBEAT.name, **{names.BOT_ID: "b1"}) is not None
