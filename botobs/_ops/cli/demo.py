"""`botobs demo`: run the demo trading platform and a stack that monitors it."""

from __future__ import annotations

import argparse


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `botobs demo` to the commands."""
    # Imported here: no other command needs the demo, and httpx and rich of the extra `stack` are imported with it.
    from ..._demo import run

    parser = subparsers.add_parser(
        "demo",
        description="Run a small trading platform (bots, a trading engine, an exchange simulator) and a stack of its "
        "own that monitors it. Ctrl-C stops everything; the stored data stays in the folder of that stack.",
    )
    run.add_arguments(parser)
    parser.set_defaults(function=run.run)
