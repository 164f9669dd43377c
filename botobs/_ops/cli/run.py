"""`botobs run -- COMMAND`: runs a program with monitoring on, without editing it."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[2]
_AUTOSTART = _PACKAGE / "_sdk" / "autostart"
_PYTHON = re.compile(r"(python|pypy)[\d.]*(\.exe)?")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "run",
        usage="botobs run [--name NAME] -- COMMAND [ARGUMENT ...]",
        description="Run a Python program with monitoring on, without editing it. "
        "The settings are those of botobs.init(): variables, a settings file, or the stack on this machine.",
    )
    parser.add_argument("--name", metavar="NAME", help="service name (default: the program's name)")
    parser.add_argument("command_line", nargs=argparse.REMAINDER, metavar="COMMAND")
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:  # noqa: RET503  # os.execve does not return
    """Become the program; returns only when it cannot be started."""
    command = list(options.command_line)
    if command and command[0] == "--":
        del command[0]
    if not command:
        return _fail("botobs run needs a command, for example: botobs run -- python bot.py")
    program = shutil.which(command[0])
    if program is None:
        return _fail(f"{command[0]} is no command that can be found")
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(program, command, environment(command, options.name, os.environ))


def _fail(problem: str) -> int:
    # Not by rich, which the SDK alone does not bring: this runs in services' containers.
    sys.stderr.write(f"botobs: {problem}\n")
    return 1


def environment(command: Sequence[str], name: str | None, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that start botobs in the program and whatever Python programs that one starts.

    Args:
        command: The program and its arguments.
        name: The service name; that of the program, unless one is set already, if None.
        environ: The variables to start from.
    """
    path = [str(_AUTOSTART), *filter(None, environ.get("PYTHONPATH", "").split(os.pathsep))]
    package_root = _PACKAGE.parent
    # A checkout that is not installed would not be found. Last, so that it hides nothing of the program's.
    if package_root.name not in ("site-packages", "dist-packages"):
        path.append(str(package_root))
    changed = {**environ, "PYTHONPATH": os.pathsep.join(dict.fromkeys(path))}
    if name is not None:
        changed["BOTOBS_SERVICE_NAME"] = name
    elif not environ.get("BOTOBS_SERVICE_NAME") and not environ.get("OTEL_SERVICE_NAME"):
        changed["BOTOBS_SERVICE_NAME"] = program_name(command)
    return changed


def program_name(command: Sequence[str]) -> str:
    """What a command runs: the module of `python -m`, a script without `.py`, else the command itself."""
    first = Path(command[0]).name
    if not _PYTHON.fullmatch(first):
        return first
    words = iter(command[1:])
    for word in words:
        if word == "-m":
            return next(words, first).removesuffix(".__main__").rpartition(".")[2]
        if word in ("-c", "-"):
            break
        if word in ("-W", "-X"):
            next(words, None)
        elif not word.startswith("-"):
            script = Path(word)
            return script.resolve().parent.name if script.name == "__main__.py" else script.stem
    return first
