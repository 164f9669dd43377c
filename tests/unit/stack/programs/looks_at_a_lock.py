"""Looks, again and again, whether the file that its argument names is locked."""

from __future__ import annotations

import sys
from pathlib import Path

from botobs._sdk.process import alive

print(flush=True)
while True:
    alive.locked(Path(sys.argv[1]))
