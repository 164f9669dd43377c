"""`botobs down`: stop the running stack."""

from __future__ import annotations

import argparse
import os
import signal

import psutil

from ..stack import StackError, state
from ._arguments import add_home, home_of
from ._console import out, print_json

#: Seconds that every part together has to stop.
BUDGET = 60.0


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser("down", description="Stop the running stack; its data stays.")
    add_home(parser)
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Ask the supervisor to stop, and wait until it has."""
    running = state.require(home_of(options))
    supervisor = psutil.Process(running.pid)
    os.kill(running.pid, signal.SIGTERM)
    try:
        supervisor.wait(BUDGET)
    except psutil.TimeoutExpired:
        raise StackError(
            f"the stack has not stopped within {BUDGET:g} s (pid {running.pid})",
            f"Look into {running.home.logs}.",
        ) from None
    if options.json:
        print_json({"stopped": sorted(running.parts)})
    else:
        out.print(f"stopped; its data stays in {running.home.data}")
    return 0
