"""A program that PyInstaller has frozen is watched like another one."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from testbed.otlp_receiver import receiving
from tests.support.environments import environment

PROGRAM = Path(__file__).parent / "programs" / "small.py"
#: Seconds; PyInstaller reads every module.
PATIENCE = 600


def test_a_frozen_program(tmp_path: Path) -> None:
    needed = ["pyinstaller>=6", "requests>=2.31", "redis>=5", "opentelemetry-instrumentation-redis"]
    python = environment("pyinstaller", needed)
    shutil.copy(PROGRAM, tmp_path)
    command = [str(python), "-m", "PyInstaller", "--noconfirm", "--log-level", "ERROR", "small.py"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=PATIENCE)
    with receiving() as receiver:
        done = subprocess.run(
            [tmp_path / "dist" / "small" / "small"],
            env=os.environ | {"BOTOBS_ENDPOINT": receiver.endpoint},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
    assert (done.returncode, done.stdout) == (0, "[]\n['installed']\n"), done.stderr
    assert receiver.span_names == ["GET"]
    assert receiver.last_value("botobs.service.goodbye.timestamp") > 0
