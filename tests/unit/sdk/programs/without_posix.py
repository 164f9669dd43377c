"""A program on a system without the parts of POSIX that Windows lacks."""

from __future__ import annotations

import os
import signal
import sys

sys.modules["fcntl"] = None  # type: ignore[assignment]
del signal.SIGHUP
for _name in (
    "getuid",
    "geteuid",
    "fork",
    "register_at_fork",
    "O_NOFOLLOW",
    "O_NONBLOCK",
    "O_DIRECTORY",
    "O_CLOEXEC",
):
    delattr(os, _name)

import botobs  # noqa: E402


def main() -> None:
    """Run."""
    with botobs.init(spool_dir=sys.argv[1], disabled_instrumentations=()) as handle:
        with botobs.span("seen"):
            print(handle.settings.service_name)
        print(handle.flush(), [status.name for status in handle.instrumentations if status.state == "failed"])


main()
