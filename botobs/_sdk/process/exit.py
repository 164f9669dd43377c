"""Runs the shutdown however the process ends, except by SIGKILL, without changing how it ends.

When Python ends by itself, `atexit` runs. Other ways to end are signals (`_exit_signals`) and calls of the process
itself (`_exit_calls`). A worker of a process pool (`_exit_workers`) is ended by its parent.
"""

from __future__ import annotations

import _thread
import atexit
import sys
from collections.abc import Callable
from typing import Any

from ..safe import never_raise
from . import own_threads
from ._exit_calls import Calls, was_forked
from ._exit_signals import DefaultSignals, handles_sigterm
from ._exit_workers import LIBRARIES as WORKER_LIBRARIES
from ._exit_workers import Continuation, Workers, failed, is_daemonic, is_fork_server, is_job, is_worker
from .unsent import Giver

__all__ = ["WORKER_LIBRARIES", "ExitHooks", "died", "reports_clean_stop", "within"]

#: Seconds beyond `limit` after which an end is held up no longer.
_GRACE = 1.0


def died() -> bool:
    """Whether this process ends because of an uncaught exception; one that the user interrupted does not.

    At an interactive prompt an exception ends a statement only; the process ends because the user wants it to.
    """
    if failed():
        return True
    error = getattr(sys, "last_value", None)
    if error is None or isinstance(error, KeyboardInterrupt) or hasattr(sys, "ps1"):
        return False
    return _unwound_everything(error)


def _unwound_everything(error: BaseException) -> bool:
    """Whether an exception left the outermost frame, as one that ends the program does.

    Consoles in a program (`code.interact`) and test runners also set `sys.last_value`, to what they have caught.
    """
    traceback = error.__traceback__
    return traceback is None or traceback.tb_frame.f_back is None


def reports_clean_stop() -> bool:
    """Whether a clean stop of this process will be reported.

    It will not if SIGTERM has its default action, or if the parent ends this process without asking.
    """
    return (handles_sigterm() and not is_daemonic()) or died()


class ExitHooks:
    """Calls `shutdown` at the end of the process.

    Args:
        shutdown: Shuts botobs down.
        before_exec: Reports a clean stop before `os.exec*`; returns what takes it back.
        idle: Whether nothing has been recorded, so that there is nothing to report.
        limit: Seconds that `shutdown` and `before_exec` may take.
        continued: What is called in worker processes that are no forks; None for nothing.
        unsent: Answers in worker processes, which their parent may end at any time.
    """

    def __init__(
        self,
        shutdown: Callable[[], Any],
        before_exec: Callable[[], Callable[[], None]],
        idle: Callable[[], bool],
        limit: Callable[[], float],
        continued: Callable[[], Continuation | None],
        unsent: Giver,
    ) -> None:
        self._shutdown = shutdown
        self._before_exec = before_exec
        self._idle = idle
        self._limit = limit
        self._unsent = unsent
        self._installed = False
        self._is_worker = False
        self._signals = DefaultSignals(self._end)
        self._calls = Calls(self._end_quickly, self._announce_exec)
        self._workers = Workers(self._become_worker, continued)

    def install(self) -> None:
        """Install the hooks; a second call does nothing."""
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
        if was_forked() or is_job():
            self._calls.watch_exit()

    def uninstall(self) -> None:
        """Remove the hooks."""
        if not self._installed:
            return
        self._installed = False
        atexit.unregister(self._shutdown)
        self._signals.give_back()
        self._calls.undo()
        self._workers.undo()

    def after_fork(self) -> None:
        """Also hook `os._exit`, by which many forked children end, without `atexit`."""
        self._unsent.forget()
        if self._installed and is_fork_server():
            self._become_worker()
        elif self._installed:
            self._calls.watch_exit()

    def _become_worker(self) -> None:
        # A parent that ends its workers by SIGTERM relies on the default action: a handler in Python waits for the
        # main thread, which may wait for a semaphore that is never released again.
        self._is_worker = True
        self._signals.give_back()
        self._calls.watch_exit()
        self._calls.watch_signals_to_itself()
        never_raise(self._unsent.start)()

    def _end(self) -> None:
        within(self._shutdown, self._limit() + _GRACE)

    def _end_quickly(self) -> None:
        # Children that were forked only to become another program, or for one step of a daemon's start.
        if self._is_worker or not self._idle():
            self._end()

    def _announce_exec(self) -> Callable[[], None]:
        undo: list[Callable[[], None]] = []
        if not (was_forked() and self._idle()):
            within(lambda: undo.append(self._before_exec()), self._limit() + _GRACE)

        def take_back() -> None:
            for action in undo:
                action()

        return take_back


def within(action: Callable[[], Any], seconds: float) -> None:
    """Run `action` in another thread, and wait for `seconds` at most.

    For code that may have interrupted anything, such as a signal handler: it must not wait for a lock, which its own
    thread may hold. `threading` has such locks, so this uses `_thread`.
    """
    done = _thread.allocate_lock()
    done.acquire()

    def run() -> None:
        try:
            action()
        finally:
            own_threads.forget()
            done.release()

    try:
        own_threads.start(lambda: _thread.start_new_thread(run, ()))
    except RuntimeError:
        # No thread can be started: the interpreter is past its `atexit` functions, or the system's limit is reached.
        return
    done.acquire(timeout=seconds)
