"""`botobs dev -- COMMAND`: runs a program with monitoring on, and with nothing else: no stack."""

from __future__ import annotations

import argparse
import os
import shutil

from .. import typed
from ..console import err
from ..console.arguments import home_of
from ..dev import Session
from ..dev.child import end_as
from ..dev.voice import Voice
from ..embedded.store import LIMIT
from ..errors import StackError
from ..home.home import Home
from .run import environment, unmonitored

#: The store cannot be smaller: what one export of a busy service amounts to, several times.
_LEAST = 4 * 2**20


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs dev` to the commands."""
    parser = subparsers.add_parser(
        "dev",
        usage="botobs dev [--name NAME] [--limit SIZE] [--home DIR] [--json] -- COMMAND [ARGUMENT ...]",
        description="Run a Python program with monitoring on and no stack: what it sends is kept in a file of bounded "
        "size. Orders, errors and warnings are printed on standard error while it runs, and a summary at its end; "
        "botobs traces and botobs orders look closer. botobs up takes over what is kept. "
        "The exit code is the program's.",
    )
    parser.add_argument(
        "--name", type=typed.LINE, metavar="NAME", help="service name (default: the program's name)"
    )
    parser.add_argument(
        "--limit",
        type=typed.size(_LEAST),
        default=f"{LIMIT // 2**20}MiB",
        metavar="SIZE",
        help="what is kept at most, the newest of it (default: %(default)s)",
    )
    parser.add_argument(
        "--home",
        type=typed.FOLDER,
        metavar="DIR",
        help="folder of the stack that takes over one day (default: $BOTOBS_HOME, else the user's data folder)",
    )
    parser.add_argument(
        "--json", action="store_true", help="print lines and summary as JSON objects, one a line"
    )
    parser.add_argument("command_line", nargs=argparse.REMAINDER, type=typed.ANY, metavar="COMMAND")
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Run the program; ends by the signal that ended it, if one did."""
    command = list(options.command_line)
    if command and command[0] == "--":
        del command[0]
    if not command:
        raise StackError("botobs dev needs a command, for example: botobs dev -- python bot.py")
    program = shutil.which(command[0])
    if program is None:
        raise StackError(f"{command[0]} is no command that can be found")
    command[0] = program
    if (problem := unmonitored(command)) is not None:
        err.print(f"botobs: {problem}", markup=False)
    environ = environment(command, options.name, os.environ)
    home = home_of(options) or Home.from_environ()
    with Session(home, command, environ, Voice(err, options.json), options.limit) as session:
        status = session.run()
    return end_as(status)
