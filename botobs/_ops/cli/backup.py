"""`botobs backup`: the home of a stack in a folder, while it runs."""

from __future__ import annotations

import argparse
from contextlib import nullcontext

from .. import backup, typed
from ..access import audit
from ..console import err, out, print_json
from ..console.arguments import add_home, home_meant
from ..home import state


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs backup` to the commands."""
    parser = subparsers.add_parser(
        "backup",
        description="Copy data, secrets, settings and files of your own into a folder, which holds secrets and is for "
        "its owner alone. A stack that runs stands still for some seconds; what services send meanwhile waits with "
        "them. The PostgreSQL of --with postgres is left out. Put it back with botobs restore.",
    )
    parser.add_argument(
        "place",
        type=typed.FOLDER,
        metavar="DIR",
        help="where to; it must not be there yet; or s3://BUCKET/NAME",
    )
    add_home(parser)
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Take a backup and say what it cost."""
    home = home_meant(options)
    # It holds every secret of the stack.
    with audit.recording(home, "backup", place=options.place) if home.exists else nullcontext():
        taken = backup.take_to(options.place, home, state.find(home))
    if home.containers.is_dir():
        err.print(
            "What the containers of docker compose have stored is in volumes, and not in this backup: "
            "docs/how-to/docker-compose.md has the command for these.",
            soft_wrap=True,
        )
    if options.json:
        print_json(
            {
                "home": home.path,
                "folder": taken.place,
                "files": taken.files,
                "bytes": taken.bytes,
                "pause_seconds": round(taken.pause, 1),
            }
        )
        return 0
    err.print(f"the home {home.path}", markup=False, soft_wrap=True)
    stood = f"; the stack stood still for {taken.pause:.1f} s" if taken.pause else ""
    out.print(
        f"{taken.place}: {taken.files} files, {taken.bytes / 1e6:.1f} MB{stood}",
        markup=False,
        soft_wrap=True,
    )
    return 0
