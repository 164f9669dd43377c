"""Runs the shutdown however the process ends, short of SIGKILL, and leaves the end itself as it is.

Python's own end comes to `atexit`. The other ends are signals (`_exit_signals`) and calls of the process itself
(`_exit_calls`). A worker of a pool of processes (`_exit_workers`) is its parent's to end.
"""

from __future__ import annotations

import _thread
import atexit
import sys
from collections.abc import Callable
from typing import Any

from ._exit_calls import Calls, was_forked
from ._exit_signals import DefaultSignals, can_be_told
from ._exit_workers import Workers, failed, is_daemonic, is_worker

#: Seconds beyond `limit` after which an end is held up no longer.
_GRACE = 1.0


def died() -> bool:
    """Whether this process ends because nobody caught an exception; one that the user interrupted does not.

    At a prompt an exception ends a statement, and the process ends because the user wants it to.
    """
    if failed():
        return True
    error = getattr(sys, "last_value", None)
    return error is not None and not isinstance(error, KeyboardInterrupt) and not hasattr(sys, "ps1")


def goodbye_is_promised() -> bool:
    """Whether an end of this process on purpose is told; one by SIGTERM's default action or by the parent is not."""
    return (can_be_told() and not is_daemonic()) or died()


class ExitHooks:
    """Calls `shutdown` at the end of the process.

    Args:
        shutdown: Ends botobs.
        leave: Says goodbye before `os.exec*`; returns what takes it back.
        idle: Whether nothing has been recorded, so that there is nothing to say.
        limit: Seconds that `shutdown` and `leave` may take.
    """

    def __init__(
        self,
        shutdown: Callable[[], Any],
        leave: Callable[[], Callable[[], None]],
        idle: Callable[[], bool],
        limit: Callable[[], float],
    ) -> None:
        self._shutdown = shutdown
        self._say_goodbye = leave
        self._idle = idle
        self._limit = limit
        self._installed = False
        self._is_worker = False
        self._signals = DefaultSignals(self._end)
        self._calls = Calls(self._end_quickly, self._leave)
        self._workers = Workers(self._become_worker)

    def install(self) -> None:
        """Start watching for the end."""
        if self._installed:
            return
        self._installed = True
        atexit.register(self._shutdown)
        self._calls.watch_exec()
        self._workers.watch()
        if is_worker():
            self._become_worker()
            return
        self._signals.take()
        if was_forked():
            self._calls.watch_exit()

    def uninstall(self) -> None:
        """Give everything back."""
        if not self._installed:
            return
        self._installed = False
        atexit.unregister(self._shutdown)
        self._signals.give_back()
        self._calls.undo()
        self._workers.undo()

    def after_fork(self) -> None:
        """Go on in a forked child: many of them end by `os._exit`, without `atexit`."""
        if self._installed:
            self._calls.watch_exit()

    def _become_worker(self) -> None:
        # A parent that ends its workers by SIGTERM counts on the default action: a handler in Python waits for the
        # main thread, which may wait for a semaphore that is never released again.
        self._is_worker = True
        self._signals.give_back()
        self._calls.watch_exit()
        self._calls.watch_signals_to_itself()

    def _end(self) -> None:
        within(self._shutdown, self._limit() + _GRACE)

    def _end_quickly(self) -> None:
        # Children that were forked only to become another program, or for one step of a daemon's start.
        if self._is_worker or not self._idle():
            self._end()

    def _leave(self) -> Callable[[], None]:
        undo: list[Callable[[], None]] = []
        if not (was_forked() and self._idle()):
            within(lambda: undo.append(self._say_goodbye()), self._limit() + _GRACE)

        def stay() -> None:
            for action in undo:
                action()

        return stay


def within(action: Callable[[], Any], seconds: float) -> None:
    """Run `action` in another thread, and wait for `seconds` at most.

    For code that may have interrupted anything, such as a signal handler: a lock that its own thread holds would never
    be released. So nothing of `threading` either, which has such locks.
    """
    done = _thread.allocate_lock()
    done.acquire()

    def run() -> None:
        try:
            action()
        finally:
            done.release()

    try:
        _thread.start_new_thread(run, ())
    except RuntimeError:
        # No thread can be had: the interpreter is past its `atexit` functions, or the system's limit is reached.
        return
    done.acquire(timeout=seconds)
