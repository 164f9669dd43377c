"""The program `botobs`. It stands outside of the package: while that is imported, Ctrl-C is no traceback either."""

from __future__ import annotations


def main() -> int:
    """Run the command line; returns the exit code, 130 where it was interrupted."""
    try:
        from botobs._ops.cli import main as run

        return run()
    except KeyboardInterrupt:
        return 130
