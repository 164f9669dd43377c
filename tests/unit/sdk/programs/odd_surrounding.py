"""Starts in a folder that is gone, with odd arguments. Its argument is the folder."""

from __future__ import annotations

import os
import sys
from typing import Any, cast

gone = sys.argv[1]
os.chdir(gone)
os.rmdir(gone)  # noqa: PTH106

import botobs  # noqa: E402

sys.argv = [cast(Any, None)]
handle = botobs.init(
    "x\udcff",
    endpoint="http://127.0.0.1:9",
    disabled_instrumentations=["all"],
    shutdown_timeout=0.1,
    resource_attributes={"a\ud800": "\udcff"},
    spool_dir="/dev/null/x",
)
with botobs.span("s\ud800"):
    pass
junk: tuple[Any, ...] = ("5", float("nan"), float("inf"), -1, 10**400, object())
for timeout in junk:
    botobs.flush(0.1 if timeout == float("inf") else timeout)
handle.shutdown(cast(Any, "soon"))
print("alive")
