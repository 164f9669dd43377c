"""A benchmark's process: tasks go to its standard input, results come from its standard output."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

ROOT = Path(__file__).parents[1]


@contextmanager
def running(
    *arguments: str, root: Path = ROOT, python: str = sys.executable
) -> Iterator[subprocess.Popen[str]]:
    """Run Python, without the settings of this shell, until the block ends.

    Args:
        *arguments: Of the interpreter.
        root: The checkout whose packages it imports.
        python: The interpreter.
    """
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("OTEL_", "BOTOBS_"))
    }
    process = subprocess.Popen(
        [python, *arguments],
        cwd=root,
        env=environment | {"PYTHONPATH": str(root)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        cast("IO[str]", process.stdin).close()
        process.wait()
        cast("IO[str]", process.stdout).close()
