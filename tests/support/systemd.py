"""A machine on which a real systemd is PID 1: a Debian in namespaces and control groups of its own; needs root.

The network and the clock are this machine's. Its control groups have no controllers where those are mounted as
version 1: limits of memory and CPU are not tried here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from botobs._ops.home.home import cache_folder
from botobs._ops.programs.versions import pins
from tests.support.debian import Debian
from tests.support.waiting import eventually

_CHECKOUT = Path(__file__).parents[2]
#: Mounts live in a namespace of their own and end with it. What a container's manager gives a systemd is made here:
#: https://systemd.io/CONTAINER_INTERFACE/
_BOOT = """
set -e
mount --bind "$0" "$0"; cd "$0"
mount -t proc proc proc; mount -t sysfs sysfs sys; mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run; mount -t tmpfs -o mode=1777 tmpfs tmp; mount -t tmpfs -o mode=755 tmpfs dev
mkdir dev/pts dev/shm; mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts; ln -s pts/ptmx dev/ptmx
mount -t tmpfs -o mode=1777 tmpfs dev/shm; ln -s /proc/self/fd dev/fd
for each in null:3 zero:5 full:7 random:8 urandom:9; do mknod -m 666 "dev/${each%:*}" c 1 "${each#*:}"; done
mkdir -p botobs before; mount -o bind,ro "$1" botobs; hostname machine
pivot_root . before; umount -l /before
exec env -i container=other PATH=/usr/bin:/usr/sbin /usr/lib/systemd/systemd --unit=multi-user.target
"""


@dataclass
class Machine:
    """One that can be started and stopped.

    Attributes:
        root: The folder that is its root.
        python: The environment in which botobs is installed, as seen from within.
    """

    root: Path
    python: str
    _group: Path
    _boot: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def pid(self) -> int:
        """Its systemd, as this machine numbers it."""
        (found,) = psutil.Process(self._booting).children()
        return found.pid

    @property
    def _booting(self) -> int:
        assert self._boot is not None
        return self._boot.pid

    def start(self) -> None:
        """Switch it on, and wait until everything that it starts by itself has been started."""
        words = ["unshare", "--cgroup", "--pid", "--mount", "--uts", "--ipc", "--fork", "--kill-child",
                 "--propagation", "private", "sh", "-c", _BOOT, str(self.root), str(_CHECKOUT)]  # fmt: skip
        self._boot = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, preexec_fn=self._join, stdout=subprocess.DEVNULL
        )
        assert eventually(lambda: psutil.Process(self._booting).children(), within=60)
        done = ("running", "degraded")
        assert eventually(
            lambda: self.run("systemctl", "is-system-running").stdout.strip() in done, within=300
        )

    def _join(self) -> None:
        (self._group / "cgroup.procs").write_text(str(os.getpid()))

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run something in it, as root."""
        inside = [
            "nsenter",
            f"--target={self.pid}",
            "--mount",
            "--pid",
            "--uts",
            "--ipc",
            "--cgroup",
            "--root",
            "--wd",
        ]
        environ = ["env", "-i", "PATH=/usr/bin:/usr/sbin", "HOME=/root"]
        return subprocess.run([*inside, *environ, *words], capture_output=True, text=True, check=False)

    def done(self, *words: str) -> str:
        """Run something that works; returns what it prints."""
        ran = self.run(*words)
        assert ran.returncode == 0, f"{words}\n{ran.stdout}{ran.stderr}"
        return ran.stdout

    def processes(self, words: str) -> list[psutil.Process]:
        """The processes in it whose command line has these words."""
        found = psutil.Process(self.pid).children(recursive=True)
        return [each for each in found if words in " ".join(each.cmdline())]

    def switch_off(self) -> None:
        """Shut it down in order."""
        assert self._boot is not None
        self.run("systemctl", "poweroff")
        self._boot.wait()

    def cut_power(self) -> None:
        """End everything at once."""
        assert self._boot is not None
        psutil.Process(self.pid).kill()
        self._boot.wait()

    def end(self) -> None:
        """The same, whether it is switched on or not."""
        if self._boot is not None:
            # What it has started ends with it (`--kill-child`).
            self._boot.kill()
            self._boot.wait()


@contextmanager
def machine(folder: Path) -> Iterator[Machine]:
    """One that is switched on, for the length of a block, with the programs of the stack in its cache.

    Args:
        folder: For what is written in it.
    """
    debian = Debian("trixie", "python3.13")
    debian.make()
    debian.add("systemd", "systemd-sysv", "dbus", "sudo")
    root = folder / "root"
    for name in ("root", "upper", "work"):
        (folder / name).mkdir()
    layers = f"lowerdir={debian.root},upperdir={folder / 'upper'},workdir={folder / 'work'}"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, str(root)], check=True)
    group = _unified() / f"botobs-{os.getpid()}"
    group.mkdir()
    made = Machine(root, debian.environment, group)
    try:
        for name, pin in pins().items():
            if not pin.optional:
                # Copies: systemd gives the folder to the service's user.
                where = Path(name) / pin.cache_name
                shutil.copytree(cache_folder() / where, root / "var/cache/botobs" / where)
        made.start()
        yield made
    finally:
        made.end()
        subprocess.run(["umount", "--lazy", str(root)], check=True)
        eventually(lambda: _removed(group), within=60)


def _unified() -> Path:
    mounts = (line.split() for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines())
    return next(Path(mount[1]) for mount in mounts if mount[2] == "cgroup2")


def _removed(group: Path) -> bool:
    """Whether it is gone; what systemd has made below it goes first, and all in it has to have ended."""
    with suppress(OSError):
        for each in sorted((each for each in group.rglob("*") if each.is_dir()), reverse=True):
            each.rmdir()
        group.rmdir()
    return not group.exists()
