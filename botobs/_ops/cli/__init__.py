"""The command `botobs`: one module a command, imported only when it is called."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

from ..._version import __version__
from ..errors import Misuse, mendable
from ..shown import visible

#: Commands in the order of the help, with the line that describes each.
COMMANDS: dict[str, str] = {
    "demo": "try it: a trading platform in small, watched by a stack of its own",
    "up": "start the stack: collector, Prometheus, Tempo, Alertmanager",
    "down": "stop it",
    "status": "what runs, and where",
    "settings": "every setting of the stack, its value, and where the value is from",
    "config": "set what the stack remembers, in its home",
    "check": "check the settings and the files of your own before the stack starts with them",
    "run": "run a program with monitoring on, without editing it",
    "dev": "run a program with monitoring on and no stack: live lines, and a summary at its end",
    "instrument": "name the packages that make the libraries installed here visible, or install them",
    "console": "alerts, dashboards, traces, orders and runbooks in a browser",
    "alert": "send a test message by every channel of alerts",
    "silence": "keep alerts quiet for a time, and see what is",
    "runbook": "what to do when an alert fires",
    "query": "ask the running stack's Prometheus, with its password and authority",
    "traces": "search recent traces, and draw one in the terminal",
    "report": "draw the dashboards, alerts and traces of the last hour into one page",
    "grafana": "give a Grafana that runs already the data sources and dashboards",
    "user": "let people in under names of their own, and out again",
    "token": "let services on other machines in, and out again",
    "certs": "see, renew and extend the stack's certificates",
    "orders": "the orders of unknown outcome, and how to settle one",
    "why": "what is likely behind an alert, a bot that does not trade, or an order that went wrong",
    "ledger": "what each service sent, and whether any of it is missing",
    "backup": "copy data, secrets and settings into a folder, while the stack runs",
    "restore": "put a backup into a home, on this machine or another",
    "install": "run the stack as a service that starts with the machine",
    "upgrade": "go on with the botobs that is installed now, with a way back",
    "doctor": "find out why something is not seen",
    "drill": "break something on purpose, and see who is notified",
    "deadman": "outside the stack: mail when its alerting falls silent",
    "size": "calculate what a platform's telemetry amounts to, and what its pipeline needs",
    "build": "build the programs of the stack, and nothing else",
    "backfill": "bring what a Prometheus has stored into a cluster's Mimir",
    "compose": "prepare secrets and configuration for docker compose",
    "kubernetes": "print the Secrets that the Helm chart needs",
}

#: Modules of the standard library that Windows lacks.
_POSIX = frozenset(("fcntl", "grp", "pwd", "resource", "termios"))
#: What a command needs beyond the extra `stack`.
_EXTRAS = {"demo": "demo,stack", "drill": "demo,drills,stack"}
#: The extra of a package that only some uses of a command need.
_EXTRA_OF = {"boto3": "s3"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code.

    Exit codes: 0 done, 1 it did not work, 2 the command was wrong, 130 interrupted or ended by a signal.

    Raises:
        SystemExit: Help was asked for, and is printed.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    _open_closed()
    # Where the terminal's encoding lacks a character, as it stands for in Python: standard error does so by itself.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        parser = _parser(words)
    except ModuleNotFoundError as error:
        return _incomplete(error, words)
    try:
        options = parser.parse_args(words)
    except Misuse as error:
        _say(error.problem, error.way_out, words)
        return 2
    if options.command is None:
        parser.print_help()
        return 2
    try:
        with _ended_in_order():
            return int(options.function(options))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output has gone, as `| head` does. Nothing that we still hold may be written at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except ModuleNotFoundError as error:
        return _incomplete(error, words)
    except Exception as error:
        return _explained(error, options)


@contextlib.contextmanager
def _ended_in_order() -> Iterator[None]:
    """Have SIGTERM, and the end of the terminal, undo what was begun, as a Ctrl-C does: what is held is released."""
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in filter(None, (getattr(signal, name, None) for name in ("SIGTERM", "SIGHUP"))):
            # What is ignored, as by `nohup`, stays so.
            if signal.getsignal(number) is signal.SIG_DFL:
                before[number] = signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _open_closed() -> None:
    """Have something behind every standard stream that was closed, as by a shell's `>&-`.

    What is opened next, such as a secret, would get its number, and programs that we start take that for the stream.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # It gets the lowest number that is free.
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115


def _explained(error: Exception, options: argparse.Namespace) -> int:
    """Explain an error that a person can mend; any other is a bug, and keeps its traceback. Returns the exit code."""
    if (mend := mendable(error)) is None:
        raise error
    from ..console import fail

    problem, _, way_out = str(mend).partition("\n")
    code = fail(problem, way_out, options)
    return 2 if isinstance(mend, Misuse) else code


def _incomplete(error: ModuleNotFoundError, words: Sequence[str]) -> int:
    # Not as other failures are said: rich may be what is missing.
    if error.name in _POSIX:
        problem = f"this command needs a system with {error.name!r}, such as Linux or macOS"
        way_out = "Run the stack there; services on this system reach it by BOTOBS_ENDPOINT."
    else:
        problem = f"this command needs the Python package {error.name!r}, which is not installed"
        extras = _EXTRA_OF.get(error.name or "") or (_EXTRAS.get(words[0], "stack") if words else "stack")
        way_out = f"Install it with: pip install 'botobs[{extras}]'"
    _say(problem, way_out, words)
    return 1


def _say(problem: str, way_out: str, words: Sequence[str]) -> None:
    if "--json" in words:
        sys.stdout.write(json.dumps({"error": problem, "hint": way_out}) + "\n")
    else:
        sys.stderr.write(f"botobs: {visible(problem)}\n{visible(way_out)}\n")


class _Parser(argparse.ArgumentParser):
    """Says what was typed wrongly in a sentence, which repeats nothing that a terminal would obey."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        # The parser of the command itself, not that of all commands, says what it does not know.
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown

    def error(self, message: str) -> NoReturn:
        raise Misuse(visible(message.removeprefix("argument ")), f"What it takes: {self.prog} --help")


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="botobs",
        description="Monitoring of a bot trading platform: one line in a service, and its trades are seen.",
    )
    parser.add_argument("--version", action="version", version=f"botobs {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND")
    called = next((word for word in words if not word.startswith("-")), None)
    for name, summary in COMMANDS.items():
        if name == called:
            importlib.import_module(f".{name}", __name__).add_parser(subparsers)
        else:
            subparsers.add_parser(name, help=summary)
    return parser
