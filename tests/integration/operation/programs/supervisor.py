"""Looks like the supervisor of a stack whose parts do not respond: holds its lock, and has told where they are."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from botobs._ops.home import state
from botobs._ops.home.home import Home
from botobs._ops.home.locks import try_exclusive

PARTS = ("collector", "prometheus", "tempo", "alertmanager", "console")


def main(folder: str, address: str) -> None:
    """Say so, and wait for a signal."""
    home = Home(Path(folder))
    assert try_exclusive(home.lock) is not None
    state.write(home, "development", address, dict.fromkeys(PARTS, address), publish=False)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
