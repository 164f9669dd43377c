"""`botobs certs`: see, renew and extend the stack's certificates."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from .. import typed
from ..access import audit, certificates, containers
from ..console import err, out, print_json, styled
from ..console.arguments import add_home, add_yes, agree, home_meant, secrets_made, secrets_of
from ..home.home import Home

_RELOADS = "APIs show it with the next connection, receivers of telemetry within an hour or after a restart."


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs certs` to the commands."""
    parser = subparsers.add_parser(
        "certs", description="Show the stack's certificates; with an action, change them."
    )
    add_home(parser)
    parser.set_defaults(function=_show)
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    renew = actions.add_parser("renew", help="make server's and clients' anew; the authority stays")
    hosts = actions.add_parser("add-host", help="let the listeners stand for further names or addresses")
    hosts.add_argument(
        "hosts",
        nargs="+",
        type=typed.HOST,
        metavar="HOST",
        help="such as metrics.example.internal or 10.0.0.5",
    )
    issue = actions.add_parser("issue", help="make a certificate that a service shows to the collector")
    issue.add_argument("service", type=typed.IDENTIFIER, metavar="SERVICE")
    issue.add_argument(
        "--output", type=typed.PATH, default=Path(), metavar="DIR", help="where to (default: here)"
    )
    add_yes(renew)
    add_yes(hosts)
    for action, function in ((renew, _renew), (hosts, _add_hosts), (issue, _issue)):
        add_home(action)
        action.set_defaults(function=function)


def _show(options: argparse.Namespace) -> int:
    return _list(secrets_of(options), options)


def _list(secrets: Path, options: argparse.Namespace) -> int:
    held = certificates.found(secrets)
    if options.json:
        print_json(
            [
                {"name": each.name, "expires": each.expires, "days_left": each.days_left, "hosts": each.hosts}
                for each in held
            ]
        )
        return 0
    _print(held)
    return 0


def _print(held: Sequence[certificates.Certificate]) -> None:
    for each in held:
        colour = "green" if each.days_left >= certificates.RENEW_DAYS else "red"
        left = (f"{each.days_left:5} days left", colour)
        out.print(styled(f"{each.name:12} ", left, f"  {certificates.PURPOSES[each.name]}"))
        if each.hosts:
            out.print(f"{'':12} {', '.join(each.hosts)}", markup=False)


def _renew(options: argparse.Namespace) -> int:
    secrets = secrets_of(options)
    agree(options, f"Make the certificates of the stack in {secrets.parent} anew?")
    with audit.recording(Home(secrets.parent), "certs renew"):
        certificates.renew(secrets)
    return _changed(secrets, options)


def _add_hosts(options: argparse.Namespace) -> int:
    hosts = ", ".join(options.hosts)
    agree(options, f"Make a certificate for {hosts} too, for the stack in {home_meant(options).path}?")
    secrets = secrets_made(options)
    with audit.recording(Home(secrets.parent), "certs add-host", hosts=options.hosts):
        certificates.add_hosts(secrets, options.hosts)
    return _changed(secrets, options)


def _changed(secrets: Path, options: argparse.Namespace) -> int:
    containers.refresh(Home(secrets.parent))
    err.print(f"changed: the certificates of the stack in {secrets.parent}", markup=False)
    _list(secrets, options)
    if not options.json:
        out.print(f"\n{_RELOADS}")
    return 0


def _issue(options: argparse.Namespace) -> int:
    secrets = secrets_made(options)
    err.print(f"signed by the stack in {secrets.parent}", markup=False)
    with audit.recording(Home(secrets.parent), "certs issue", service=options.service):
        certificate, key = certificates.issue_for_service(secrets, options.service, options.output)
    authority = secrets / "services-ca.pem"
    if options.json:
        print_json({"certificate": certificate, "key": key, "authority": authority})
        return 0
    out.print(f"{certificate}\n{key}", markup=False)
    out.print(
        f"The collector asks for it when BOTOBS_OTLP_CLIENT_CA={authority} is set for botobs up.",
        markup=False,
    )
    return 0
