"""`botobs run -- COMMAND`: runs a program with monitoring on, without editing it."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import typed
from ..shown import visible

_PACKAGE = Path(__file__).resolve().parents[2]
_AUTOSTART = _PACKAGE / "_sdk" / "autostart"
_PYTHON = re.compile(r"(python|pypy)w?[\d.]*t?(\.exe)?")
#: Suffixes of what Python runs.
_PROGRAMS = frozenset({".py", ".pyc", ".pyw", ".pyz"})
#: Options of Python with which `sitecustomize` is not found, by which botobs is started.
_DEAF = {"I": "no variable is read", "E": "no variable is read", "S": "no sitecustomize is run"}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs run` to the commands."""
    parser = subparsers.add_parser(
        "run",
        usage="botobs run [--name NAME] -- COMMAND [ARGUMENT ...]",
        description="Run a Python program with monitoring on, without editing it. "
        "The settings are those of botobs.init(): variables, a settings file, or the stack on this machine.",
    )
    parser.add_argument(
        "--name", type=typed.LINE, metavar="NAME", help="service name (default: the program's name)"
    )
    parser.add_argument("command_line", nargs=argparse.REMAINDER, type=typed.ANY, metavar="COMMAND")
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
    if (problem := unmonitored([program, *command[1:]])) is not None:
        sys.stderr.write(f"botobs: {visible(problem)}\n")
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(program, command, environment(command, options.name, os.environ))


def _fail(problem: str) -> int:
    # Not by rich, which the SDK alone does not bring: this runs in services' containers.
    sys.stderr.write(f"botobs: {visible(problem)}\n")
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
    """What a command runs: the module of `python -m`, else the file, without `.py`, that is run."""
    python = _python(command)
    if python is None or python.target is None:
        return _stem(Path(command[0]))
    if python.is_module:
        return python.target.removesuffix(".__main__").rpartition(".")[2]
    return _stem(Path(python.target))


def unmonitored(command: Sequence[str]) -> str | None:
    """Why Python, or what a script's first line calls, will not start botobs; None if it will.

    Args:
        command: The program's path and its arguments.
    """
    python = _python(command) or _python(_first_line(Path(command[0])))
    options = [option for option in _DEAF if python is not None and option in python.options]
    if not options:
        return None
    option = options[0]
    return (
        f"this program runs without monitoring: Python is called with -{option}, so {_DEAF[option]}. "
        f"Leave -{option} away, or call botobs.init() in the program."
    )


@dataclass(frozen=True, slots=True)
class _Python:
    """A command line of Python, read as Python reads it.

    Attributes:
        options: The letters of those without an argument.
        target: The module or the file; None for `-c`, the standard input and the prompt.
    """

    options: str
    target: str | None
    is_module: bool = False


def _python(command: Sequence[str]) -> _Python | None:
    """`command` as one of Python; None if it is another program's."""
    if not command or not _PYTHON.fullmatch(Path(command[0]).name):
        return None
    options = ""
    words = iter(command[1:])
    for word in words:
        if word == "--":
            return _Python(options, next(words, None))
        if word == "-" or not word.startswith("-"):
            return _Python(options, None if word == "-" else word)
        if word.startswith("--"):
            if word == "--check-hash-based-pycs":
                next(words, None)
            continue
        letters, letter, argument = _option(word)
        options += letters
        if letter and not argument:
            argument = next(words, "")
        if letter == "m":
            return _Python(options, argument, is_module=True)
        if letter == "c":
            return _Python(options, None)
    return _Python(options, None)


def _option(word: str) -> tuple[str, str, str]:
    """The letters of a word of options, the one that takes an argument, and what of it stands in the same word."""
    match = re.match(r"-([^cmWX]*)([cmWX]?)(.*)", word, re.DOTALL)
    assert match is not None
    return match[1], match[2], match[3]


def _first_line(program: Path) -> list[str]:
    """The command that a script's `#!` line calls; empty if it has none."""
    try:
        with program.open("rb") as file:
            line = file.readline(512)
    except OSError:
        return []
    words = line[2:].decode(errors="replace").split() if line.startswith(b"#!") else []
    if words and Path(words[0]).name == "env":
        return [word for word in words[1:] if word != "-S"]
    return words


def _stem(program: Path) -> str:
    if program.name == "__main__.py" or not program.name:
        program = program.resolve()
    if program.name == "__main__.py":
        return program.parent.name
    return program.stem if program.suffix in _PROGRAMS else program.name
