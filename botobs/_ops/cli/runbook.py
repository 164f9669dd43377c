"""`botobs runbook`: what to do when an alert fires."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from rich.markdown import Markdown
from rich.table import Table

from ..alerting import runbooks
from ..alerting.alertmanager import connect
from ..console import out, print_json, print_table
from ..console.arguments import add_home, home_of
from ..errors import StackError
from ..home import state


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "runbook",
        description="Show what to do when an alert fires. Its queries are about what the alert names, where it fires, "
        "and run with botobs query --runbook. Without a name the runbooks are listed.",
    )
    parser.add_argument("name", nargs="?", metavar="ALERT", help="name of the alert")
    parser.add_argument("--plain", action="store_true", help="print the page as it is written, in Markdown")
    add_home(parser)
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Show one, or list them."""
    if options.name is None:
        return _list(options)
    runbook = runbooks.read(options.name)
    text = runbook.filled(labels_of(runbook.name, options))
    if options.json:
        print_json({"name": runbook.name, "text": text})
    elif options.plain or not out.is_terminal:
        out.print(text, markup=False, end="")
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


def labels_of(name: str, options: argparse.Namespace) -> Mapping[str, str]:
    """The labels on which all alerts agree that fire under this name; none where none fires."""
    running = state.find(home_of(options))
    if running is None:
        return {}
    try:
        with connect(running) as alertmanager:
            firing = [alert.labels for alert in alertmanager.alerts() if alert.name == name]
    except StackError:
        # The page is there to be read above all when nothing answers.
        return {}
    first, *others = firing or [{}]
    return {key: value for key, value in first.items() if all(each.get(key) == value for each in others)}
