"""The demo platform that drills run against when no stack is running, with receivers for its notifications."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from ..access.secrets import write_secret
from ..errors import StackError
from ..home import state
from ..home.home import Home
from ..home.private import open_private
from ..processes import child
from ..stack.options import Options
from ..stack.stack import Stack
from .deadman import Deadman, Mailer
from .demo_packages import require_demo_packages
from .profile import Profile
from .sinks import Inbox, MailSink, slack_sink

#: Seconds within which a slow machine starts everything; the programs are built already.
_START_TIMEOUT = 300.0


def programs(cluster: bool) -> list[str]:
    """What has to be built for the demo's stack, by the names in versions.toml."""
    return Stack(Home.of_the_demo(), Options(postgres=True, cluster=cluster)).programs


class DemoStack:
    """Runs the demo of this installation as a process, with a mail server, a Slack webhook and a dead-man's switch.

    Args:
        profile: Intervals and thresholds of the demo's stack.
        rate: Turns per second of all bots together.
        bots: How many bots trade.
        variables: Settings that override those of the profile.
        cluster: Run the stack's cluster profile, with several processes of each kind.

    Attributes:
        inbox: The notifications that arrived.
        home: Folder of the stack.

    Raises:
        StackError: Python packages of the demo are not installed, or it does not start.
    """

    def __init__(
        self,
        profile: Profile,
        rate: float = 5.0,
        bots: int = 20,
        variables: Mapping[str, str] | None = None,
        cluster: bool = False,
    ) -> None:
        require_demo_packages()
        self.inbox = Inbox()
        self._profile = profile
        self._load = ["--rate", str(rate), "--bots", str(bots)]
        self._layout = ["--profile", "cluster"] if cluster else []
        self._variables = dict(variables or {})
        self._folder = Path(tempfile.mkdtemp(prefix="botobs-drill-"))
        # Where we are root, PostgreSQL runs as another user, who must be able to pass through.
        self._folder.chmod(0o711)
        self.home = Home(self._folder / "home")
        self._exit_stack = ExitStack()
        self._process: subprocess.Popen[bytes] | None = None
        self._reaper: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
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
    def running(self) -> state.Running:
        """The demo's stack."""
        return state.require(self.home)

    def kill(self) -> None:
        """Kill the supervisor as a fault would; its reaper ends the other processes."""
        assert self._process is not None, "the demo has not been started"
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Stop everything, and remove the folder."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait()
        if self._reaper is not None and self._reaper.stdin is not None:
            self._reaper.stdin.close()
            self._reaper.wait()
        self._exit_stack.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self) -> None:
        mail = self._exit_stack.enter_context(MailSink(self.inbox))
        slack = self._exit_stack.enter_context(slack_sink(self.inbox))
        mailer = Mailer("127.0.0.1", mail.port, starttls=False)
        deadman = self._exit_stack.enter_context(Deadman(mailer, "the demo", self._profile.deadman_silence))
        self.home.create()
        write_secret(self.home.secrets / "alertmanager" / "slack.url", slack.url)
        write_secret(self.home.secrets / "alertmanager" / "deadman.url", deadman.url)
        log = self._folder / "demo.log"
        with open_private(log) as file:
            self._process = subprocess.Popen(
                [
                    *child.command("botobs._demo"),
                    *("--ports", "auto", "--home", str(self.home.path)),
                    *self._load,
                    *self._layout,
                ],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=self._environ(mail.port),
                start_new_session=True,
            )
        self._reaper = _reaper_of(self._process.pid)
        deadline = time.monotonic() + _START_TIMEOUT
        # The control socket is there once everything runs.
        while not self.home.control.exists() or not deadman.heard:
            if self._process.poll() is not None or time.monotonic() > deadline:
                end = log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:]
                raise StackError("the demo did not start", "\n".join(end))
            time.sleep(0.2)

    def _environ(self, mail_port: int) -> dict[str, str]:
        # Settings of the user's own stack and services must not change the demo's.
        settings = ("BOTOBS_", "OTEL_", "DEMO_")
        environ = {name: value for name, value in child.environ().items() if not name.startswith(settings)}
        return {
            **environ,
            # Services of this user must not find the demo where they look for a running stack.
            "XDG_STATE_HOME": str(self._folder / "state"),
            **self._profile.variables,
            "BOTOBS_ALERT_RECEIVER": "email,slack",
            "BOTOBS_ALERT_EMAIL_TO": "oncall@localhost",
            "BOTOBS_DEADMAN_RECEIVER": "deadman",
            "BOTOBS_SMTP_HOST": "127.0.0.1",
            "BOTOBS_SMTP_PORT": str(mail_port),
            "BOTOBS_SMTP_REQUIRE_TLS": "false",
            **self._variables,
        }


def _reaper_of(pid: int) -> subprocess.Popen[bytes]:
    """Start a reaper that ends the process `pid` when this process ends, however that happens."""
    reaper = subprocess.Popen(
        child.command("botobs._ops.processes.reaper"),
        env=child.environ(),
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    assert reaper.stdin is not None
    reaper.stdin.write(child.watch(pid))
    reaper.stdin.flush()
    return reaper
