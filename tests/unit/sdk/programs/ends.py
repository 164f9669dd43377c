"""Ends in the way that its first argument names, monitored if `MONITORED` is set."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

if "MONITORED" in os.environ:
    import botobs

    botobs.init()
    with botobs.span("last words"):
        pass


def wait() -> None:
    print("ready", flush=True)
    # Short steps: a signal that comes just before Python calls into the system does not interrupt that call.
    for _ in range(6000):
        time.sleep(0.05)


def failing() -> None:
    raise LookupError("nobody catches this")


def handled() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
    wait()


def ignored() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("ready", flush=True)
    sys.stdin.readline()
    sys.exit(8)


def reset() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    wait()


def reset_twice() -> None:
    """What a server does that lends its signals from the program and gives them back."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    lent = signal.signal(signal.SIGTERM, lambda *_: None)
    assert lent is signal.SIG_DFL
    signal.signal(signal.SIGTERM, lent)
    signal.raise_signal(signal.SIGTERM)


def again() -> None:
    os.execv(sys.executable, [sys.executable, __file__, "returning"])


def again_by_path() -> None:
    os.environ["PATH"] = os.pathsep.join(["/nowhere", str(Path(sys.executable).parent)])
    os.execlp(Path(sys.executable).name, sys.executable, __file__, "leaving")


def cannot_become() -> None:
    try:
        os.execv("/nowhere/program", ["program"])
    except FileNotFoundError:
        sys.exit(9)


def forked() -> None:
    child = os.fork()
    if child == 0:
        if "MONITORED" in os.environ:
            with botobs.span("of the child"):
                pass
        os._exit(4)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


WAYS: dict[str, Callable[[], object]] = {
    "returning": lambda: None,
    "leaving": lambda: sys.exit(3),
    "failing": failing,
    "interrupting": lambda: signal.raise_signal(signal.SIGINT),
    "ending at once": lambda: os._exit(4),
    "aborting": os.abort,
    "killing itself": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "SIGTERM": wait,
    "SIGTERM handled": handled,
    "SIGTERM ignored": ignored,
    "SIGTERM reset": reset,
    "SIGTERM lent": reset_twice,
    "SIGINT": wait,
    "SIGHUP": wait,
    "becoming": again,
    "becoming by path": again_by_path,
    "cannot become": cannot_become,
    "forking": forked,
}

WAYS[sys.argv[1]]()
