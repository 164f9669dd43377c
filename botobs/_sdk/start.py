"""`init`, `flush` and `shutdown`: one running instance in a process.

`start` is `init` after the settings were read. Its steps, from top to bottom:

1. Nothing to do if botobs runs with the same settings; with others, shut it down.
2. Fix the names of OpenTelemetry's conventions, before the first instrumentor loads.
3. Create the handle: sender, store, queues, engine. Nothing runs yet.
4. Register the hooks for a fork and for the end of the process.
5. Start the handle (`Handle._start`): metrics of botobs itself, the export thread, the global providers, redaction of
   baggage, and last the instrumentations, which record from their first moment on.

Only wrong settings with `strict` raise. Any other failure is logged, and the program runs without monitoring.
"""

from __future__ import annotations

import pickle
import threading
import time
from collections.abc import Callable

from .export.rate_limit import logger
from .handle import Handle
from .instrument.registry import WORKERS
from .process import fork
from .process.exit import ExitHooks
from .process.unsent import PART, Giver, Send
from .safe import described, never_raise
from .settings import Problem, Settings, SettingsError

#: Held while botobs starts or stops.
_lock = threading.RLock()
_current: Handle | None = None
#: What it was started with; discovery changes the settings of a handle.
_given: Settings | None = None
_unsent = Giver(lambda send: _give_unsent(send), lambda: _seconds_to_give())
_exit_hooks = ExitHooks(
    lambda: shutdown(),
    lambda: _before_exec(),
    lambda: _is_idle(),
    lambda: _exit_limit(),
    lambda: _continued(),
    _unsent,
)


def start(settings: Settings) -> Handle:
    """Run with `settings`, in place of what runs already unless it runs with the same.

    Raises:
        SettingsError: A certificate, a key or a folder cannot be used, and `strict` is on.
    """
    global _current, _given
    with _lock:
        if _current is not None and _current.running:
            if _current.settings == settings:
                logger.debug("botobs runs with these settings already")
                return _current
            _current.shutdown()
        _given = settings
        _current = handle = _create(settings)
        if handle.settings.enabled:
            fork.after_in_child(_after_fork)
            _exit_hooks.install()
            try:
                handle._start()
            except Exception as error:
                # A service that cannot be monitored must still start.
                handle._logger.warning("botobs does not run: %s", described(error))
                handle.shutdown(0.0)
        return handle


def _create(settings: Settings) -> Handle:
    """A handle that can be started; if it cannot be created, one that does nothing.

    Raises:
        SettingsError: A certificate, a key or a folder cannot be used, and `strict` is on.
    """
    try:
        return Handle(settings, _shut_down)
    except SettingsError:
        raise
    except Exception as error:
        problem = Problem("enabled", f"botobs cannot run: {described(error)}.", essential=True)
        handle = Handle(Settings(enabled=False, problems=(*settings.problems, problem)), _shut_down)
        handle._logger.warning("%s", problem.text)
        return handle


def current() -> Handle | None:
    """The running instance, if there is one."""
    return _current if _current is not None and _current.running else None


def flush(timeout: float | None = None) -> bool:
    """Send what was recorded so far; see `Handle.flush`. False when botobs does not run."""
    handle = current()
    return handle.flush(timeout) if handle is not None else False


def shutdown(timeout: float | None = None) -> bool:
    """Shut botobs down in this process; see `Handle.shutdown`. Does nothing, and returns True, when it does not run."""
    handle = current()
    return handle.shutdown(timeout) if handle is not None else True


def _shut_down(handle: Handle, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    # Another thread may be in the middle of `init`; the end of the process waits for it only this long.
    lock = _lock
    if not lock.acquire(timeout=seconds):
        return False
    try:
        if not handle.running:
            return True
        _exit_hooks.uninstall()
        fork.remove(_after_fork)
        delivered = handle._stop(deadline)
        # Only now: what is asked for meanwhile is what the last export could not send.
        _unsent.close(max(0.0, deadline - time.monotonic()))
        return delivered
    except Exception as error:
        # The process is about to end, or goes on without botobs; neither is the place for an exception of ours.
        handle._logger.warning("botobs did not end cleanly: %s", described(error))
        return False
    finally:
        lock.release()


# -- workers that are no forks -----------------------------------------------------------------------------------


@never_raise
def continue_with(settings: bytes) -> None:
    """Run with the settings of the process that started this one, unless its main module has called `init`."""
    if current() is None:
        start(pickle.loads(settings))


def _continued() -> tuple[Callable[[bytes], None], bytes] | None:
    return None if _given is None else (continue_with, pickle.dumps(_given))


# -- workers that their parent terminates --------------------------------------------------------------------------


def _seconds_to_give() -> float:
    if _given is None or _given.leaves_alone(WORKERS):
        return 0.0
    return _given.shutdown_timeout * PART


def _give_unsent(send: Send) -> None:
    # Also while it stops.
    if _current is not None:
        _current._give_unsent(send)


# -- hooks for the end of the process and for a fork ---------------------------------------------------------------


def _before_exec() -> Callable[[], None]:
    handle = current()
    return handle._before_exec() if handle is not None else lambda: None


def _is_idle() -> bool:
    handle = current()
    return handle is None or handle._pipeline.idle


def _exit_limit() -> float:
    return _current.settings.shutdown_timeout if _current is not None else 0.0


def _after_fork() -> None:
    global _lock
    # A thread of the parent may have held it.
    _lock = threading.RLock()
    _exit_hooks.after_fork()
    handle = current()
    if handle is not None:
        handle._after_fork()
