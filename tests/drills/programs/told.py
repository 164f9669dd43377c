"""A service that makes the spans it is told to: lines `COUNT MARK` on its input; `done` once they are sent."""

from __future__ import annotations

import sys

import botobs


def main() -> None:
    """Work until the input ends."""
    botobs.init(sys.argv[1])
    for line in sys.stdin:
        count, mark = line.split()
        for _ in range(int(count)):
            with botobs.span("work", {"mark": mark}):
                pass
        botobs.flush()
        print("done", flush=True)


if __name__ == "__main__":
    main()
