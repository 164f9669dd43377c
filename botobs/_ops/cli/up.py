"""`botobs up`: run the stack until it receives a signal to stop."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from io import FileIO
from pathlib import Path

from ..._sdk.process import alive
from .. import typed, web_console
from ..console import err, out, print_json
from ..console.arguments import add_home, add_stack_options, home_of, stack_options, words_of
from ..console.building import BuildDisplay
from ..errors import StackError
from ..home.home import Home
from ..home.private import open_private
from ..processes import child, systemd
from ..processes.process import State, Status
from ..processes.waiting import either, stop_on_signals
from ..stack.stack import Stack

#: Seconds between two looks at what a stack in the background says.
_LOOK = 0.2


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs up` to the commands."""
    parser = subparsers.add_parser(
        "up", description="Run the stack until Ctrl-C or botobs down. What is missing is built first."
    )
    add_home(parser)
    add_stack_options(parser)
    parser.add_argument("-d", "--detach", action="store_true", help="return once everything runs")
    # Of the process that --detach starts: a pipe that takes its summary once everything runs.
    parser.add_argument("--ready-fd", type=typed.whole(0, 2**20), help=argparse.SUPPRESS)
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Run the stack here, or start it in the background."""
    if options.detach:
        return _detach(options)
    return asyncio.run(_run(options))


async def _run(options: argparse.Namespace) -> int:
    home = home_of(options) or Home.from_environ()
    stop = stop_on_signals()
    with BuildDisplay() as display:
        stack = Stack(home, stack_options(options), display, _say)
        stack.add(lambda stack: [web_console.process(stack.home, stack.options.ports_auto)])
        begin = asyncio.create_task(stack.__aenter__())
        await either(begin, stop)
        if not begin.done():
            begin.cancel()
            await asyncio.gather(begin, return_exceptions=True)
            return 130
    begin.result()
    alive_to_manager = asyncio.create_task(systemd.keep_alive())
    try:
        systemd.notify("READY=1")
        _show(stack, options)
        if options.ready_fd is not None:
            with os.fdopen(options.ready_fd, "w", encoding="utf-8") as pipe:
                pipe.write(json.dumps(_summary(stack), default=str))
        fallen = asyncio.create_task(stack.supervisor.wait())
        await either(fallen, stop)
        if fallen.done():
            fallen.result()
    finally:
        systemd.notify("STOPPING=1")
        alive_to_manager.cancel()
        # A terminal that has gone keeps nothing from being stopped.
        with contextlib.suppress(OSError):
            err.print("stopping")
        await stack.__aexit__(None, None, None)
    return 0


def _say(name: str, status: Status) -> None:
    if status.state in {State.READY, State.RESTARTING, State.FAILED}:
        err.print(f"{name:18} {status.state}")


def _show(stack: Stack, options: argparse.Namespace) -> None:
    if options.json:
        # In the background it goes through the pipe.
        if options.ready_fd is None:
            print_json(_summary(stack))
            sys.stdout.flush()
        return
    out.print()
    for name, url in stack.addresses.items():
        out.print(f"{name:18} {url}")
    if stack.receivers is not None:
        out.print(f"\n{stack.receivers.sentence}", markup=False, soft_wrap=True)
    for warning in stack.warnings:
        err.print(f"warning: {warning}", markup=False, soft_wrap=True)
    out.print(f"\nOpen the console: {_console(stack)}", markup=False, soft_wrap=True)
    out.print(f"Passwords and certificates are in {stack.home.secrets}, logs in {stack.home.logs}.")
    how = "with Ctrl-C" if options.ready_fd is None else "it with: botobs down"
    out.print(f"{stack.notice} Stop {how}", markup=False)


def _console(stack: Stack) -> str:
    # A journal is read by more people than may use the console.
    if "JOURNAL_STREAM" in os.environ:
        return "botobs console prints its address with the key"
    return f"{stack.addresses['console']}{web_console.key_of(stack.home, web_console.Role.OPERATOR)}/"


def _summary(stack: Stack) -> dict[str, object]:
    """Where it runs and who receives its alerts, for machines."""
    found = stack.receivers
    alerts = {"alerts": {"receiver": found.name, "channels": list(found.channels)}} if found else {}
    return {"home": stack.home.path, "parts": stack.addresses, "warnings": stack.warnings, **alerts}


def _detach(options: argparse.Namespace) -> int:
    """Start `botobs up` as another process and wait until it says that it runs."""
    home = home_of(options) or Home.from_environ()
    if alive.locked(home.lock):
        raise StackError(f"a stack is already running in {home.path}", "See it with botobs status.")
    home.create()
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        # What is meant for the background goes on when the terminal ends.
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    read, write = os.pipe()
    command = [*child.command("botobs"), "up", "--home", str(home.path), "--ready-fd", str(write)]
    log = home.logs / "up.log"
    with open_private(log, os.O_TRUNC) as file:
        process = subprocess.Popen(
            [*command, *words_of(options)],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
            env=child.environ(),
            pass_fds=[write],
        )
    os.close(write)
    with os.fdopen(read, "rb", buffering=0) as pipe, contextlib.suppress(KeyboardInterrupt):
        if said := _follow(log, pipe):
            if options.json:
                print_json(json.loads(said))
            return 0
        code = process.wait()
        # For a person, what it has said is shown already.
        if options.json or not log.stat().st_size:
            raise _failure(log, code)
        return code or 1
    process.terminate()
    process.wait()
    return 130


def _failure(log: Path, code: int) -> StackError:
    """Why the process that writes a log has ended with an exit code, by its last words."""
    problem, _, way_out = (
        log.read_text(encoding="utf-8", errors="replace").rpartition("botobs: ")[2].strip().partition("\n")
    )
    if problem:
        return StackError(problem, way_out)
    return StackError(
        f"the stack has not started (exit code {code}), and could not say why in {log}",
        "Is there room on the disk? What botobs up says without --detach goes to the terminal.",
    )


def _follow(log: Path, pipe: FileIO) -> bytes:
    """Show a log until the process that writes it is ready; returns what it says through the pipe, or nothing."""
    shown, said = 0, None
    while said is None:
        if select.select([pipe], [], [], _LOOK)[0]:
            said = pipe.readall()
        text = log.read_text(encoding="utf-8", errors="replace")
        err.print(text[shown:], end="", markup=False)
        shown = len(text)
    return said
