"""A Docker engine of its own, with its root, socket and containers in one folder, that leaves nothing behind."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from botobs._ops.programs.binaries import Binaries, Silent
from tests.support.containers import debian
from tests.support.waiting import eventually


class Engine:
    """A Docker engine from entering to leaving.

    Args:
        group: Id of a group whose users may speak to it.

    Attributes:
        folder: All that it writes.
        pid: Its process.
    """

    #: Debian's packages, by a program of each.
    packages: ClassVar[Mapping[str, str]] = {"dockerd": "docker.io", "busybox": "busybox-static"}

    def __init__(self, group: int) -> None:
        self._group = group
        self.pid = 0

    def __enter__(self) -> Self:
        debian.install(self.packages)
        # The path of a socket may have 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="botobs-engine-", dir="/tmp"))
        self.folder.chmod(0o711)
        try:
            self._client()
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def environ(self) -> dict[str, str]:
        """The environment in which `docker` and `docker compose` speak to this engine."""
        return {
            "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin",
            "DOCKER_HOST": f"unix://{self.folder}/docker.sock",
            "DOCKER_CONFIG": str(self.folder / "client"),
            "HOME": str(self.folder / "client"),
        }

    def _client(self) -> None:
        binaries = Binaries()
        binaries.require(["compose"], Silent())
        plugins = self.folder / "client" / "cli-plugins"
        plugins.mkdir(parents=True)
        # Copied: a cache below a closed home is nobody else's to enter.
        shutil.copy(binaries["docker-compose"], plugins / "docker-compose")
        # As in many a company: containers are given it as variables, also those that are to speak to each other only.
        proxy = "http://proxy.invalid:3128"
        configured = {"proxies": {"default": {"httpProxy": proxy, "httpsProxy": proxy}}}
        (self.folder / "client" / "config.json").write_text(json.dumps(configured))

    def _start(self) -> None:
        self._log = (self.folder / "engine.log").open("ab")
        words = [
            # It ends with us, however we end.
            "setpriv", "--pdeathsig=TERM",
            # A mount namespace of its own: what the engine mounts is gone with it. Its root is shared there, as systemd
            # makes it on a host.
            "unshare", "--mount", "sh", "-c", 'mount --make-rshared / && exec "$@"', "sh", *self._words(),
        ]  # fmt: skip
        environ = {**os.environ, "PATH": self.environ["PATH"]}
        # What ends a whole group of processes, as Ctrl-C, ends the tests, which still ask it to remove what they made.
        self._process = subprocess.Popen(
            words, env=environ, stdout=self._log, stderr=self._log, start_new_session=True
        )
        self.pid = self._process.pid
        eventually(self._answers, within=120)

    def _words(self) -> list[str]:
        """The command line of the engine itself."""
        return [
            "dockerd",
            "--data-root", str(self.folder / "root"), "--exec-root", str(self.folder / "run"),
            "--host", f"unix://{self.folder}/docker.sock", "--group", str(self._group),
            "--pidfile", str(self.folder / "pid"), "--storage-driver", "vfs",
            # The host's packet filter stays as it is: what is published on loopback goes through the engine's proxy.
            "--bridge", "none", "--iptables=false", "--ip6tables=false", "--ip-forward=false",
        ]  # fmt: skip

    def _answers(self) -> bool:
        assert self._process.poll() is None, f"the engine ended:\n{self.log()}"
        return subprocess.run(["docker", "info"], env=self.environ, capture_output=True).returncode == 0

    def restart(self) -> None:
        """As an upgrade of the engine does: all containers are stopped at once, and those that run on come back."""
        self._process.terminate()
        self._process.wait()
        self._log.close()
        self._start()

    def make_root(self, propagation: str) -> None:
        """Make its root a mount of another kind: `rshared` as on most hosts, `rprivate` as under WSL."""
        words = ["nsenter", f"--target={self.pid}", "--mount", "mount", f"--make-{propagation}", "/"]
        subprocess.run(words, check=True)

    def log(self) -> str:
        """The last of what the engine has said."""
        return (self.folder / "engine.log").read_text(errors="replace")[-4000:]

    def docker(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `docker` with some words.

        Raises:
            AssertionError: It failed, and `check` asks for its success.
        """
        done = subprocess.run(
            ["docker", *words],
            env=self.environ,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        assert not check or done.returncode == 0, f"docker {' '.join(words)}: {done.stderr}\n{done.stdout}"
        return done

    def inspect(self, container: str) -> dict[str, object]:
        """What the engine knows of a container."""
        return dict(json.loads(self.docker("inspect", container).stdout)[0])

    def load(self, image: str, archive: Path, changes: Mapping[str, Sequence[str]]) -> None:
        """Make an image of an archive of its files.

        Args:
            changes: Its instructions, `ENTRYPOINT` and the like, with their words.
        """
        words = [
            word
            for name, value in changes.items()
            for word in ("--change", f"{name} {json.dumps(list(value))}")
        ]
        self.docker("import", *words, str(archive), image)

    def close(self) -> None:
        """Remove its containers and networks, end it, and remove its folder."""
        if self.pid and self._process.poll() is None:
            if containers := self.docker("ps", "--all", "--quiet", check=False).stdout.split():
                self.docker("rm", "--force", "--volumes", *containers, check=False)
            networks = self.docker("network", "ls", "--quiet", check=False).stdout.split()
            self.docker("network", "prune", "--force", check=False)
            self._process.terminate()
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            # What it could not take away itself, as where a test was interrupted; mostly there is none left.
            for network in networks:
                subprocess.run(["ip", "link", "delete", f"br-{network}"], capture_output=True, check=False)
        if self.pid:
            self._log.close()
        shutil.rmtree(self.folder)
