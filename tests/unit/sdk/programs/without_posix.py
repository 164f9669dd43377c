"""A program on a system without the parts of POSIX that Windows lacks: `without_posix.py SPOOL_DIR SCRAPE_TARGETS`."""

from __future__ import annotations

# The standard library and psutil have another code on Windows; here they need what is taken away below.
import asyncio  # noqa: F401
import http.server  # noqa: F401
import mmap
import multiprocessing.process  # noqa: F401
import os
import signal
import sys
import tempfile  # noqa: F401
import urllib.request

import psutil  # noqa: F401

for _module in ("fcntl", "grp", "pwd", "resource", "syslog", "termios", "tty"):
    sys.modules[_module] = None  # type: ignore[assignment]
for _owner, _names in (
    (
        signal,
        "SIGHUP SIGKILL SIGQUIT SIGUSR1 SIGALRM SIGCHLD pthread_sigmask pidfd_send_signal setitimer sigwait",
    ),
    (
        os,
        "getuid geteuid getgid getegid getpgid getpgrp setsid fork forkpty register_at_fork killpg wait waitid "
        "pidfd_open posix_spawn chown fchmod fchown lchown mkfifo uname getloadavg sched_getaffinity sysconf statvfs "
        "O_NOFOLLOW O_NONBLOCK O_DIRECTORY O_CLOEXEC WNOHANG posix_fallocate posix_fadvise fdatasync openpty",
    ),
    (
        mmap,
        "MAP_SHARED MAP_PRIVATE MAP_ANON MAP_ANONYMOUS MAP_POPULATE MAP_NORESERVE MAP_DENYWRITE MAP_EXECUTABLE "
        "MAP_STACK PROT_READ PROT_WRITE PROT_EXEC MADV_DONTFORK MADV_DOFORK",
    ),
):
    for _name in _names.split():
        if hasattr(_owner, _name):
            delattr(_owner, _name)

from contextlib import suppress  # noqa: E402

import botobs  # noqa: E402
from botobs import trading  # noqa: E402
from botobs._sdk.orders import UNSETTLED  # noqa: E402


def main() -> None:
    """Run."""
    with botobs.init(
        spool_dir=sys.argv[1],
        disabled_instrumentations=(),
        logs=True,
        scrape_address="127.0.0.1:0",
        scrape_targets=sys.argv[2],
    ) as handle:
        with botobs.span("seen"):
            print(handle.settings.service_name)
        with trading.bot("one").turn():
            pass
        for fails in (False, True):
            with suppress(TimeoutError), trading.order(f"sent-{fails}", exchange="binance").submission():
                if fails:
                    raise TimeoutError
        print([order.client_order_id for order in UNSETTLED.all()])
        print(handle.flush(), [status.name for status in handle.instrumentations if status.state == "failed"])
        print(urllib.request.urlopen(f"http://{handle._pipeline.scrape.address}/metrics").status)


main()
