"""`botobs upgrade`: a stack of an older botobs goes on with the one that is installed now, or as before."""

from __future__ import annotations

import argparse
import contextlib
import shlex
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..._version import __version__
from .. import backup, typed
from ..console import err, out, print_json
from ..console.arguments import add_home, home_meant
from ..console.building import BuildDisplay
from ..errors import StackError
from ..home import record, state
from ..home.home import Home
from ..processes import child, systemd
from ..programs.binaries import Binaries
from ..programs.versions import pins
from ..settings.values import gather
from . import down
from .check import faults_of

#: Seconds in which a stack that another command has restarted is ready.
_PATIENCE = 600.0


@dataclass(frozen=True)
class Change:
    """A program, and its version before and after; empty where it was not recorded."""

    name: str
    before: str
    after: str


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs upgrade` to the commands."""
    parser = subparsers.add_parser(
        "upgrade",
        description="After pip install --upgrade botobs: say what changes, build what is missing and check settings "
        "and own files while the old stack runs, take a backup, start the new stack, and go back to the backup if it "
        "does not become ready. Exit code 1 when the stack is not the new one.",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="only say what would change, and what is in the way"
    )
    parser.add_argument(
        "--backup",
        type=typed.PATH,
        metavar="DIR",
        help="where to (default: beside the home, with date and version)",
    )
    parser.add_argument("--no-backup", action="store_true", help="without a way back")
    parser.add_argument(
        "--restart", type=typed.LINE, metavar="COMMAND",
        help="what restarts the stack where a service manager runs it, such as 'systemctl restart botobs'",
    )  # fmt: skip
    add_home(parser)
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Upgrade the home of the arguments."""
    home = home_meant(options)
    if not home.exists:
        raise StackError(f"no stack has been set up in {home.path}", "Start one with: botobs up")
    before = record.read(home)
    changes = differences(before)
    running = state.find(home)
    if running is not None and not options.restart and (unit := systemd.unit_of(running.pid)):
        raise StackError(
            f"the stack in {home.path} is run by systemd",
            f"Say how it is restarted: --restart '{unit.control} restart {unit.name}'",
        )
    _refuse(home)
    if options.json and (options.dry_run or not changes):
        print_json({"home": home.path, "changes": [vars(each) for each in changes], "done": False})
        return 0
    for each in changes:
        err.print(f"{each.name:18} {each.before or '-'} → {each.after}", markup=False)
    if not changes:
        out.print(f"{home.path} was started with this botobs ({__version__}): there is nothing to do")
        return 0
    if options.dry_run:
        out.print(f"{len(changes)} of these would change; settings and files of your own can be used")
        return 0
    _build(before.programs)
    folder = None if options.no_backup else _backup(options, home, before, running)
    if running is None:
        _say(options, home, changes, folder, f"start it with: botobs up --home {home.path}")
        return 0
    try:
        _switch(options, home, before, running, folder)
    except KeyboardInterrupt:
        way_back = f"; {folder} is what it was before" if folder else ""
        err.print(
            f"interrupted: the stack in {home.path} may be stopped, see botobs status{way_back}",
            markup=False,
            soft_wrap=True,
        )
        raise
    _say(options, home, changes, folder, f"the stack in {home.path} runs with botobs {__version__}")
    return 0


def differences(before: record.Record) -> list[Change]:
    """What of a home's programs and of botobs itself is of another version now."""
    now = {"botobs": __version__} | {name: pin.version for name, pin in pins().items()}
    then: Mapping[str, str] = {"botobs": before.botobs, **before.programs}
    return [Change(name, then[name], now[name]) for name in then if name in now and then[name] != now[name]]


def _refuse(home: Home) -> None:
    """Refuse to touch a stack that would not start again.

    Raises:
        StackError: Settings or files of a person's own are not what the new programs take.
    """
    given = gather(home)
    given.require()
    for sentence in given.warnings:
        err.print(f"warning: {sentence}", markup=False, soft_wrap=True)
    if faults := [str(each) for each in faults_of(home, given)]:
        raise StackError(
            faults[0], "\n".join([*faults[1:], "The stack is as it was. See all with: botobs check"])
        )


def _build(programs: Mapping[str, str]) -> None:
    with BuildDisplay() as display:
        Binaries().require([name for name in programs if name in pins()], display)


def _backup(
    options: argparse.Namespace, home: Home, before: record.Record, running: state.Running | None
) -> Path:
    stamp = time.strftime("%Y%m%dT%H%M%S")
    usual = home.path.with_name(f"{home.path.name}.before-{__version__}-{stamp}")
    folder = (options.backup or usual).expanduser().resolve()
    taken = backup.take(home, folder, running)
    err.print(
        f"backup of {before.botobs or 'the old stack'}: {folder} ({taken.bytes / 1e6:.1f} MB)", markup=False
    )
    return folder


def _switch(
    options: argparse.Namespace,
    home: Home,
    before: record.Record,
    running: state.Running,
    folder: Path | None,
) -> None:
    """Start the new stack in place of the old one.

    Raises:
        StackError: It does not become ready; the home is restored, where there is a backup.
    """
    # Whose terminal ends now would be left without a stack, or without the way back.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if options.restart:
        code = subprocess.run(shlex.split(options.restart), check=False).returncode
        if code and (now := state.find(home)) is not None and now.started == running.started:
            taken = f"; the backup is {folder}" if folder else ""
            raise StackError(
                f"{options.restart!r} ended with exit code {code}, and the stack runs on as it was{taken}",
                "Restart it with a command that may do so: --restart COMMAND",
            )
        ready = not code and _runs_anew(home, running)
    else:
        down.stop(running)
        command = [*child.command("botobs"), "up", "--detach", "--home", str(home.path), *before.arguments]
        # Not to the terminal, which may have gone: it would be taken for a start that fails.
        started = subprocess.run(command, env=child.environ(), capture_output=True, text=True, check=False)
        ready = started.returncode == 0
        if not ready:
            with contextlib.suppress(OSError):
                err.print(started.stderr, markup=False, end="")
    if ready:
        return
    if folder is None:
        raise StackError(
            "the new stack does not become ready, and there is no backup", f"Look into {home.logs}."
        )
    if (new := state.find(home)) is not None:
        down.stop(new)
    aside = backup.restore(folder, home, replace=True)
    older = (
        f"pip install 'botobs=={before.botobs}'" if before.botobs else "the botobs that was installed before"
    )
    raise StackError(
        f"the new stack does not become ready; {home.path} is as it was before",
        f"Start it with the old one: {older}, then botobs up. What the new one has left is in {aside}.",
    )


def _runs_anew(home: Home, before: state.Running) -> bool:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        now = state.find(home)
        # It says what it was started with once everything is ready.
        if now is not None and now.started != before.started and not differences(record.read(home)):
            return True
        time.sleep(0.5)
    return False


def _say(
    options: argparse.Namespace, home: Home, changes: list[Change], folder: Path | None, sentence: str
) -> None:
    if options.json:
        print_json(
            {"home": home.path, "changes": [vars(each) for each in changes], "backup": folder, "done": True}
        )
    else:
        out.print(sentence, markup=False, soft_wrap=True)
