"""Starts the modules that botobs starts by name, as it does."""

from __future__ import annotations

import subprocess

from botobs._ops.processes import child

for module, words in (
    ("botobs._ops.processes.reaper", []),
    ("botobs", ["--help"]),
    ("botobs._demo", ["--help"]),
):
    done = subprocess.run(
        [*child.command(module), *words],
        env=child.environ(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
