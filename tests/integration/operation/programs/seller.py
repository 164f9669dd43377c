"""A service that makes spans: so many, or until its standard input ends."""

from __future__ import annotations

import select
import sys

import botobs


def main(name: str, count: int) -> None:
    """Make `count` spans; without end if 0."""
    with botobs.init(name):
        made = 0
        while made < count or not count:
            with botobs.span("sell"):
                made += 1
            if not count and select.select([sys.stdin], [], [], 0.02)[0]:
                break


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
