"""Every command in every bad situation: a sentence and the right exit code, never a traceback."""

from __future__ import annotations

import json
import os
import pwd
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from botobs._ops.access import secrets
from botobs._ops.cli import COMMANDS
from botobs._ops.home.home import Home

PROGRAM = Path(__file__).parent / "programs" / "matrix.py"
SUPERVISOR = PROGRAM.with_name("supervisor.py")
ROOT = Path(__file__).parents[3]
#: What works where there is no stack: it needs none, or hands something out that makes a home.
WORKS_WITHOUT = {
    "certs add-host metrics.example", "certs issue pnl --output {target}/issued", "check", "compose",
    "config check", "config get alert_receiver", "config set alert_receiver nobody",
    "config unset alert_receiver", "drill", "install --output -", "instrument", "runbook",
    "runbook ServiceHeartbeatLost", "settings", "settings --set", "size", "token create pnl", "token list",
    "token revoke pnl", "user add ann", "user list", "user password ann", "user remove ann",
    "user role ann reader",
}  # fmt: skip


#: What reads, and so makes and changes nothing of a home, whatever became of it.
READS = {
    "alert test", "build prometheus", "certs", "check", "check --route severity=critical", "config check",
    "config get alert_receiver", "doctor --patience 0", "doctor --explain --patience 0", "drill", "install --output -",
    "instrument", "ledger", "orders", "query up", "query {{}}", "query --runbook ServiceHeartbeatLost",
    "report --output {target}/report.html", "restore {target}/none", "runbook", "runbook ServiceHeartbeatLost",
    "settings", "settings --set", "silence", "silence list --all", "size", "status", "token list", "traces",
    "traces 0123456789abcdef0123456789abcdef", "upgrade --dry-run", "user list", "why", "why BotFailed",
    "why --service pnl",
}  # fmt: skip


@dataclass
class Situation:
    """Where the commands are called.

    Attributes:
        home: What `--home` names.
        target: Where results are written to.
        environ: Over a plain environment; None takes a variable away.
        what: `limit` where nothing can be written, as on a full disk; `closed` without a standard input.
    """

    home: str
    target: str
    environ: Mapping[str, str | None] = field(default_factory=dict)
    what: str = ""


def _nothing(tmp_path: Path, _: ExitStack) -> Situation:
    return Situation(str(tmp_path / "none-COMMAND"), str(tmp_path))


def _a_file(tmp_path: Path, _: ExitStack) -> Situation:
    (tmp_path / "file").write_text("not mine")
    return Situation(str(tmp_path / "file"), str(tmp_path / "file"))


def _below_a_file(tmp_path: Path, _: ExitStack) -> Situation:
    (tmp_path / "file").write_text("not mine")
    return Situation(str(tmp_path / "file" / "home"), str(tmp_path / "file" / "out"))


def _set_up(path: Path) -> Home:
    home = Home(path)
    home.create()
    secrets.ensure(home.secrets)
    return home


def _no_rights(tmp_path: Path, _: ExitStack) -> Situation:
    home = _set_up(tmp_path / "home")
    if os.geteuid() != 0:
        home.path.chmod(0)
        return Situation(str(home.path), str(home.path))
    # Root may enter everything, but must not run what is somebody else's.
    nobody = pwd.getpwnam("nobody").pw_uid
    for path in (home.path, *home.path.rglob("*")):
        os.chown(path, nobody, -1)
    return Situation(str(home.path), "/proc")


def _full_disk(tmp_path: Path, _: ExitStack) -> Situation:
    return Situation(str(_set_up(tmp_path / "home").path), str(tmp_path), what="limit")


def _supervised(home: Home, stack: ExitStack, address: str) -> subprocess.Popen[str]:
    """A process that `botobs down` may end."""
    words = [sys.executable, str(SUPERVISOR), str(home.path), address]
    process = stack.enter_context(subprocess.Popen(words, stdout=subprocess.PIPE, text=True))
    stack.callback(process.kill)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def _half_dead(tmp_path: Path, stack: ExitStack) -> Situation:
    home = _set_up(tmp_path / "home")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        _supervised(home, stack, f"https://127.0.0.1:{taken.getsockname()[1]}")
    return Situation(str(home.path), str(tmp_path))


def _frozen(tmp_path: Path, stack: ExitStack) -> Situation:
    home = _set_up(tmp_path / "home")
    # What a stopped process does: the system takes connections for it, and nothing comes back.
    listener = stack.enter_context(socket.socket())
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    supervisor = _supervised(home, stack, f"https://127.0.0.1:{listener.getsockname()[1]}")
    supervisor.send_signal(signal.SIGSTOP)
    return Situation(str(home.path), str(tmp_path))


def _narrow(tmp_path: Path, _: ExitStack) -> Situation:
    home = _set_up(tmp_path / "home")
    return Situation(str(home.path), str(tmp_path), {"COLUMNS": "12", "FORCE_COLOR": "1", "TERM": "dumb"})


