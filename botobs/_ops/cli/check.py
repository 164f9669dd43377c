"""`botobs check`: the settings and the files of one's own, before the stack is started with them."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .. import typed
from ..access import clients
from ..access import secrets as stack_secrets
from ..components import ports
from ..console import err, out, print_json
from ..console.arguments import add_home, home_meant
from ..console.building import BuildDisplay
from ..custom import FOLDERS, Checker, Fault, check, files, receivers_of, taken, unread, unreadable
from ..custom.panels import refused
from ..errors import StackError
from ..home import state
from ..home.home import Home
from ..home.private import make_folder
from ..programs.binaries import Binaries
from ..settings import outage
from ..settings.values import Given, gather
from ..stack.configuration import render, variables
from ..stack.options import Options

#: What checks the files.
_PROGRAMS = ("prometheus", "alertmanager", "collector")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs check` to the commands."""
    parser = subparsers.add_parser(
        "check",
        description="Check the settings, and the files in custom/ of the home, with the programs that will read them: "
        + "; ".join(f"{name}/ ({folder.purpose})" for name, folder in FOLDERS.items())
        + ". Nothing is changed. Exit code 1 when something is wrong.",
    )
    parser.add_argument(
        "--route", nargs="+", type=typed.LINE, metavar="LABEL=VALUE",
        help="say which receivers an alert with these labels would be sent to",
    )  # fmt: skip
    add_home(parser)
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Check, and print a line for each fault."""
    home = home_meant(options)
    given = gather(home)
    problems = [*given.problems, *given.warnings]
    try:
        home.refuse_patterns()
        if not given.problems:
            outage.plan(given.texts)
    except StackError as error:
        problems.append(error.problem)
    if options.route and not given.problems:
        return _say_receivers(home, given, options)
    own = [file for name in FOLDERS for file in files(home.custom, name)]
    faults = [] if given.problems else faults_of(home, given)
    if options.json:
        listed = [{"file": each.file, "line": each.line, "text": each.text} for each in faults]
        print_json({"home": home.path, "problems": problems, "files": own, "faults": listed})
    else:
        for sentence in (*problems, *map(str, faults)):
            err.print(f"wrong: {sentence}", markup=False, soft_wrap=True)
        if not problems and not faults:
            out.print(
                f"settings and {len(own)} files in {home.custom} can be used", markup=False, soft_wrap=True
            )
    return 1 if problems or faults else 0


def _say_receivers(home: Home, given: Given, options: argparse.Namespace) -> int:
    with _rendered(home, given) as checker:
        found = receivers_of(checker, options.route)
    if options.json:
        print_json({"receivers": found})
    else:
        out.print(", ".join(found), markup=False, soft_wrap=True)
    return 0


def faults_of(home: Home, given: Given) -> list[Fault]:
    """What is wrong with a person's own files, as `botobs check` reports it."""
    if not home.custom.is_dir():
        return []
    faults = [Fault(file, 0, "nothing reads a file of this name here") for file in unread(home.custom)]
    if wrong := unreadable(home.custom, _values(home, given)):
        # The programs would report the same once more.
        return faults + wrong
    faults += taken(home.custom)
    with _rendered(home, given) as checker:
        faults += check(checker)
    running = None if faults else state.find(home)
    if running is not None:
        with clients.of_part(running, "prometheus") as prometheus:
            faults += refused(files(home.custom, "dashboards"), prometheus)
    return faults


@contextmanager
def _rendered(home: Home, given: Given) -> Iterator[Checker]:
    """The configuration that the home would be started with, in a temporary folder."""
    binaries = Binaries()
    with BuildDisplay() as display:
        binaries.require(_PROGRAMS, display)
    with tempfile.TemporaryDirectory(prefix="botobs-check-") as folder:
        trial = Home(Path(folder) / "home")
        make_folder(trial.path)
        values = _values(home, given)
        if not home.exists:
            # The collector reads the secret files that its configuration names.
            stack_secrets.ensure(trial.secrets)
            values["BOTOBS_SECRETS"] = str(trial.secrets)
        render(trial, values, home.custom)
        yield Checker(home.custom, trial.config, values, binaries)


def _values(home: Home, given: Given) -> dict[str, str]:
    return variables(home, ports.configured(given.texts), Options(), given)
