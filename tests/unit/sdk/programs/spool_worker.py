"""A process that opens a spool when it is told to, says which folder it has, and ends when it is told to."""

from __future__ import annotations

import sys
from pathlib import Path

from botobs._sdk.export.priority import Priority
from botobs._sdk.export.spool import Spool
from botobs._sdk.export.store import Batch


def main() -> None:
    """Run."""
    spool = Spool(Path(sys.argv[1]), 10_000, 3600.0)
    print("ready", flush=True)
    sys.stdin.readline()
    spool.add(Batch("traces", Priority.NORMAL, b"body", 1))
    assert spool._own is not None
    print(spool._own.name, flush=True)
    sys.stdin.readline()
    while (batch := spool.oldest("traces")) is not None:
        spool.remove(batch)
    spool.close()


main()
