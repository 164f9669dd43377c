"""Stands in for the supervisor of the stack in the home that its first argument names.

Its second argument says whether services find the stack. It ends with 7 at SIGTERM.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from botobs._ops.home import state
from botobs._ops.home.home import Home
from botobs._ops.home.locks import try_exclusive


def _end(*_: object) -> None:
    state.remove(home)
    sys.exit(7)


home = Home(Path(sys.argv[1]))
lock = try_exclusive(home.lock)
signal.signal(signal.SIGTERM, _end)
state.write(home, "development", "https://127.0.0.1:4318", {}, publish=sys.argv[2] == "published")
print("ready", flush=True)
signal.pause()
