"""`botobs kubernetes`: what the chart needs before it is installed."""

from __future__ import annotations

import argparse
import sys

import yaml

from .. import typed
from ..access import audit, kubernetes
from ..console import err, fail, print_json
from ..console.arguments import add_home, secrets_made
from ..home.home import Home

_DEFAULT = kubernetes.Place()


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs kubernetes` to the commands."""
    parser = subparsers.add_parser("kubernetes", description="For a cluster on which the chart is installed.")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    secrets = actions.add_parser(
        "secrets",
        help="print the Secrets that the chart names, for: kubectl apply --server-side -f -",
        description="Make the secrets that are missing in the home, and print the Secrets that the chart, and the "
        "values for the charts beside it, name. After a change, such as another token or a renewed certificate, the "
        "same command hands it out.",
    )
    secrets.add_argument(
        "--namespace",
        type=typed.DNS_LABEL,
        default=_DEFAULT.namespace,
        help=f"of the releases (default: {_DEFAULT.namespace})",
    )
    secrets.add_argument(
        "--name",
        type=typed.DNS_LABEL,
        default=_DEFAULT.name,
        help=f"of the release, or the chart's fullnameOverride (default: {_DEFAULT.name})",
    )
    secrets.add_argument(
        "--tenant",
        type=typed.LINE,
        default=_DEFAULT.tenant,
        help=f"of its agents (default: {_DEFAULT.tenant})",
    )
    secrets.add_argument(
        "--host",
        type=typed.HOST,
        action="append",
        default=[],
        metavar="HOST",
        dest="hosts",
        help="a further name or address of a listener, such as Grafana's; can be repeated",
    )
    add_home(secrets)
    secrets.set_defaults(function=_secrets)


def _secrets(options: argparse.Namespace) -> int:
    if sys.stdout.isatty():
        return fail(
            "this prints secrets, and nobody should read them from a terminal",
            "Give them to the cluster: botobs kubernetes secrets | kubectl apply --server-side -f -",
            options,
        )
    folder = secrets_made(options)
    place = kubernetes.Place(options.namespace, options.name, options.tenant)
    with audit.recording(Home(folder.parent), "kubernetes secrets", namespace=place.namespace) as about:
        ours = kubernetes.prepare(folder, place, options.hosts)
        made = kubernetes.manifests(folder, place)
        about["secrets"] = [each["metadata"]["name"] for each in made]
    if options.json:
        print_json({"apiVersion": "v1", "kind": "List", "items": made})
    else:
        yaml.safe_dump_all(made, sys.stdout, sort_keys=False)
    err.print(f"{len(made)} Secrets of the files in {folder}", markup=False)
    for sentence in ours:
        err.print(f"made: {sentence}", markup=False)
    for sentence in kubernetes.missing(folder):
        err.print(f"left out: {sentence}", markup=False)
    return 0
