"""`botobs runbook`: what to do when an alert fires."""

from __future__ import annotations

import argparse

from rich.markdown import Markdown
from rich.table import Table

from .. import typed
from ..alerting import runbooks
from ..alerting.alertmanager import labels_of
from ..console import out, print_json, print_table
from ..console.arguments import add_home, home_of
from ..home import state


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs runbook` to the commands."""
    parser = subparsers.add_parser(
        "runbook",
        description="Show what to do when an alert fires. Its queries are about what the alert names, where it fires, "
        "and run with botobs query --runbook. Without a name the runbooks are listed.",
    )
    parser.add_argument("name", nargs="?", type=typed.LINE, metavar="ALERT", help="name of the alert")
    parser.add_argument("--plain", action="store_true", help="print the page as it is written, in Markdown")
    add_home(parser)
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Show a runbook, or list all."""
    if options.name is None:
        return _list(options)
    runbook = runbooks.read(options.name)
    running = state.find(home_of(options))
    text = runbook.filled(labels_of(runbook.name, running) if running else {})
    if options.json:
        print_json({"name": runbook.name, "text": text})
    elif options.plain or not out.is_terminal:
        out.print(text, end="")
    else:
        out.print(Markdown(text))
    return 0


def _list(options: argparse.Namespace) -> int:
    found = [runbooks.read(name) for name in runbooks.names()]
    if options.json:
        print_json([{"name": each.name, "first": each.first} for each in found])
        return 0
    table = Table(box=None, pad_edge=False)
    table.add_column("alert", no_wrap=True)
    table.add_column("what to do first")
    for each in found:
        table.add_row(each.name, each.first)
    print_table(table)
    return 0
