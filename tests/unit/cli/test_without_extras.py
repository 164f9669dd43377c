"""An installation without extras: every command says what it needs, none ends in a trace."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from botobs._ops.cli import COMMANDS

#: Runs a command where nothing but the SDK's own requirements can be imported.
WITHOUT = """
import sys
for name in ("rich", "aiohttp", "asyncpg", "cryptography", "yaml", "jinja2", "numpy", "fastapi", "requests"):
    sys.modules[name] = None
from botobs._ops.cli import main
sys.exit(main(sys.argv[1:]))
"""


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT, *words], capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command(command: str) -> None:
    done = run(command, "--help")
    assert "Traceback" not in done.stderr
    if done.returncode != 0:
        assert done.returncode == 1
        assert re.fullmatch(
            r"botobs: this command needs the Python package '[\w.]+', which is not installed\n"
            r"Install it with: pip install 'botobs\[(demo,)?stack\]'\n",
            done.stderr,
        )


def test_a_machine_is_told_as_one() -> None:
    done = run("status", "--json")
    assert (done.returncode, json.loads(done.stdout).keys()) == (1, {"error", "hint"})
