"""What a test needs of Debian's packages, installed where we may."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path


class NotHere(Exception):
    """This machine cannot run it; the message says why."""


def install(packages: Mapping[str, str]) -> None:
    """Install what is missing.

    Args:
        packages: The package of each program, by its name on PATH or its path.

    Raises:
        NotHere: We may not, or it cannot be had.
    """
    if os.geteuid() != 0:
        raise NotHere("this needs root: run the lane as root, on a machine that is yours")
    missing = sorted({package for program, package in packages.items() if not found(program)})
    if not missing:
        return
    if not found("apt-get"):
        raise NotHere(f"there is no apt-get here: install what Debian calls {' '.join(missing)}")
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # Their services stay down: what runs here is ours to start and to end.
    policy = Path("/usr/sbin/policy-rc.d")
    ours = not policy.exists()
    if ours:
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    try:
        for words in (["update"], ["install", "--yes", "--no-install-recommends", *missing]):
            done = subprocess.run(["apt-get", *words], env=environ, capture_output=True, text=True)
            if done.returncode != 0:
                raise NotHere(f"apt-get {' '.join(words)} failed:\n{done.stderr[-2000:]}")
    finally:
        if ours:
            policy.unlink()


def found(program: str) -> str | None:
    """Where a program is, also one for administrators."""
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
