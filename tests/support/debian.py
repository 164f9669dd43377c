"""Debians with other Pythons than the tests' own: a folder that is a root, kept between runs; needs root."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.environments import CACHE, UV

_CHECKOUT = Path(__file__).parents[2]
_LOCK = _CHECKOUT / "requirements.lock"
#: What the machine says about its network, and about the package indexes that are used here.
_OF_THE_MACHINE = ("/etc/resolv.conf", "/etc/hosts", "/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt")
#: Mounts last as long as the command: it has a mount namespace of its own. The checkout cannot be written to.
_ENTER = """
set -e
mount -t proc proc "$0/proc"
mount --rbind /dev "$0/dev"
mkdir -p "$0/botobs"
mount -o bind,ro "$1" "$0/botobs"
shift
exec chroot "$0" "$@"
"""


@dataclass(frozen=True)
class Debian:
    """A Debian with a Python.

    Args:
        suite: Its release, such as `trixie`.
        python: The Python's command, such as `python3.13`, and the name of its package.
        packages: Further packages, to build what has no wheel for this Python.
        without: What of the locked dependencies cannot be had for this Python.
    """

    suite: str
    python: str
    packages: Sequence[str] = ()
    without: Sequence[str] = ()

    @property
    def root(self) -> Path:
        """The folder that is its root."""
        return CACHE / f"debian-{self.suite}"

    @property
    def environment(self) -> str:
        """The virtual environment with the locked dependencies, as seen from within."""
        return f"/opt/{self.python}-{hashlib.sha256(_LOCK.read_bytes()).hexdigest()[:12]}"

    @property
    def version(self) -> str:
        """The Python's version, such as `3.13.5`."""
        command = self.command(self.python, "-c", "import platform; print(platform.python_version())")
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def make(self) -> None:
        """Install what is not there yet: Debian, Python, the locked dependencies; botobs is the checkout's."""
        if not shutil.which("debootstrap"):
            pytest.fail("There is no debootstrap; install Debian's package of that name.")
        if not self._is_done("debian"):
            shutil.rmtree(self.root, ignore_errors=True)
            run(["debootstrap", "--variant=minbase", "--include=ca-certificates", self.suite, str(self.root)])
            self._done("debian")
        for file in filter(os.path.exists, _OF_THE_MACHINE):
            shutil.copy(file, f"{self.root}{file}")
        if not self._is_done(self.python):
            # The archive's own lists may be older than apt takes them for valid.
            self.apt("-o", "Acquire::Check-Valid-Until=false", "update")
            self.install_python()
            self._done(self.python)
        environment = self.environment
        if not self._is_done(environment):
            shutil.rmtree(f"{self.root}{environment}", ignore_errors=True)
            self.run(self.python, "-m", "venv", *(["--without-pip"] if UV else []), environment)
            (self.root / "tmp" / "requirements").write_text(self._requirements())
            # The lock has all that anything of it needs.
            self.pip("--no-deps", "-r", "/tmp/requirements")
            self.pip("--no-deps", "--editable", "/botobs")
            self._done(environment)

    def install_python(self) -> None:
        """Install the Python, with a command of its name: Debian's package."""
        self.apt("install", f"{self.python}-venv", *self.packages)

    def add(self, *packages: str) -> None:
        """Install further packages of Debian's, once."""
        step = "-".join(("with", *packages))
        if not self._is_done(step):
            self.apt("install", *packages)
            self._done(step)

    def command(self, *words: str) -> list[str]:
        """The command that runs `words` within, in the checkout's folder `/botobs`."""
        enter = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", _ENTER]
        return [*enter, str(self.root), str(_CHECKOUT), "env", "--chdir=/botobs", *words]

    def run(self, *words: str) -> None:
        """Run a command within; one that fails fails the test."""
        run(self.command(*words), {"DEBIAN_FRONTEND": "noninteractive"})

    def apt(self, *words: str) -> None:
        """Run apt-get."""
        self.run("apt-get", "--quiet", "--yes", "--no-install-recommends", *words)

    def pip(self, *words: str) -> None:
        """Install something into the environment."""
        python = f"{self.environment}/bin/python"
        if UV:
            shutil.copy(UV, self.root / "usr" / "local" / "bin" / "uv")
            self.run("uv", "pip", "install", "--quiet", "--no-cache", "--python", python, *words)
        else:
            quiet = ("--quiet", "--disable-pip-version-check", "--no-cache-dir", "--prefer-binary")
            self.run(python, "-m", "pip", "install", *quiet, *words)

    def _requirements(self) -> str:
        # Every requirement begins a line, and its hashes follow, indented.
        each = re.split(r"^(?=\w)", _LOCK.read_text(encoding="utf-8"), flags=re.MULTILINE)
        return "".join(one for one in each if one.partition("==")[0] not in self.without)

    def _is_done(self, step: str) -> bool:
        return (self.root / "botobs-steps" / step.strip("/").replace("/", "-")).exists()

    def _done(self, step: str) -> None:
        folder = self.root / "botobs-steps"
        folder.mkdir(exist_ok=True)
        (folder / step.strip("/").replace("/", "-")).touch()


def run(command: Sequence[str], variables: Mapping[str, str] | None = None) -> None:
    """Run a command; one that fails fails the test, with the last lines that it wrote."""
    done = subprocess.run(
        command, env={**os.environ, **(variables or {})}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = "\n".join(f"{done.stdout}\n{done.stderr}".strip().splitlines()[-5:])
        pytest.fail(f"`{' '.join(command)}` ended with {done.returncode}: {said}")
