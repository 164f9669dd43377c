"""`botobs backup TARGET --home HOME` that waits, in the middle of a file, until its input says more."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from botobs._ops.backup import _copy
from botobs._ops.cli import main


def _begun(source: Path, target: Path) -> str:
    target.write_text("a part of it")
    os.write(1, b"begun")
    os.read(0, 1)
    return ""


_copy.copy = _begun
sys.exit(main(["backup", sys.argv[1], "--home", sys.argv[2]]))
