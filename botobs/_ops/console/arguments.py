"""Arguments that several commands share."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .. import typed
from ..access import secrets
from ..errors import StackError
from ..home import state
from ..home.home import Home
from ..stack.options import Options
from . import err


def add_home(parser: argparse.ArgumentParser) -> None:
    """Add the options `--home` and `--json`."""
    parser.add_argument(
        "--home",
        metavar="DIR",
        type=typed.FOLDER,
        help="folder of the stack (default: $BOTOBS_HOME, else the user's data folder)",
    )
    parser.add_argument("--json", action="store_true", help="print the result for machines")


def home_of(options: argparse.Namespace) -> Home | None:
    """The home that was named, or None."""
    return Home.from_environ({"BOTOBS_HOME": options.home}) if options.home else None


def home_meant(options: argparse.Namespace) -> Home:
    """The home that was named, else the running stack's, else the user's."""
    if named := home_of(options) or Home.named():
        return named
    running = state.find()
    return running.home if running else Home.from_environ()


def secrets_of(options: argparse.Namespace) -> Path:
    """The folder of the secrets of the home that is meant, which has to be there.

    Raises:
        StackError: No stack has been set up in it.
    """
    home = home_meant(options)
    if not home.exists:
        raise StackError(
            f"no stack has been set up in {home.path}",
            "Name its folder with --home or BOTOBS_HOME; botobs up sets one up.",
        )
    secrets.check_permissions(home.secrets)
    return home.secrets


def secrets_made(options: argparse.Namespace) -> Path:
    """The same for a command that hands something out: what is missing is made."""
    home = home_meant(options)
    home.create()
    secrets.ensure(home.secrets)
    return home.secrets


def add_last(
    parser: argparse.ArgumentParser, default: str = "1h", about: str = "", longest: float | None = None
) -> None:
    """Add the option `--last`.

    Args:
        parser: The command's.
        default: A duration, as it is typed.
        about: What is looked back for, as words in the help.
        longest: Seconds at most; as far as any duration goes if None.
    """
    parser.add_argument(
        "--last",
        type=typed.duration() if longest is None else typed.duration(longest),
        default=default,
        metavar="DURATION",
        help=f"how far to look back{about} (default: {default})",
    )


def add_yes(parser: argparse.ArgumentParser) -> None:
    """Add the option `--yes`."""
    parser.add_argument("--yes", action="store_true", help="do not ask first, as a terminal is asked")


def agree(options: argparse.Namespace, question: str) -> None:
    """Ask at a terminal before something is changed that cannot be undone; a script has meant what it says.

    Raises:
        StackError: The user does not confirm with yes.
    """
    # A service manager may have started us without any standard input.
    if options.yes or options.json or not sys.stdin.isatty():
        return
    err.print(f"{question} [y/N] ", end="", markup=False)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise StackError("nothing was changed", "With --yes nobody is asked.")


def add_stack_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `up` and the demo that are about the stack."""
    parser.add_argument(
        "--ports", choices=["fixed", "auto"], default="fixed", help="auto picks free ports (default: fixed)"
    )
    add_profile(parser)
    parser.add_argument(
        "--strict", action="store_true", help="refuse BOTOBS_ variables and settings that nothing reads"
    )
    parser.add_argument(
        "--keep-going", action="store_true",
        help="start the rest when a part does not become ready, and try it again: for service managers",
    )  # fmt: skip
    parser.add_argument(
        "--with", dest="extra", action="append", default=[], choices=["postgres", "mimir"], metavar="NAME",
        help="run this too: postgres (a PostgreSQL with its exporter), mimir (long-term store)",
    )  # fmt: skip


def add_profile(parser: argparse.ArgumentParser) -> None:
    """Add the option `--profile`."""
    parser.add_argument(
        "--profile", choices=["machine", "cluster"], default="machine",
        help="cluster: gateways, Mimir, Tempo and Alertmanager as several processes, with an object store "
        "(default: machine, one of each)",
    )  # fmt: skip


def words_of(options: argparse.Namespace) -> list[str]:
    """The arguments by which another `botobs up` does the same."""
    words = ["--ports", options.ports, "--profile", options.profile]
    for component in options.extra:
        words += ["--with", component]
    words += ["--strict"] if options.strict else []
    return [*words, "--keep-going"] if options.keep_going else words


def stack_options(options: argparse.Namespace) -> Options:
    """The stack's options from the command line's."""
    cluster = options.profile == "cluster"
    return Options(
        postgres="postgres" in options.extra,
        # A cluster has three of it.
        mimir="mimir" in options.extra and not cluster,
        cluster=cluster,
        ports_auto=options.ports == "auto",
        arguments=tuple(words_of(options)),
        strict=options.strict,
        keep_going=options.keep_going,
    )
