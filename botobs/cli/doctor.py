"""`botobs doctor`: finds out why something is not seen."""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Iterator
from dataclasses import asdict

import botobs

from ..settings import TABLE, Settings, find_stack, load
from . import _checks
from ._canary import PATIENCE, canary
from ._console import out, print_json
from ._findings import Finding, show


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "doctor",
        description="Check settings, libraries and the way to the collector and the stores, as a service started here "
        "would meet them. Exit code 1 when data would not arrive.",
    )
    parser.add_argument(
        "--explain", action="store_true", help="print every setting and where its value came from"
    )
    parser.add_argument("--json", action="store_true", help="print the result for machines")
    parser.add_argument(
        "--patience",
        type=float,
        default=PATIENCE,
        metavar="SECONDS",
        help="how long to look for the canary in the stores (default: %(default).0f)",
    )
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Check everything; 0 when data would arrive."""
    # What the SDK would log is found and said here, with more words.
    logging.getLogger("botobs").addHandler(logging.NullHandler())
    found = load({}, os.environ)
    if options.json:
        findings = list(_findings(found, options.patience))
        answer = {
            "ok": not any(finding.level == "error" for finding in findings),
            "findings": [asdict(finding) for finding in findings],
            "settings": {name: {"value": found.shown(name), "origin": found.origins[name]} for name in TABLE},
        }
        print_json(answer)
        return 0 if answer["ok"] else 1
    if options.explain:
        _explain(found)
    levels = []

    def noted() -> Iterator[Finding]:
        for finding in _findings(found, options.patience):
            levels.append(finding.level)
            yield finding

    show(noted())
    errors = levels.count("error")
    out.print("\nAll is well." if not errors else f"\n[red]{errors} found that keep data from arriving.[/]")
    return 1 if errors else 0


def _findings(found: Settings, patience: float) -> Iterator[Finding]:
    yield from _checks.settings(found)
    yield from _checks.versions()
    if not found.enabled:
        return
    with botobs.init("botobs-doctor", disabled_instrumentations=found.disabled_instrumentations) as handle:
        yield from _checks.rivals(handle)
        yield from _checks.instrumentations(handle)
        yield from _checks.certificate_expiry(found)
        failed = False
        for finding in _checks.collector(found):
            failed = failed or finding.level == "error"
            yield finding
        if not failed:
            stack = find_stack(os.environ)
            of_stack = stack is not None and stack.settings["endpoint"] == found.endpoint
            yield from canary(handle, stack if of_stack else None, patience)


def _explain(found: Settings) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("setting", "value", "from"):
        table.add_column(heading, overflow="fold")
    for name in TABLE:
        table.add_row(name, found.shown(name), found.origins[name])
    out.print(table)
    out.print()
