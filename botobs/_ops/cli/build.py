"""`botobs build`: build the programs of the stack ahead of time."""

from __future__ import annotations

import argparse

from .. import typed
from ..console import out, print_json
from ..console.building import BuildDisplay
from ..errors import Misuse
from ..programs.binaries import Binaries
from ..programs.versions import pins


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs build` to the commands."""
    parser = subparsers.add_parser("build", description="Build the programs of the stack, and nothing else.")
    parser.add_argument(
        "parts",
        nargs="*",
        type=typed.LINE,
        metavar="PART",
        help=f"any of {', '.join(pins())} (default: those that always run)",
    )
    parser.add_argument("--json", action="store_true", help="print the programs' paths for machines")
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Build what is missing and say where everything is."""
    unknown = [part for part in options.parts if part not in pins()]
    if unknown:
        raise Misuse(f"there is no part {unknown[0]!r}", f"There are: {', '.join(pins())}.")
    wanted = options.parts or [name for name, pin in pins().items() if not pin.optional]
    binaries = Binaries()
    with BuildDisplay() as display:
        binaries.require(wanted, display)
    paths = {program: binaries[program] for name in wanted for program in pins()[name].packages}
    if options.json:
        print_json(paths)
    else:
        for program, path in paths.items():
            out.print(f"{program:20} {path}")
    return 0
