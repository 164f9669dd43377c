"""`botobs settings`: every setting of the stack, its value, and where the value is from."""

from __future__ import annotations

import argparse

from .. import typed
from ..console import err, name, out, print_json
from ..console.arguments import add_home, home_meant
from ..errors import StackError
from ..settings.values import DEFAULT, Given, gather


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs settings` to the commands."""
    parser = subparsers.add_parser(
        "settings",
        description="Show the stack's settings, each with its origin: environment, botobs.toml of the home, default.",
    )
    parser.add_argument(
        "words",
        nargs="*",
        type=typed.LINE,
        metavar="WORD",
        help="only settings whose name or meaning holds each WORD",
    )
    parser.add_argument("--set", action="store_true", dest="only_set", help="only what is not the default")
    add_home(parser)
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Print a line for each setting; exit code 1 when one is wrong."""
    given = gather(home_meant(options))
    words = [word.lower() for word in options.words]
    meant = [
        each
        for each in given.effective()
        if all(word in f"{each[0].name} {each[0].doc}".lower() for word in words)
    ]
    if not meant:
        raise StackError(
            f"no setting has {' and '.join(map(repr, words))} in its name or meaning",
            "See all with: botobs settings",
        )
    shown = [
        (setting, ("set" if value else "") if setting.secret else value, origin)
        for setting, value, origin in meant
        if not (options.only_set and origin == DEFAULT)
    ]
    if options.json:
        print_json(
            {
                "settings": {
                    setting.name: {"value": value, "origin": origin, "type": setting.kind.name}
                    for setting, value, origin in shown
                },
                "problems": list(given.problems),
                "unknown": list(given.unknown),
            }
        )
    else:
        width = max((len(setting.name) for setting, _, _ in shown), default=0)
        for setting, value, origin in shown:
            out.print(name(f"{setting.name:{width}}  {value or '-'}  ({origin})"), soft_wrap=True)
        complain(given)
    return 1 if given.problems else 0


def complain(given: Given) -> None:
    """Say what is wrong with the settings that are given, on standard error."""
    for problem in given.problems:
        err.print(f"wrong: {problem}", markup=False, soft_wrap=True)
    for sentence in given.warnings:
        err.print(f"warning: {sentence}", markup=False, soft_wrap=True)
