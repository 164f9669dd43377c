"""`python -m botobs._demo` is the command `botobs demo`, as drills start it in a process of its own."""

from __future__ import annotations

import sys

from .._ops.cli import main

if __name__ == "__main__":
    sys.exit(main(["demo", *sys.argv[1:]]))
