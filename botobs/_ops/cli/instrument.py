"""`botobs instrument`: which packages make the libraries of this environment visible."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib.util import find_spec

from ..._sdk.instrument import libraries
from ..._sdk.instrument.registry import unwatched
from ..errors import UserError
from ..shown import name


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs instrument` to the commands."""
    parser = subparsers.add_parser(
        "instrument",
        description="Name the OpenTelemetry instrumentors of the libraries that are installed here and that nothing "
        "watches. botobs uses an instrumentor from the next start of a service on.",
    )
    parser.add_argument("--install", action="store_true", help="install them into this environment, with pip")
    parser.add_argument("--json", action="store_true", help="print the result for machines")
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Print, or install; 0 when there is nothing more to do than what is printed.

    Raises:
        UserError: pip is not there, or cannot install a package.
    """
    # What belongs to the standard library is there everywhere, and says nothing about what a service uses.
    found = [each for each in unwatched() if each.library.partition(".")[0] not in sys.stdlib_module_names]
    packages = list(dict.fromkeys(each.package for each in found if each.package is not None))
    if options.json:
        rows = [asdict(each) for each in found]
        sys.stdout.write(json.dumps({"libraries": rows, "packages": packages}, indent=2) + "\n")
    else:
        for each in found:
            sys.stdout.write(f"{name(each.library)}: {name(each.package or each.detail)}\n")
        if not packages:
            sys.stdout.write("Every library here that OpenTelemetry knows is watched.\n" if not found else "")
        elif not options.install:
            sys.stdout.write(f"\n{libraries.install_command(packages)}\n")
    if options.install and packages:
        _install(packages)
    return 0


def _install(packages: Sequence[str]) -> None:
    if find_spec("pip") is None:
        raise UserError(
            f"there is no pip in the environment of {sys.executable}\n"
            f"Install with what made it, for example: uv {libraries.install_command(packages)}"
        )
    # The output of pip is for people; that of --json stays alone on the standard output.
    command = [sys.executable, "-m", "pip", "install", *packages]
    if subprocess.run(command, stdout=sys.stderr, check=False).returncode != 0:
        raise UserError(
            "pip could not install the packages; what it said is above\nNothing else was changed."
        )
