"""`botobs config`: the settings file in the stack's home."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess

from .. import typed
from ..access import audit
from ..console import err, out, print_json
from ..console.arguments import add_home, home_meant
from ..errors import Misuse, StackError
from ..home.home import Home
from ..settings import file, outage
from ..settings.values import DEFAULT, gather, read_one
from .settings import complain


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs config` to the commands."""
    parser = subparsers.add_parser(
        "config",
        description="Settings that botobs up and botobs compose remember: [stack] in botobs.toml of the home. "
        "A variable of the environment wins over it. What runs already keeps its settings until it is started again.",
    )
    below = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    get = below.add_parser("get", help="print the value of a setting")
    get.add_argument("name", type=typed.LINE, metavar="NAME")
    put = below.add_parser("set", help="set settings: NAME VALUE, or NAME=VALUE, as many as you like")
    put.add_argument("words", nargs="+", type=typed.ANY, metavar="NAME VALUE")
    unset = below.add_parser("unset", help="take settings out of the file")
    unset.add_argument("names", nargs="+", type=typed.LINE, metavar="NAME")
    check = below.add_parser(
        "check", help="check the environment and the file; exit code 1 when something is wrong"
    )
    edit = below.add_parser("edit", help="open the file in $VISUAL or $EDITOR, and check it")
    for each, function in ((get, _get), (put, _set), (unset, _unset), (check, _check), (edit, _edit)):
        add_home(each)
        each.set_defaults(function=function)


def _get(options: argparse.Namespace) -> int:
    name = file.variable_of(options.name)
    given = gather(home_meant(options))
    for setting, value, origin in given.effective():
        if setting.name == name:
            shown = ("set" if value else "") if setting.secret else value
            if options.json:
                print_json({"name": name, "value": shown, "origin": origin})
            else:
                out.print(shown, markup=False, soft_wrap=True)
            return 0
    read_one(name, "")
    raise StackError(f"{name} is decided by the stack")


def _set(options: argparse.Namespace) -> int:
    changes: dict[str, str | None] = {}
    words = list(options.words)
    while words:
        word = words.pop(0)
        name, equals, value = word.partition("=")
        if not equals:
            if not words:
                raise Misuse(f"{name} needs a value", "botobs config set NAME VALUE, or NAME=VALUE")
            value = words.pop(0)
        try:
            read_one(file.variable_of(name), value)
        except StackError as error:
            raise Misuse(error.problem, error.way_out) from None
        changes[file.variable_of(name)] = value
    return _write(options, changes)


def _unset(options: argparse.Namespace) -> int:
    home = home_meant(options)
    stored = file.read(home)
    if missing := [name for name in options.names if file.variable_of(name) not in stored]:
        raise StackError(
            f"{file.path_of(home)} does not set {', '.join(missing)}",
            "botobs settings --set lists what does.",
        )
    return _write(options, {file.variable_of(name): None for name in options.names})


def _write(options: argparse.Namespace, changes: dict[str, str | None]) -> int:
    home = home_meant(options)
    home.create()
    # Values may be secrets.
    with audit.recording(home, f"config {options.action}", settings=sorted(changes)):
        file.write(home, changes)
    if options.json:
        print_json({"file": file.path_of(home), "changed": sorted(changes)})
    else:
        out.print(f"written to {file.path_of(home)}", markup=False, soft_wrap=True)
    # What was set may be hidden by the environment, or not agree with another setting.
    given = gather(home)
    for name, origin in given.origins.items():
        if name in changes and origin != str(file.path_of(home)):
            err.print(f"note: {name} of the {origin} wins over it", markup=False, soft_wrap=True)
    complain(given)
    return 1 if given.problems else 0


def _check(options: argparse.Namespace) -> int:
    return _checked(home_meant(options), options.json)


def _checked(home: Home, as_json: bool) -> int:
    given = gather(home)
    problems = list(given.problems)
    if not problems:
        try:
            outage.plan(given.texts)
        except StackError as error:
            problems.append(error.problem)
    if as_json:
        print_json(
            {"problems": problems, "unknown": [*given.unknown, *given.strays], "set": dict(given.origins)}
        )
    else:
        complain(given)
        for problem in problems[len(given.problems) :]:
            out.print(f"wrong: {problem}", markup=False, soft_wrap=True)
        if not problems and not given.warnings:
            count = sum(origin != DEFAULT for _, _, origin in given.effective())
            out.print(f"{count} settings are set, and all of them can be used")
    return 1 if problems or given.warnings else 0


def _edit(options: argparse.Namespace) -> int:
    home = home_meant(options)
    home.create()
    path = file.path_of(home)
    if not path.exists():
        file.write(home, {})
    editor = os.environ.get("VISUAL", "").strip() or os.environ.get("EDITOR", "").strip() or "vi"
    try:
        with audit.recording(home, "config edit"):
            done = subprocess.run([*shlex.split(editor), str(path)], check=False)
    except (OSError, ValueError) as error:
        raise StackError(f"the editor {editor!r} cannot be started: {error}", "Name one in EDITOR.") from None
    if done.returncode:
        raise StackError(
            f"the editor {editor!r} ended with exit code {done.returncode}",
            "botobs config check checks the file.",
        )
    return _checked(home, options.json)
