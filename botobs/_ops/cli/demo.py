"""`botobs demo`: a trading platform in small, watched by a stack of its own."""

from __future__ import annotations

import argparse


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    # Here, not above: it needs the extra `demo`, which no other command does.
    from ..._demo import run

    parser = subparsers.add_parser(
        "demo",
        description="Run a trading platform in small: bots, a trading engine and an exchange simulator, watched by a "
        "stack of its own. Everything stops with Ctrl-C; what was stored stays in the folder of its stack.",
    )
    run.add_arguments(parser)
    parser.set_defaults(function=run.run)
