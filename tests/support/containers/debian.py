"""What a test needs of Debian's packages, installed where we may."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

_LOCK = Path(tempfile.gettempdir()) / "botobs-tests-apt.lock"


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
    apt_install(*missing)


def apt_install(*packages: str) -> None:
    """Install packages, one process at a time.

    Raises:
        NotHere: They cannot be had; the message has apt's own words.
    """
    if not found("apt-get"):
        raise NotHere(f"there is no apt-get here: install what Debian calls {' '.join(packages)}")
    with _LOCK.open("w") as lock:
        # Tests run side by side, and apt refuses a second of itself.
        fcntl.flock(lock, fcntl.LOCK_EX)
        _apt_install(packages)


def _apt_install(packages: Sequence[str]) -> None:
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # Their services stay down: what runs here is ours to start and to end.
    policy = Path("/usr/sbin/policy-rc.d")
    ours = not policy.exists()
    if ours:
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    try:
        for words in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
            done = subprocess.run(["apt-get", *words], env=environ, capture_output=True, text=True)
            if done.returncode != 0:
                raise NotHere(f"apt-get {' '.join(words)} failed:\n{done.stderr[-2000:]}")
    finally:
        if ours:
            policy.unlink()


def found(program: str) -> str | None:
    """Where a program is, also one for administrators."""
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
