"""`botobs down`: stop the running stack."""

from __future__ import annotations

import argparse
import signal
import time

import psutil

from ..._sdk.process import alive
from ..console import out, print_json
from ..console.arguments import add_home, home_of
from ..errors import StackError
from ..home import state
from ..home.home import Home
from ..processes import systemd

#: Seconds that every part together has to stop.
BUDGET = 60.0
#: Seconds in which the system, or its parent process, takes notice that it has ended.
_NOTICE = 2.0


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs down` to the commands."""
    parser = subparsers.add_parser("down", description="Stop the running stack; its data stays.")
    add_home(parser)
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Ask the supervisor to stop, and wait until it has."""
    running = _meant(options)
    if unit := systemd.unit_of(running.pid):
        raise StackError(
            f"the stack in {running.home.path} is run by systemd, which would start it again",
            f"Stop it with: {unit.control} stop {unit.name}",
        )
    stop(running)
    if options.json:
        print_json({"home": running.home.path, "stopped": sorted(running.parts)})
    else:
        out.print(f"stopped; its data stays in {running.home.data}")
    return 0


def stop(running: state.Running) -> None:
    """Ask the supervisor to stop, and wait until it has.

    Raises:
        StackError: It does not run, or does not stop.
    """
    # Held by the process that runs the stack and by no other, whatever its file says.
    locked = alive.locked(running.home.lock)
    if not locked or not alive.send(running.pid, running.started, signal.SIGTERM):
        raise StackError(f"no stack is running in {running.home.path}", "Start one with: botobs up")
    _wait(running)


def _meant(options: argparse.Namespace) -> state.Running:
    named = home_of(options) or Home.named()
    homes = [] if named else state.everything()
    if len(homes) > 1:
        raise StackError(
            f"{len(homes)} stacks are running, and none of them was named",
            "\n".join(["Say which one with --home:", *(f"  {home}" for home in homes)]),
        )
    return state.require(named)


def _wait(running: state.Running) -> None:
    deadline = time.monotonic() + BUDGET
    while alive.identity(running.pid) == running.started:
        if time.monotonic() > deadline:
            raise StackError(
                f"the stack has not stopped within {BUDGET:g} s (pid {running.pid})",
                f"Look into {running.home.logs}.",
            )
        time.sleep(0.1)
    # It has ended. Its parent takes notice at once, as a rule; one that does not need not be waited for.
    deadline = time.monotonic() + _NOTICE
    while psutil.pid_exists(running.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
