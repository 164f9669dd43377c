"""`botobs doctor`: finds out why something is not seen."""

from __future__ import annotations

import argparse
import json
import logging
import os
import socket
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict

import botobs

from ..._sdk.settings import TABLE, Settings, find_stack, load
from .. import typed
from ..doctor import checks
from ..doctor.canary import PATIENCE, canary
from ..doctor.findings import Finding, say, show, show_table
from ..processes import control


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs doctor` to the commands."""
    parser = subparsers.add_parser(
        "doctor",
        description="Check settings, libraries and the way to the collector and the stores, as a service started here "
        "would meet them. Exit code 1 when data would not arrive.",
    )
    parser.add_argument(
        "--home",
        type=typed.FOLDER,
        metavar="DIR",
        help="folder of the stack (default: $BOTOBS_HOME, else the one that runs)",
    )
    parser.add_argument(
        "--explain", action="store_true", help="print every setting and where its value came from"
    )
    parser.add_argument("--json", action="store_true", help="print the result for machines")
    parser.add_argument(
        "--patience",
        type=typed.number(0, 86_400.0),
        default=PATIENCE,
        metavar="SECONDS",
        help="how long to look for the canary in the stores (default: %(default).0f)",
    )
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Check everything; 0 when data would arrive."""
    # What the SDK would log is found and said here, with more words.
    logging.getLogger("botobs").addHandler(logging.NullHandler())
    environ = {**os.environ, **({"BOTOBS_HOME": options.home} if options.home else {})}
    found = load({}, environ)
    seen: list[Finding] = []
    findings = _kept(_findings(found, environ, options.patience), seen)
    if options.json:
        list(findings)
    else:
        if options.explain:
            rows = [(name, found.shown(name), found.origins[name]) for name in TABLE]
            show_table(("setting", "value", "from"), rows)
            say("")
        show(findings)
    errors = sum(finding.level == "error" for finding in seen)
    if options.json:
        _print_json(found, seen, errors)
    else:
        say(f"\n{errors} found that keep data from arriving." if errors else "\nAll is well.")
    return 1 if errors else 0


def _kept(findings: Iterator[Finding], seen: list[Finding]) -> Iterator[Finding]:
    for finding in findings:
        seen.append(finding)
        yield finding


def _findings(found: Settings, environ: Mapping[str, str], patience: float) -> Iterator[Finding]:
    yield from checks.settings(found)
    yield from checks.versions()
    if not found.enabled:
        return
    disabled = found.disabled_instrumentations
    stack = find_stack(environ)
    if stack is not None and stack.settings["endpoint"] != found.endpoint:
        stack = None
    stopped = checks.stopped(stack) if stack is not None else []
    with botobs.init("botobs-doctor", disabled_instrumentations=disabled, environ=environ) as handle:
        yield from checks.rivals(handle)
        yield from checks.instrumentations(handle)
        yield from checks.certificate_expiry(found)
        yield from map(checks.stands_still, stopped)
        # What has to pass through one that stands still would be waited for.
        failed = bool(control.in_the_way(stopped))
        for finding in checks.collector(found) if not failed else ():
            failed = failed or finding.level == "error"
            yield finding
        if not failed:
            yield from canary(handle, stack, patience, stopped)
            if stack is not None and "prometheus" not in stopped:
                yield from _ahead(environ)


def _ahead(environ: Mapping[str, str]) -> Iterator[Finding]:
    """What the stack on this machine will run out of."""
    # A service's installation lacks these libraries; one that runs a stack has them.
    from ..access import clients
    from ..doctor.ahead import disk
    from ..home import state
    from ..settings.values import gather

    running = state.find(environ=environ)
    if running is not None and "prometheus" in running.parts:
        with clients.of_part(running, "prometheus") as prometheus:
            host = gather(running.home).texts.get("BOTOBS_HOST_NAME") or socket.gethostname()
            yield from disk(prometheus, running.home.data, host)


def _print_json(found: Settings, findings: list[Finding], errors: int) -> None:
    answer = {
        "ok": errors == 0,
        "findings": [asdict(finding) for finding in findings],
        "settings": {name: {"value": found.shown(name), "origin": found.origins[name]} for name in TABLE},
    }
    json.dump(answer, sys.stdout, indent=2)
    sys.stdout.write("\n")
