"""`botobs report`: the dashboards of the last hour as one page, without Grafana."""

from __future__ import annotations

import argparse
import asyncio
import os
from pathlib import Path

from ..._sdk import units
from .. import typed
from ..console import out, print_json
from ..console.arguments import add_home, add_last, home_of
from ..errors import StackError
from ..home import state
from ..home.private import open_private, refuse_foreign
from ..report.of_stack import make
from ..report.page import page


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs report` to the commands."""
    parser = subparsers.add_parser(
        "report",
        description="Draw every dashboard, the alerts, and slow and failed traces into one page that works offline.",
    )
    add_last(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=typed.PATH,
        default="report.html",
        metavar="FILE",
        help="where to (default: report.html)",
    )
    add_home(parser)
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Write the page."""
    path: Path = options.output
    refuse_foreign(path, rb".*<title>botobs")
    running = state.require(home_of(options))
    seconds = units.seconds(options.last)
    made = asyncio.run(make(running, seconds))
    try:
        # It holds the names of bots, their orders and their errors.
        with open_private(path, os.O_TRUNC) as file:
            file.write(page(made).encode())
    except OSError as error:
        raise StackError(
            f"{path} cannot be written: {error.strerror}", "Name another file with -o."
        ) from None
    if options.json:
        print_json({"file": path.absolute(), "bytes": path.stat().st_size, "panels": len(made.views)})
    else:
        out.print(f"{path}: {len(made.views)} panels, {path.stat().st_size / 1e6:.1f} MB", markup=False)
    return 0
