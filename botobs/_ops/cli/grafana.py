"""`botobs grafana push`: give a Grafana that runs already our folder, data sources and dashboards."""

from __future__ import annotations

import argparse
import os
import ssl

import httpx

from ..._sdk.settings import shown_address
from .. import typed
from ..access.secrets import read_secret
from ..console import out, print_json, styled
from ..console.arguments import add_home
from ..custom import files
from ..errors import StackError
from ..grafana.api import Grafana
from ..grafana.plan import Step, plan
from ..grafana.wanted import Wanted
from ..home.home import Home

_COLOURS = {"create": "green", "update": "yellow", "same": "dim", "provisioned": "dim"}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs grafana` to the commands."""
    parser = subparsers.add_parser("grafana", description="Look after a Grafana that runs already.")
    push = parser.add_subparsers(dest="action", metavar="ACTION", required=True).add_parser(
        "push",
        help="create and update folder, data sources and dashboards",
        description="Create and update our folder, data sources and dashboards in a Grafana, and nothing else in it. "
        "What differs is shown first; what does not is left alone.",
    )
    push.add_argument("--url", required=True, type=typed.URL, help="address of the Grafana, https://...")
    push.add_argument("--dry-run", action="store_true", help="show what differs, and change nothing")
    push.add_argument(
        "--secrets",
        action="store_true",
        help="send passwords and keys again: Grafana does not show the old ones",
    )
    push.add_argument("--dashboards-only", action="store_true", help="leave data sources alone")
    push.add_argument(
        "--token-file",
        type=typed.PATH,
        metavar="FILE",
        help="service account token (default: BOTOBS_GRAFANA_TOKEN)",
    )
    push.add_argument(
        "--user", type=typed.LINE, default="admin", help="log in with a password instead (default: admin)"
    )
    push.add_argument(
        "--password-file", type=typed.PATH, metavar="FILE", help="that user's password (default: the home's)"
    )
    push.add_argument(
        "--ca", type=typed.PATH, metavar="FILE", help="trust this authority too (default: the home's)"
    )
    push.add_argument(
        "--prometheus-url",
        type=typed.URL,
        metavar="URL",
        help="address of Prometheus, as that Grafana reaches it",
    )
    push.add_argument(
        "--tempo-url", type=typed.URL, metavar="URL", help="address of Tempo, as that Grafana reaches it"
    )
    add_home(push)
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Show what differs, then push it."""
    home = Home.from_environ({"BOTOBS_HOME": options.home} if options.home else dict(os.environ))
    addresses = {"prom": options.prometheus_url, "tempo": options.tempo_url}
    own = files(home.custom, "dashboards")
    wanted = Wanted.read(None if options.dashboards_only else home, addresses, own)
    with _client(options, home) as http:
        steps = plan(Grafana(http), wanted, options.secrets)
        if not options.json:
            for step in steps:
                _show(step)
        if not options.dry_run:
            for step in steps:
                step.take()
    changes = [step for step in steps if step.changes]
    if options.json:
        print_json([{"kind": step.kind, "name": step.name, "action": step.action} for step in steps])
    else:
        verb = "would change" if options.dry_run else "changed"
        out.print(f"{verb} {len(changes)} of {len(steps)}")
    return 0


def _show(step: Step) -> None:
    out.print(styled((f"{step.action:12}", _COLOURS[step.action]), f" {step.kind:12} {step.name}"))
    for line in step.difference:
        out.print(f"    {line}", markup=False)


def _client(options: argparse.Namespace, home: Home) -> httpx.Client:
    trust = ssl.create_default_context()
    authority = options.ca or home.secrets / "ca.pem"
    if options.ca or authority.exists():
        trust.load_verify_locations(authority)
    token = _token(options)
    return httpx.Client(
        base_url=options.url.rstrip("/"),
        headers={"Authorization": f"Bearer {token}"} if token else {},
        auth=None if token else (options.user, _password(options, home)),
        verify=trust,
        timeout=30,
        trust_env=False,
    )


def _token(options: argparse.Namespace) -> str:
    if options.token_file:
        return read_secret(options.token_file)
    token = os.environ.get("BOTOBS_GRAFANA_TOKEN", "").strip()
    if not token.isprintable():
        raise StackError("BOTOBS_GRAFANA_TOKEN has more than one line, or characters that cannot be printed")
    return token


def _password(options: argparse.Namespace, home: Home) -> str:
    file = options.password_file or home.secrets / "grafana-admin.password"
    if not file.exists():
        raise StackError(
            f"there is neither a token nor a password for {shown_address(options.url)}",
            "Name a file with --token-file or --password-file, or set BOTOBS_GRAFANA_TOKEN.",
        )
    return read_secret(file)