def _no_terminal(tmp_path: Path, _: ExitStack) -> Situation:
    # As a service manager or cron starts it.
    return Situation(
        str(_set_up(tmp_path / "home").path), str(tmp_path), {"TERM": None, "LANG": None}, what="closed"
    )


def _no_home(tmp_path: Path, _: ExitStack) -> Situation:
    # Not even a name in the table of users.
    return Situation(
        str(tmp_path / "none-COMMAND"), str(tmp_path), {"HOME": None, "LOGNAME": None, "USER": None}
    )


def _read_only_home(tmp_path: Path, _: ExitStack) -> Situation:
    # Where root cannot write either.
    return Situation(
        str(tmp_path / "none-COMMAND"), "/proc", {"HOME": "/proc", "XDG_STATE_HOME": "/proc/state"}
    )


def _cut_state(tmp_path: Path, _: ExitStack) -> Situation:
    home = _set_up(tmp_path / "home")
    home.state.write_text('{"version": 1, "pid')
    (home.path / "botobs.toml").write_text("[stack\n")
    (home.secrets / "people").write_text("ann opera")
    (home.secrets / "people").chmod(0o600)
    return Situation(str(home.path), str(tmp_path))


def _pipes(tmp_path: Path, _: ExitStack) -> Situation:
    """Named pipes, which nobody writes to or reads from, in the place of files."""
    home = _set_up(tmp_path / "home")
    home.custom.mkdir(mode=0o700)
    (home.custom / "rules").mkdir(mode=0o700)
    for path in (
        home.state, home.path / "botobs.toml", home.path / "versions.json", home.logs / "audit.log",
        home.secrets / "hosts", home.custom / "rules" / "mine.yml",
    ):  # fmt: skip
        os.mkfifo(path, 0o600)
    return Situation(str(home.path), str(tmp_path))


SITUATIONS: Mapping[str, Callable[[Path, ExitStack], Situation]] = {
    "nothing there": _nothing,
    "a file in the place of a folder": _a_file,
    "below a file": _below_a_file,
    "no rights": _no_rights,
    "a full disk": _full_disk,
    "a half-dead stack": _half_dead,
    "frozen parts": _frozen,
    "a narrow terminal": _narrow,
    "no terminal": _no_terminal,
    "no HOME": _no_home,
    "a read-only HOME": _read_only_home,
    "cut files": _cut_state,
    "pipes in the place of files": _pipes,
}


@pytest.fixture(params=SITUATIONS)
def situation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Situation]:
    """Each of them, made and cleared away."""
    with ExitStack() as stack:
        yield SITUATIONS[request.param](tmp_path, stack)


def _call(situation: Situation, tmp_path: Path) -> dict[str, dict[str, object]]:
    environ = {
        "HOME": str(tmp_path / "user"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        # Nothing is found and nothing can be built, so nothing is started.
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "PATH": str(tmp_path / "empty"),
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        **situation.environ,
    }
    words = [
        sys.executable,
        str(PROGRAM),
        situation.home,
        situation.target,
        situation.what,
    ]
    done = subprocess.run(
        words,
        env={name: text for name, text in environ.items() if text is not None},
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, object]] = json.loads(done.stdout)
    assert {typed.split()[0] for typed in found} == COMMANDS.keys()
    assert found.keys() >= READS
    return found


def test_every_command(situation: Situation, tmp_path: Path) -> None:
    for name in ("user", "state", "cache", "empty"):
        (tmp_path / name).mkdir(mode=0o777)
        (tmp_path / name).chmod(0o777)
    wrong = {}
    for command, became in _call(situation, tmp_path).items():
        code, err = became["code"], str(became["err"])
        reported = str(became["out"]) + err
        if code not in (0, 1, 2, 3) or "Traceback" in reported:
            wrong[command] = code if isinstance(code, str) else reported
        elif code != 0 and not reported.strip():
            wrong[command] = f"exit code {code} without a word"
        elif code != 0 and err.startswith("botobs: ") and not err.removeprefix("botobs: ").strip():
            wrong[command] = f"nothing is said: {err!r}"
        if command in READS and became["changed"]:
            wrong[command] = f"it reads, and has changed {became['changed']}"
        # Where somebody's file is in the place of the home, nothing is that of a stack.
        if (tmp_path / "file").exists() and became["changed"]:
            wrong[command] = f"it has changed {became['changed']}"
    if (tmp_path / "file").exists():
        assert (tmp_path / "file").read_text() == "not mine"
    assert wrong == {}, "\n\n".join(f"{command}: {what}" for command, what in wrong.items())


def test_a_situation_fails_what_needs_a_stack(tmp_path: Path) -> None:
    for name in ("user", "state", "cache", "empty"):
        (tmp_path / name).mkdir()
    with ExitStack() as stack:
        found = _call(_nothing(tmp_path, stack), tmp_path)
    worked = {command for command, became in found.items() if became["code"] == 0}
    assert worked == WORKS_WITHOUT
