"""What of a process a program can see, or leave behind: handlers, hooks, threads, descriptors, settings."""

from __future__ import annotations

import asyncio
import atexit
import decimal
import gc
import hashlib
import locale
import logging
import os
import pickle
import random
import signal
import socket
import sys
import threading
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

from . import described


def look() -> dict[str, Any]:
    """What of the process's state a service could see or change, as values that JSON takes."""
    return {
        "signals": {
            number.name: described.value(signal.getsignal(number))
            for number in signal.valid_signals()
            if isinstance(number, signal.Signals)
        },
        "signals that are blocked": sorted(map(int, signal.pthread_sigmask(signal.SIG_BLOCK, ()))),
        "hooks": {
            "exceptions": described.value(sys.excepthook),
            "exceptions of threads": described.value(threading.excepthook),
            "unraisable": described.value(sys.unraisablehook),
            "display": described.value(sys.displayhook),
            "breakpoint": described.value(sys.breakpointhook),
            "trace": described.value(sys.gettrace()),
            "profile": described.value(sys.getprofile()),
            "trace of threads": described.value(threading.gettrace()),
            "asynchronous generators": described.value(tuple(sys.get_asyncgen_hooks())),
            "imports": [described.name_of(type(each)) for each in sys.meta_path],
            "import paths": len(sys.path_hooks),
            "at the end": atexit._ncallbacks(),
            "collections": [described.value(each) for each in gc.callbacks],
        },
        "collector": (gc.isenabled(), gc.get_threshold(), gc.get_debug()),
        "logging": _logging(),
        "warnings": [described.text(repr(each)) for each in warnings.filters],
        "random": hashlib.sha256(pickle.dumps(random.getstate())).hexdigest(),
        "decimal": described.text(repr(decimal.getcontext())),
        "locale": locale.setlocale(locale.LC_ALL),
        "loop policy": described.name_of(type(asyncio.get_event_loop_policy())),
        "interpreter": (sys.getrecursionlimit(), sys.getswitchinterval(), sys.flags.dev_mode, sys.argv),
        "timeout of sockets": socket.getdefaulttimeout(),
        "environment": dict(os.environ),
        "folder": str(Path.cwd()),
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "descriptors": _descriptors(),
    }


def _logging() -> dict[str, Any]:
    root = logging.getLogger()
    return {
        "root": (root.level, [described.value(each) for each in root.handlers], len(root.filters)),
        "class": described.name_of(logging.getLoggerClass()),
        "factory": described.value(logging.getLogRecordFactory()),
        "raises": logging.raiseExceptions,
        "disabled": logging.root.manager.disable,
        "levels": sorted(logging.getLevelNamesMapping()),
        "last resort": described.value(logging.lastResort),
    }


def _descriptors() -> dict[str, int]:
    """Open descriptors by kind; those of sockets with the port that they are connected to."""
    found: Counter[str] = Counter()
    for each in sorted(Path("/proc/self/fd").iterdir()):
        try:
            target = str(each.readlink())
        except OSError:
            # The one that lists them.
            continue
        found[_peer(int(each.name)) if target.startswith("socket:") else target.partition(":[")[0]] += 1
    return dict(sorted(found.items()))


def _peer(number: int) -> str:
    try:
        with socket.socket(fileno=os.dup(number)) as copy:
            if copy.family == socket.AF_UNIX:
                return "socket of a pair"
            collector = copy.getpeername()[1] == int(os.environ["BOTOBS_ENDPOINT"].rpartition(":")[2])
            return "socket to the collector" if collector else "socket to a peer"
    except OSError:
        return "socket"
