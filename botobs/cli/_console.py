"""How commands speak: results to standard output, progress and errors to standard error, colour only when wanted."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from rich.console import Console

#: rich honours NO_COLOR and a terminal that is none by itself.
out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)


def print_json(value: Any) -> None:
    """Print a machine's answer."""
    json.dump(value, sys.stdout, indent=2, default=str)
    sys.stdout.write("\n")


def fail(problem: str, way_out: str, options: argparse.Namespace) -> int:
    """Say what is wrong and what to do next; returns the exit code 1."""
    if getattr(options, "json", False):
        print_json({"error": problem, "hint": way_out})
    else:
        err.print(f"[bold red]botobs:[/] {_plain(problem)}")
        if way_out:
            err.print(_plain(way_out))
    return 1


def _plain(text: str) -> str:
    return text.replace("[", r"\[")
