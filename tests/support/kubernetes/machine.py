"""A machine in small: namespaces of this one, with an address, a /var and a /run of their own.

Whatever is started in it, mounted, or written to its packet filter ends with its first process, however that ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from tests.support.waiting import eventually

#: Of the network that was set aside for tests of networks (RFC 2544): hosts have no other use for it.
NETWORK = "198.18.0"
GATEWAY = f"{NETWORK}.1"
_BRIDGE = "botobs-nodes"
#: Held by who has the network: a machine has room for one, whose addresses are fixed.
_LOCK = Path("/run/lock/botobs-nodes.lock")
#: Becomes its first process. What it mounts on others is seen by them, as systemd makes it on a host.
_FIRST = """
set -e
mount --make-rshared /
mount --bind "$1" /var
mount -t tmpfs tmpfs /run
mount -t proc proc /proc
# What a kubelet would set for the whole machine it is shown as set.
while read -r value path; do
  echo "$value" > "$1/lib/kernel/$(basename "$path")"
  mount --bind "$1/lib/kernel/$(basename "$path")" "/proc/sys/$path"
done <<END
1 vm/overcommit_memory
0 vm/panic_on_oom
10 kernel/panic
1 kernel/panic_on_oops
1000000 kernel/keys/root_maxkeys
25000000 kernel/keys/root_maxbytes
END
hostname "$2"
exec sleep infinity
"""


class Network:
    """The bridge between machines, which this host is on too; from entering to leaving.

    There is one at a time: a second waits. What one has left behind that was killed is removed by the next.
    """

    def __enter__(self) -> Self:
        self._lock = _LOCK.open("w")
        # Given back however we end.
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        if Path(f"/sys/class/net/{_BRIDGE}").exists():
            _ip("link", "delete", _BRIDGE)
        _ip("link", "add", _BRIDGE, "type", "bridge")
        _ip("address", "add", f"{GATEWAY}/24", "dev", _BRIDGE)
        _ip("link", "set", _BRIDGE, "up")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Its routes go with it.
        _ip("link", "delete", _BRIDGE)
        self._lock.close()


class Machine:
    """One machine, from entering to leaving.

    Args:
        name: Its host name.
        number: The last part of its address, from 10 to 99.
        folder: All that it writes, which is there again when it is entered anew.

    Attributes:
        address: Its address.
    """

    def __init__(self, name: str, number: int, folder: Path) -> None:
        self.name, self.address = name, f"{NETWORK}.{number}"
        self.folder = folder
        self._link = f"botobs-{number}"
        self._started: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        for place in ("log", "lib/kernel"):
            (self.folder / "var" / place).mkdir(parents=True, exist_ok=True)
        for place, target in (("run", "/run"), ("tmp", "/tmp")):
            with contextlib.suppress(FileExistsError):
                (self.folder / "var" / place).symlink_to(target)
        words = ["--mount", "--net", "--uts", "--ipc", "--pid", "--fork", "--kill-child",
                 "sh", "-c", _FIRST, "sh", str(self.folder / "var"), self.name]  # fmt: skip
        # It ends with us, however we end.
        self._process = subprocess.Popen(["setpriv", "--pdeathsig=KILL", "unshare", *words])
        self.pid = eventually(self._first)
        self._connect()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End it as when its power fails."""
        self._process.kill()
        self._process.wait()
        # It is the last of its processes to go.
        eventually(lambda: not Path(f"/proc/{self.pid}").exists())
        for process in self._started:
            process.wait()
        self._started.clear()

    def _first(self) -> int:
        """Its first process, by the number that it has here, once all is mounted."""
        assert self._process.poll() is None, f"{self.name} has ended"
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        if not children or Path(f"/proc/{children[0]}/comm").read_text().strip() != "sleep":
            return 0
        return int(children[0])

    def _connect(self) -> None:
        _ip("link", "add", self._link, "type", "veth", "peer", "name", "eth0", "netns", str(self.pid))
        _ip("link", "set", self._link, "master", _BRIDGE, "up")
        for words in (
            ["ip", "link", "set", "lo", "up"],
            ["ip", "address", "add", f"{self.address}/24", "dev", "eth0"],
            ["ip", "link", "set", "eth0", "up"],
            ["ip", "route", "add", "default", "via", GATEWAY],
            # Pods are behind it, and what goes from one to another by the address of a service is looked at on the way.
            ["sysctl", "--quiet", "net.ipv4.ip_forward=1", "net.bridge.bridge-nf-call-iptables=1"],
        ):
            self.run(*words)

    def run(self, *words: str) -> str:
        """Run a command in it, to its end.

        Raises:
            AssertionError: It failed.
        """
        done = subprocess.run(
            self.inside(words), capture_output=True, text=True, errors="replace", check=False
        )
        assert done.returncode == 0, f"{' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout

    def start(self, words: Sequence[str], log: IO[bytes]) -> None:
        """Start a program in it, which ends with it."""
        self._started.append(subprocess.Popen(self.inside(words), stdout=log, stderr=log))

    def inside(self, words: Sequence[str]) -> list[str]:
        """The command line that runs another in it."""
        kinds = ["--mount", "--net", "--uts", "--ipc", "--pid"]
        return ["nsenter", f"--target={self.pid}", *kinds, "--wd=/", "--", *words]


def route(network: str, machine: Machine) -> None:
    """Let this host, and so every other machine, reach a network behind a machine."""
    _ip("route", "replace", network, "via", machine.address)


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"ip {' '.join(words)}: {done.stderr}"
