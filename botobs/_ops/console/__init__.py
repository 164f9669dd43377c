"""How commands speak: results to standard output, progress and errors to standard error, colour only when wanted."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from rich.measure import Measurement
from rich.table import Table

from ..shown import name
from .terminal import Terminal, styled

__all__ = ["Terminal", "err", "fail", "name", "out", "print_json", "print_table", "styled"]

#: rich honours NO_COLOR and a terminal that is none by itself.
out = Terminal(soft_wrap=True)
err = Terminal(stderr=True, soft_wrap=True)
#: Width of tables where the output is no terminal: what reads a pipe is not eighty columns wide.
_WIDE = 160


def print_table(table: Table) -> None:
    """Print a table, wider than a narrow terminal rather than with cut numbers."""
    width = out.width if out.is_terminal else _WIDE
    needed = Measurement.get(out, out.options.update(max_width=_WIDE), table).minimum
    Terminal(width=max(width, needed)).print(table)


def print_json(value: Any) -> None:
    """Print a machine's answer."""
    json.dump(value, sys.stdout, indent=2, default=str)
    sys.stdout.write("\n")


def fail(problem: str, way_out: str, options: argparse.Namespace) -> int:
    """Say what is wrong and what to do next; returns the exit code 1."""
    if getattr(options, "json", False):
        try:
            print_json({"error": problem, "hint": way_out})
            return 1
        except OSError:
            # It may be what is wrong: a disk without room.
            pass
    err.print(styled(("botobs:", "bold red"), f" {problem}"))
    if way_out:
        err.print(way_out)
    return 1
