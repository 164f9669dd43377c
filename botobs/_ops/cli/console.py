"""`botobs console`: the console in a browser."""

from __future__ import annotations

import argparse
import sys

from .. import typed
from ..console import out, print_json
from ..console.arguments import add_home, home_meant
from ..home import state
from ..web_console import Role, Server, key_of


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs console` to the commands."""
    parser = subparsers.add_parser(
        "console",
        description="Show alerts, dashboards, traces, orders, bots and runbooks in a browser. botobs up and demo start "
        "the console; this prints its address with the key, and starts one where none runs.",
    )
    parser.add_argument(
        "--reader", action="store_true", help="the address for somebody who may look and change nothing"
    )
    parser.add_argument(
        "--serve",
        type=typed.FREE_PORT,
        metavar="PORT",
        help="serve on this port of the loopback; 0: a free one",
    )
    add_home(parser)
    parser.set_defaults(function=run)


def run(options: argparse.Namespace) -> int:
    """Print the address of the console that runs, or serve one until interrupted."""
    home = home_meant(options)
    role = Role.READER if options.reader else Role.OPERATOR
    if options.serve is None:
        running = state.require(home)
        if "console" in running.parts:
            _say(f"{running.parts['console']}{key_of(home, role)}/", options)
            return 0
    with Server(home, options.serve or 0) as server:
        _say(server.url(role), options)
        if not options.json:
            out.print("This address is the key: whoever has it is let in. Ctrl-C ends it.")
        server.serve_forever()
    return 0


def _say(url: str, options: argparse.Namespace) -> None:
    if options.json:
        print_json({"url": url})
        # The command may go on; who reads the address from a pipe must not wait for its end.
        sys.stdout.flush()
    else:
        out.print(url, markup=False, soft_wrap=True)
