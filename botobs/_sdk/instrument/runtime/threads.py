"""Carries the current span, and what else the context holds, into threads and thread pools.

asyncio hands the context on to tasks and to `to_thread`; `threading`, `concurrent.futures`, and with them
`loop.run_in_executor`, and `multiprocessing.pool.ThreadPool` do not.

A pool's job runs in the context of whoever submitted it, and the pool's threads have none of their own. A thread of any
other kind has the context of whoever started it: in it a span is a parent as long as its trace is open (see
`engine.outlived`). Suppression is left out, since a thread lives longer than what that was for.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping, Sequence
from types import MethodType, ModuleType
from typing import Any

from opentelemetry.context import Context, attach, detach, get_current

from ...patching.guard import never_raise
from ...patching.patch import Patches
from ..base import Telemetry
from ..suppression import KEYS as SUPPRESSION


class Threads:
    """Watches the starts of threads and the submissions to thread pools."""

    name = "threading"

    def __init__(self) -> None:
        self._patches = Patches(self.name)

    def install(self, telemetry: Telemetry) -> None:  # noqa: ARG002
        """Start watching."""
        self._patches.wrap(threading.Thread, "start", _start)
        self._patches.on_import("concurrent.futures.thread", self._watch_executors)
        self._patches.on_import("multiprocessing.pool", self._watch_thread_pools)

    def uninstall(self) -> None:
        """Stop watching; threads and tasks that have begun keep their context."""
        self._patches.undo()

    def _watch_executors(self, module: ModuleType) -> None:
        self._patches.wrap(module.ThreadPoolExecutor, "submit", _submit)

    def _watch_thread_pools(self, module: ModuleType) -> None:
        # Not its base, whose workers are processes: what it submits has to be pickled.
        self._patches.wrap(module.ThreadPool, "__init__", _without_context)
        for method in ("apply_async", "_map_async", "imap", "imap_unordered"):
            self._patches.wrap(module.ThreadPool, method, _submit)


def _start(
    wrapped: Callable[..., Any], instance: threading.Thread, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Any:
    # What is no thread fails, as it does unwatched.
    if issubclass(type(instance), threading.Thread) and (context := get_current()):
        _carry(context, instance)
    return wrapped(*args, **kwargs)


@never_raise("threading")
def _carry(context: Context, instance: threading.Thread) -> None:
    if isinstance(getattr(type(instance), "run", None), property):
        # It comes before what the object holds.
        return
    carried = Context({key: value for key, value in context.items() if key not in SUPPRESSION})
    # On the instance: subclasses override `run`. Not by its own `__setattr__`, which may allow nothing.
    vars(instance)["run"] = _running_within(carried, instance)


def _running_within(context: Context, instance: threading.Thread) -> Callable[[], None]:
    """The thread's `run`, in a context.

    A method like `run` itself: Sentry takes its function, and calls it with the thread.
    """
    run, own = instance.run, vars(instance).get("run")

    def run_within(thread: threading.Thread) -> None:
        # It holds the thread, which holds it.
        vars(thread).pop("run", None)
        if own is not None:
            # Of this object alone, set by the service.
            vars(thread)["run"] = own
        _within(context, run)

    return MethodType(run_within, instance)


def _submit(
    wrapped: Callable[..., Any], instance: Any, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Any:
    if not args or not (context := get_current()):
        return wrapped(*args, **kwargs)
    # The pool's thread may be made for this task, but lives on after it, and works for others.
    job = functools.partial(_within, context, args[0])
    return _without_context(wrapped, instance, (job, *args[1:]), kwargs)


def _without_context(
    wrapped: Callable[..., Any],
    instance: Any,  # noqa: ARG001
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
) -> Any:
    token = attach(Context())
    try:
        return wrapped(*args, **kwargs)
    finally:
        detach(token)


def _within(context: Context, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    token = attach(context)
    try:
        return function(*args, **kwargs)
    finally:
        detach(token)
