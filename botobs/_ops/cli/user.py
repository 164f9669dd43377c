"""`botobs user`: who is let in under a name of his own, and what he may do."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .. import typed
from ..access import audit, containers, people
from ..access import secrets as stack_secrets
from ..access.people import Role
from ..console import err, out, print_json
from ..console.arguments import add_home, add_yes, agree, secrets_made, secrets_of
from ..errors import StackError
from ..home.home import Home
from ..home.private import write_secret


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs user` to the commands."""
    parser = subparsers.add_parser(
        "user",
        description="Let people in, each under a name and with a password of his own. An operator gets into Prometheus "
        "and Alertmanager with them; a reader only into what knows roles. A change holds at once.",
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    add = actions.add_parser("add", help="let somebody in, and print his password, this once")
    add.add_argument("--role", choices=[*Role], default=Role.OPERATOR, type=Role, help="default: %(default)s")
    show = actions.add_parser("list", help="who is let in, and what he may do")
    role = actions.add_parser("role", help="give somebody another role")
    password = actions.add_parser("password", help="make somebody a new password, and print it, this once")
    remove = actions.add_parser("remove", help="let somebody in no longer")
    for action in (add, role, password, remove):
        action.add_argument("name", type=typed.LINE, metavar="NAME")
    role.add_argument("role", choices=[*Role], type=Role, metavar="ROLE", help="reader or operator")
    for action in (add, password):
        action.add_argument(
            "--output",
            type=typed.PATH,
            metavar="FILE",
            help="write it there (mode 0600) instead of printing it",
        )
    add_yes(remove)
    functions = {add: _add, show: _list, role: _role, password: _password, remove: _remove}
    for action, function in functions.items():
        add_home(action)
        action.set_defaults(function=function)


def _add(options: argparse.Namespace) -> int:
    secrets = secrets_made(options)
    _refuse(options.output)
    with _change(secrets, "user add", options.name, role=options.role):
        password = people.add(secrets, options.name, options.role, stack_secrets.USERS)
    return _hand_out(options, secrets, password)


def _password(options: argparse.Namespace) -> int:
    secrets = secrets_of(options)
    _refuse(options.output)
    with _change(secrets, "user password", options.name):
        password = people.new_password(secrets, options.name)
    return _hand_out(options, secrets, password)


def _role(options: argparse.Namespace) -> int:
    secrets = secrets_of(options)
    with _change(secrets, "user role", options.name, role=options.role):
        people.set_role(secrets, options.name, options.role)
    return _say(options, secrets, f"{options.name} is {options.role} now")


def _remove(options: argparse.Namespace) -> int:
    secrets = secrets_of(options)
    agree(options, f"Close the stack in {secrets.parent} to {options.name}?")
    with _change(secrets, "user remove", options.name):
        people.remove(secrets, options.name)
    return _say(options, secrets, f"{options.name} is let in no longer")


def _list(options: argparse.Namespace) -> int:
    found = people.everyone(secrets_of(options))
    if options.json:
        print_json([{"name": each.name, "role": each.role, "created": each.created} for each in found])
        return 0
    for each in found:
        out.print(f"{each.role:8}  {each.created}  {each.name}", markup=False)
    if not found:
        out.print(
            "Nobody has a name of his own yet; people share the user operator. botobs user add NAME adds one."
        )
    return 0


def _hand_out(options: argparse.Namespace, secrets: Path, password: str) -> int:
    """Give a password to whoever asked for it."""
    if options.output is not None:
        try:
            write_secret(options.output, password + "\n")
        except OSError as error:
            raise StackError(
                f"{options.output} cannot be written: {error.strerror}",
                f"Nobody has the password: make another with botobs user password {options.name}",
            ) from None
    shown = {} if options.output is not None else {"password": password}
    if options.json:
        print_json({"name": options.name, "home": secrets.parent, "output": options.output, **shown})
        return 0
    err.print(f"{options.name} is let into the stack in {secrets.parent}", markup=False)
    out.print(str(options.output) if options.output is not None else password, markup=False)
    return 0


def _refuse(output: Path | None) -> None:
    """Refuse a place that no password can be written to, before one is made.

    Raises:
        StackError: It is no place for a file.
    """
    if output is not None and ((output.exists() and not output.is_file()) or not output.parent.is_dir()):
        raise StackError(f"{output} is no file that could be written", "Nothing was changed.")


@contextmanager
def _change(secrets: Path, action: str, name: str, **about: object) -> Iterator[None]:
    """Make a change in this block: it is written down, and the programs know of it."""
    home = Home(secrets.parent)
    with audit.recording(home, action, name=name, **about):
        yield
        stack_secrets.ensure(secrets)
    containers.refresh(home)


def _say(options: argparse.Namespace, secrets: Path, sentence: str) -> int:
    if options.json:
        print_json({"name": options.name, "home": secrets.parent})
    else:
        err.print(f"changed: the people of the stack in {secrets.parent}", markup=False)
        out.print(sentence, markup=False)
    return 0
