"""What fails at a prompt, in a console of a program or in a test run is no death of the process."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from testbed.otlp_receiver import OtlpReceiver

pytestmark = pytest.mark.slow

Start = Callable[..., "subprocess.Popen[str]"]
PATIENCE = 60
DEATHS = Path(__file__).parent / "programs" / "deaths.py"
GOODBYE = "botobs.service.goodbye.timestamp"
FAILED = "import botobs; botobs.init()\n1/0\n"


def test_statements_that_are_piped(environment: dict[str, str], receiver: OtlpReceiver) -> None:
    done = subprocess.run(
        [sys.executable, "-i", "-q"],
        env=environment,
        input=FAILED,
        text=True,
        capture_output=True,
        check=True,
        timeout=PATIENCE,
    )
    assert "ZeroDivisionError" in done.stderr
    assert receiver.last_value(GOODBYE) > 0


@pytest.mark.parametrize("words", [["-q"], ["-q", "-i", "failing.py"]])
def test_a_terminal(
    environment: dict[str, str], receiver: OtlpReceiver, tmp_path: Path, words: list[str]
) -> None:
    (tmp_path / "failing.py").write_text("raise ValueError('of the program')\n")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, *words],
        env=environment | {"TERM": "dumb"},
        cwd=tmp_path,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        for line in ("import botobs; _ = botobs.init()", "1/0", "exit()"):
            _until_prompt(ours)
            os.write(ours, f"{line}\n".encode())
        _drain(ours)
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        os.close(ours)
    assert receiver.last_value(GOODBYE) > 0


def test_a_console_in_a_program(start: Start, receiver: OtlpReceiver) -> None:
    process = start(DEATHS, "in_a_console")
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert receiver.last_value(GOODBYE) > 0


def test_a_failed_test(environment: dict[str, str], receiver: OtlpReceiver, tmp_path: Path) -> None:
    (tmp_path / "test_failing.py").write_text(
        "import botobs\nbotobs.init()\ndef test_it():\n    assert 1 == 2\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
    done = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE
    )
    assert (done.returncode, "1 failed" in done.stdout) == (1, True), done.stdout
    assert receiver.last_value(GOODBYE) > 0


@pytest.mark.parametrize("death", ["raises", "in_asyncio", "in_runpy", "unseen"])
def test_an_exception_that_nobody_catches_is_a_death(
    start: Start, receiver: OtlpReceiver, death: str
) -> None:
    process = start(DEATHS, death)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert receiver.last_value("botobs.service.heartbeat.timestamp") > 0
    assert receiver.last_value(GOODBYE) == 0


def _until_prompt(terminal: int) -> None:
    seen = b""
    end = time.monotonic() + PATIENCE
    while not re.search(rb">>> $", seen):
        assert time.monotonic() < end, seen
        if select.select([terminal], [], [], 1)[0]:
            seen += os.read(terminal, 4096)


def _drain(terminal: int) -> None:
    """Read until the program has closed its side."""
    while True:
        try:
            if not os.read(terminal, 4096):
                return
        except OSError:  # Linux' way to say that the other side is closed
            return
