"""`botobs token`: let a service on another machine in, and out again."""

from __future__ import annotations

import argparse
from pathlib import Path

from .. import typed
from ..access import audit, containers, tokens
from ..console import err, out, print_json
from ..console.arguments import add_home, add_yes, agree, secrets_made, secrets_of
from ..errors import Misuse, StackError
from ..home.home import Home
from ..home.private import refuse_foreign, write_secret


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs token` to the commands."""
    parser = subparsers.add_parser(
        "token",
        description="Bearer tokens of services. A change holds at once, and two tokens of a service are valid side "
        "by side: create another, hand it out, then revoke the older by its id.",
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    create = actions.add_parser("create", help="make another token for a service")
    create.add_argument(
        "service",
        type=typed.IDENTIFIER,
        metavar="SERVICE",
        help=f"its name; {tokens.LOCAL}: services of this user",
    )
    create.add_argument(
        "--service-name",
        type=typed.IDENTIFIER,
        action="append",
        metavar="NAME",
        dest="names",
        help="a service.name that it may send, instead of SERVICE; can be repeated",
    )
    create.add_argument(
        "--any-service-name", action="store_true", help="let it send telemetry of every service.name"
    )
    create.add_argument(
        "--output", type=typed.PATH, metavar="FILE", help="write it there (mode 0600) instead of printing it"
    )
    show = actions.add_parser("list", help="whose tokens are valid, without the tokens")
    revoke = actions.add_parser("revoke", help="make tokens invalid")
    revoke.add_argument(
        "wanted", type=typed.LINE, metavar="SERVICE|ID", help="all tokens of a service, or one by its id"
    )
    add_yes(revoke)
    for action, function in ((create, _create), (show, _list), (revoke, _revoke)):
        add_home(action)
        action.set_defaults(function=function)


def _create(options: argparse.Namespace) -> int:
    secrets = secrets_made(options)
    made = tokens.new(options.service, _names(options))
    if options.output is not None:
        refuse_foreign(options.output, rb"[\w-]{40,}\s*\Z")
    line = {"id": made.id, "service": made.service, "service_names": made.services}
    with audit.recording(Home(secrets.parent), "token create", **line):
        if options.output is not None:
            # First, so that no token is valid that nobody has.
            _write(options.output, made)
        tokens.add(secrets, made)
    containers.refresh(Home(secrets.parent))
    shown = {} if options.output is not None else {"token": made.value}
    if options.json:
        about = {
            "service": made.service,
            "service_names": made.services,
            "id": made.id,
            "home": secrets.parent,
            "output": options.output,
        }
        print_json({**about, **shown})
        return 0
    err.print(
        f"token {made.id} of {made.service} opens the stack in {secrets.parent}; botobs token list knows it by this id",
        markup=False,
    )
    out.print(str(options.output) if options.output is not None else made.value, markup=False)
    return 0


def _names(options: argparse.Namespace) -> list[str]:
    """The service names that a new token may send; by default the one that it is made for."""
    if options.any_service_name and options.names:
        raise Misuse("--any-service-name and --service-name do not go together")
    if options.any_service_name or options.service == tokens.LOCAL:
        return []
    return options.names or [options.service]


def _write(output: Path, made: tokens.Token) -> None:
    try:
        write_secret(output, made.value + "\n")
    except OSError as error:
        raise StackError(f"{output} cannot be written: {error.strerror}", "No token has been made.") from None


def _list(options: argparse.Namespace) -> int:
    held = tokens.valid(secrets_of(options))
    if options.json:
        print_json(
            [
                {
                    "id": each.id,
                    "service": each.service,
                    "service_names": each.services,
                    "created": each.created,
                }
                for each in held
            ]
        )
        return 0
    for each in held:
        names = ", ".join(each.services) or "any service.name"
        out.print(f"{each.id}  {each.created or '-':10}  {each.service}  ({names})", markup=False)
    for sentence in tokens.warnings(secrets_of(options)):
        err.print(f"warning: {sentence}")
    return 0


def _revoke(options: argparse.Namespace) -> int:
    secrets = secrets_of(options)
    agree(options, f"Close the stack in {secrets.parent} to {options.wanted}?")
    with audit.recording(Home(secrets.parent), "token revoke") as about:
        gone = tokens.revoke(secrets, options.wanted)
        about |= {"ids": [each.id for each in gone], "services": sorted({each.service for each in gone})}
    containers.refresh(Home(secrets.parent))
    if options.json:
        print_json([{"id": each.id, "service": each.service, "home": secrets.parent} for each in gone])
        return 0
    err.print(f"changed: the tokens of the stack in {secrets.parent}", markup=False)
    for each in gone:
        out.print(f"revoked {each.id} of {each.service}", markup=False)
    return 0
