"""A process with a spool forks; the child opens the spool too, and ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from botobs._sdk.export.priority import Priority
from botobs._sdk.export.spool import Spool
from botobs._sdk.export.spool_folder import Folder, open_base
from botobs._sdk.export.store import Batch


def main() -> None:
    """Run."""
    directory = Path(sys.argv[1])
    spool = Spool(directory, 10_000, 3600.0)
    spool.add(Batch("traces", Priority.NORMAL, b"parent", 1))
    child = os.fork()
    if child == 0:
        spool.after_fork()
        if spool.oldest("traces") is None:
            print("the child waits with nothing", flush=True)
        spool.close()
        os._exit(0)
    os.waitpid(child, 0)
    if not list(Folder.abandoned(open_base(directory))):
        print("the parent's lock is held after the child's end")
    found = spool.oldest("traces")
    assert found is not None
    print(f"the parent waits with {found.body!r}")
    spool.close()


main()
