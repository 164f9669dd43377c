"""An installation without extras: every command says what it needs, none ends in a trace."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from botobs._ops.cli import COMMANDS

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).parent / "programs" / "without_extras.py"


class Done(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str


def run(*lines: list[str]) -> list[Done]:
    """Call commands, one after another."""
    words = [sys.executable, str(PROGRAM), json.dumps(lines)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return [Done(*each) for each in json.loads(done.stdout)]


def test_every_command_does_it_or_says_what_it_needs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("BOTOBS_ENABLED", "false")
    lines = [[command, *words] for command in COMMANDS for words in (["--help"], [])]
    for line, done in zip(lines, run(*lines), strict=True):
        assert "Traceback" not in done.err, line
        if "Python package" in done.err:
            assert done.code == 1, line
            assert re.fullmatch(
                r"botobs: this command needs the Python package '[\w.]+', which is not installed\n"
                r"Install it with: pip install 'botobs\[((demo|drills),)*stack\]'\n",
                done.err,
            ), line


def test_the_extras_are_all_that_the_command_needs() -> None:
    drill, demo, up = run(["drill"], ["demo"], ["up"])
    assert "pip install 'botobs[demo,drills,stack]'" in drill.err
    assert "pip install 'botobs[demo,stack]'" in demo.err
    assert "pip install 'botobs[stack]'" in up.err


def test_a_drill_of_a_stack_of_ones_own_needs_no_mail_server() -> None:
    code = "import sys; sys.modules['aiosmtpd'] = None; from botobs._ops.cli import main; sys.exit(main(sys.argv[1:]))"
    words = [sys.executable, "-c", code, "drill", "--json"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)) > 20


def test_machines_are_answered_as_machines() -> None:
    instrument, status = run(["instrument", "--json"], ["status", "--json"])
    assert (instrument.code, json.loads(instrument.out).keys()) == (0, {"libraries", "packages"})
    assert (status.code, json.loads(status.out).keys()) == (1, {"error", "hint"})


def test_a_system_without_posix_is_no_missing_package() -> None:
    without = "import sys; sys.modules.update(fcntl=None, pwd=None); from botobs._ops.cli import main; "
    done = subprocess.run(
        [sys.executable, "-c", f"{without}sys.exit(main(['up']))"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert re.match(
        "botobs: this command needs a system with '(fcntl|pwd)', such as Linux or macOS\n", done.stderr
    )
