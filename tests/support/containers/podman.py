"""Podman in Docker's place: the same commands speak to its socket."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from tests.support.containers import engine

#: Ids that the containers of a user have on the host.
_IDS = range(1_000_000, 1_065_536)
#: What is seen as the host's, by the engine alone.
_MOUNTS = {"/etc/passwd": "passwd", "/etc/subuid": "ids", "/etc/subgid": "ids", "/dev/net/tun": "tun"}
#: Seconds between two looks at the health of all containers.
_PAUSE = 2.0


class Podman(engine.Engine):
    """Podman of an ordinary user, from entering to leaving.

    Args:
        user: Id of the user.
    """

    packages: ClassVar[Mapping[str, str]] = {
        "podman": "podman",
        # The client, which speaks to Podman's socket.
        "docker": "docker.io",
        "busybox": "busybox-static",
        "newuidmap": "uidmap",
        "slirp4netns": "slirp4netns",
        # crun refuses a machine that has both versions of cgroups mounted.
        "runc": "runc",
        "/usr/lib/podman/netavark": "netavark",
        "/usr/lib/podman/aardvark-dns": "aardvark-dns",
    }

    def __init__(self, user: int) -> None:
        super().__init__(user)
        self._user = user
        self._left = threading.Event()

    def __enter__(self) -> Self:
        super().__enter__()
        self._asking = threading.Thread(target=self._ask, daemon=True)
        self._asking.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left.set()
        self._asking.join()
        super().__exit__(kind, error, trace)

    def close(self) -> None:
        """As Docker, and what keeps its user's namespace until the user logs out."""
        kept = [int(path.read_text()) for path in (self.folder / "user" / "run").rglob("pause.pid")]
        super().close()
        for pid in kept:
            os.kill(pid, signal.SIGKILL)

    def _words(self) -> list[str]:
        home, ids = self.folder / "user", f"{self._user}:{_IDS.start}:{len(_IDS)}\n"
        if not home.exists():
            for folder in (home, home / "run"):
                folder.mkdir(mode=0o700)
                shutil.chown(folder, self._user, self._user)
            (self.folder / "ids").write_text(ids)
            entry = f"operator:x:{self._user}:{self._user}::{home}:/bin/sh\n"
            (self.folder / "passwd").write_text(Path("/etc/passwd").read_text() + entry)
            # On most hosts everybody may open it.
            os.mknod(self.folder / "tun", stat.S_IFCHR, Path("/dev/net/tun").stat().st_rdev)
            (self.folder / "tun").chmod(0o666)
        # In the engine's own mount namespace: the host's users stay who they are.
        mounts = "".join(f"mount --bind {self.folder}/{file} {place} && " for place, file in _MOUNTS.items())
        return [
            "sh", "-c", f'{mounts} exec "$@"', "sh",
            "setpriv", "--pdeathsig=TERM", *self._as_user(),
            *self._podman("system", "service", "--time", "0", f"unix://{home}/docker.sock"),
        ]  # fmt: skip

    def _as_user(self) -> list[str]:
        home = self.folder / "user"
        # Without systemd there is nobody to ask for health, and no container that has one starts.
        environ = [f"HOME={home}", f"XDG_RUNTIME_DIR={home}/run", "DISABLE_HC_SYSTEMD=true"]
        ids = [f"--reuid={self._user}", f"--regid={self._user}", "--clear-groups"]
        return [*ids, "env", "--chdir", str(home), *environ]

    def _podman(self, *words: str) -> list[str]:
        options = ["--storage-driver", "vfs", "--runtime", "runc"]
        without_systemd = ["--cgroup-manager", "cgroupfs", "--events-backend", "file"]
        return ["podman", *options, *without_systemd, *words]

    @property
    def environ(self) -> dict[str, str]:
        """The environment in which `docker` and `docker compose` speak to it."""
        return {**super().environ, "DOCKER_HOST": f"unix://{self.folder}/user/docker.sock"}

    def _ask(self) -> None:
        """What systemd does for a user who has a session of it: ask every container for its health."""
        while not self._left.wait(_PAUSE):
            listed = self.docker("ps", "--quiet", check=False).stdout.split()
            for container in listed:
                self._inside(self._podman("healthcheck", "run", container))

    def _inside(self, words: list[str]) -> subprocess.CompletedProcess[bytes]:
        where = ["nsenter", f"--target={self.pid}", "--mount", "--", "setpriv", *self._as_user()]
        return subprocess.run([*where, *words], env=dict(os.environ), capture_output=True, check=False)
