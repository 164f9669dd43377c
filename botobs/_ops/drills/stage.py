"""A demo of a drill's own, with sinks for its messages, when no stack runs."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

from ..access.secrets import write_secret
from ..home import state
from ..home.private import open_private
from ..processes import child
from ..stack import Home, StackError
from .deadman import Deadman, Mailer
from .profile import Profile
from .sinks import Inbox, MailSink, slack_sink

#: Seconds that a slow machine has to build nothing and start everything.
_START = 300.0

#: What the demo's services import; the extra `demo` installs it.
_LIBRARIES = ("aiohttp", "asyncpg", "ccxt", "sqlalchemy")


class Stage:
    """Runs this botobs' demo with a mail server, a Slack and a dead-man's switch around it.

    Args:
        profile: Its pace.
        rate: Turns per second of all bots.
        bots: How many bots trade.
        variables: Settings over those of the profile.
        cluster: Run it as a cluster, several processes of each kind.

    Attributes:
        inbox: What arrived.
        home: Folder of the stack.
    """

    def __init__(
        self,
        profile: Profile,
        rate: float = 5.0,
        bots: int = 20,
        variables: Mapping[str, str] | None = None,
        cluster: bool = False,
    ) -> None:
        _require_demo()
        self.inbox = Inbox()
        self._profile = profile
        self._load = ["--rate", str(rate), "--bots", str(bots)]
        self._layout = ["--profile", "cluster"] if cluster else []
        self._variables = dict(variables or {})
        self._folder = Path(tempfile.mkdtemp(prefix="botobs-drill-"))
        # Where we are root, PostgreSQL runs as another user, who must be able to pass through.
        self._folder.chmod(0o711)
        self.home = Home(self._folder / "home")
        self._around = ExitStack()
        self._process: subprocess.Popen[bytes] | None = None
        self._guardian: subprocess.Popen[bytes] | None = None

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
        """Kill the supervisor as a fault would; its guardian ends the parts."""
        assert self._process is not None, "the stage has not been entered"
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Stop everything, and remove the folder."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait()
        if self._guardian is not None and self._guardian.stdin is not None:
            self._guardian.stdin.close()
            self._guardian.wait()
        self._around.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self) -> None:
        mail = self._around.enter_context(MailSink(self.inbox))
        slack = self._around.enter_context(slack_sink(self.inbox))
        tell = Mailer("127.0.0.1", mail.port, starttls=False)
        deadman = self._around.enter_context(Deadman(tell, "the demo", self._profile.deadman_silence))
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
        self._guardian = _guarded(self._process.pid)
        deadline = time.monotonic() + _START
        # The control socket is there once everything runs.
        while not self.home.control.exists() or not deadman.heard:
            if self._process.poll() is not None or time.monotonic() > deadline:
                end = log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:]
                raise StackError("the demo did not start", "\n".join(end))
            time.sleep(0.2)

    def _environ(self, mail_port: int) -> dict[str, str]:
        foreign = ("BOTOBS_", "OTEL_", "DEMO_")
        ours = child.environ()
        environ = {name: value for name, value in ours.items() if not name.startswith(foreign)}
        return {
            **environ,
            # Where services of this user look for a stack, ours is not to be found.
            "XDG_STATE_HOME": str(self._folder / "state"),
            **self._profile.variables,
            "BOTOBS_ALERT_RECEIVER": "email_and_slack",
            "BOTOBS_ALERT_EMAIL_TO": "oncall@localhost",
            "BOTOBS_DEADMAN_RECEIVER": "deadman",
            "BOTOBS_SMTP_HOST": "127.0.0.1",
            "BOTOBS_SMTP_PORT": str(mail_port),
            "BOTOBS_SMTP_REQUIRE_TLS": "false",
            **self._variables,
        }


def _guarded(pid: int) -> subprocess.Popen[bytes]:
    """Have a process ended when ours is, however that happens; returns who sees to it."""
    guardian = subprocess.Popen(
        child.command("botobs._ops.processes.reaper"),
        env=child.environ(),
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    assert guardian.stdin is not None
    guardian.stdin.write(child.watch(pid))
    guardian.stdin.flush()
    return guardian


def _require_demo() -> None:
    """Refuse where the demo's libraries are not installed.

    Raises:
        StackError: They are not.
    """
    if missing := [name for name in _LIBRARIES if find_spec(name) is None]:
        raise StackError(
            f"no stack is running, and the demo to run instead needs Python packages that are missing: "
            f"{', '.join(missing)}",
            "Start a stack with botobs up, or install them with: pip install 'botobs[demo,stack]'",
        )
