"""`botobs restore`: a home as it was when a backup was taken."""

from __future__ import annotations

import argparse

from .. import backup, typed
from ..access import audit
from ..console import out, print_json
from ..console.arguments import add_home, home_of
from ..home.home import Home


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs restore` to the commands."""
    parser = subparsers.add_parser(
        "restore",
        description="Put a backup into a home that is empty, on this machine or another. Every file is checked. "
        "Nothing is deleted: with --replace what is in the home is moved aside, and it is said where to.",
    )
    parser.add_argument(
        "place",
        type=typed.FOLDER,
        metavar="DIR",
        help="what botobs backup has made: a folder, or s3://BUCKET/NAME",
    )
    parser.add_argument("--replace", action="store_true", help="move what is in the home aside")
    add_home(parser)
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Put the backup in its place."""
    home = home_of(options) or Home.from_environ()
    aside = backup.restore_from(options.place, home, options.replace)
    audit.record(home, "restore", place=options.place)
    if options.json:
        print_json({"home": home.path, "aside": aside})
        return 0
    out.print(f"restored to {home.path}", markup=False, soft_wrap=True)
    if aside is not None:
        out.print(f"what was there is in {aside}", markup=False, soft_wrap=True)
    out.print(f"start it with: botobs up --home {home.path}", markup=False, soft_wrap=True)
    return 0
