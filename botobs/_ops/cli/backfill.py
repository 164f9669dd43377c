"""`botobs backfill`: bring what a Prometheus has stored into a cluster's Mimir."""

from __future__ import annotations

import argparse

from .. import typed
from ..access import clients
from ..components.cluster import backfill
from ..console import err, out, print_json
from ..console.arguments import add_home, home_of
from ..home import state


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs backfill` to the commands."""
    parser = subparsers.add_parser(
        "backfill",
        description="Upload the blocks of a Prometheus to the running cluster's Mimir. What is there already is "
        "passed over, so it can be run again.",
    )
    add_home(parser)
    parser.add_argument("folder", type=typed.PATH, metavar="FOLDER", help="data folder of the Prometheus")
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Upload every block that Mimir lacks."""
    running = state.require(home_of(options))
    blocks = backfill.blocks(options.folder)
    new = []
    with clients.of_part(running, "mimir") as http:
        for place, block in enumerate(blocks, 1):
            err.print(f"{block.name} ({place} of {len(blocks)})")
            if backfill.upload(http, block):
                new.append(block.name)
    if options.json:
        print_json({"blocks": len(blocks), "uploaded": new})
    else:
        out.print(f"{len(new)} blocks uploaded, {len(blocks) - len(new)} were there already")
    return 0
