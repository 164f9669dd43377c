"""Ends in the way that its first argument names. What is to be seen arrives, or is printed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from importlib import import_module
from operator import attrgetter
from typing import Any

import botobs


def _record() -> None:
    botobs.init()
    with botobs.span("last words"):
        pass


def _wait() -> None:
    print("ready", flush=True)
    # A signal that comes between the interpreter's last look and the system call does not interrupt the sleep; where
    # other threads want the interpreter at that moment, that is no rare event. So one sleep is short.
    for _ in range(3000):
        time.sleep(0.1)


def returns() -> None:
    _record()


def exits() -> None:
    _record()
    raise SystemExit(3)


def waits() -> None:
    _record()
    _wait()


def _mine(number: int, frame: object) -> None:
    with botobs.span("while stopping"):
        os.write(1, b"mine\n")
    sys.exit(7)


def handler_before() -> None:
    signal.signal(signal.SIGTERM, _mine)
    waits()


def handler_after() -> None:
    _record()
    signal.signal(signal.SIGTERM, _mine)
    _wait()


def handler_that_goes_on() -> None:
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    botobs.init()
    print("ready", flush=True)
    asked.wait(300)
    with botobs.span("drained"):
        pass


def handler_of_asyncio() -> None:
    async def main() -> None:
        botobs.init()
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        print("ready", flush=True)
        await stop.wait()
        with botobs.span("drained"):
            pass

    asyncio.run(main())


def handler_that_gives_on() -> None:
    def mine(number: int, frame: object) -> None:
        os.write(1, b"mine\n")
        signal.signal(number, previous)
        os.kill(os.getpid(), number)

    _record()
    previous = signal.signal(signal.SIGTERM, mine)
    assert previous is signal.SIG_DFL
    _wait()


def gives_the_signals_back() -> None:
    def handlers(get: Callable[[int], Any]) -> list[Any]:
        return [get(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)]

    # What `signal.getsignal` is without botobs.
    getsignal = import_module("_signal").getsignal
    shown, real = handlers(signal.getsignal), handlers(getsignal)
    botobs.init()
    assert handlers(getsignal) != real
    assert handlers(signal.getsignal) == shown
    botobs.shutdown()
    assert handlers(getsignal) == real


def holds_a_lock() -> None:
    """Its second and third argument are a module and the lock in it."""
    import botobs.trading

    botobs.init()
    bot = botobs.trading.bot("lent")
    held = attrgetter(sys.argv[3])(import_module(sys.argv[2]))
    with held, bot._lock:
        os.write(1, b"ready\n")
        time.sleep(300)


def is_signalled_while_it_forks() -> None:
    def blocked() -> bool:
        return signal.SIGTERM in signal.pthread_sigmask(signal.SIG_BLOCK, [])

    def in_child() -> None:
        during.append(blocked())
        os.kill(os.getpid(), signal.SIGTERM)

    during: list[bool] = []
    os.register_at_fork(
        before=during.clear, after_in_parent=lambda: during.append(blocked()), after_in_child=in_child
    )
    botobs.init()
    child = os.fork()
    if child == 0:
        time.sleep(300)
    assert not blocked()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGTERM
    assert during == [True]


def becomes_a_daemon() -> None:
    botobs.init()
    if os.fork():
        os._exit(0)
    os.setsid()
    os.closerange(3, 1024)
    with botobs.span("of the daemon"):
        pass
    sys.exit(0)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
