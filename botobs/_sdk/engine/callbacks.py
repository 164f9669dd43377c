"""Runs the callbacks of observable instruments, which are a service's own code and may hang.

They run on a thread of their own. A callback that takes too long is left out, together with the thread that it blocks,
until it returns; a new thread runs the others. So each hanging callback costs one thread. botobs' own callbacks never
wait, and run on the export thread: the clean stop of a process is exported even when no thread can be started any more.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from itertools import islice
from queue import SimpleQueue
from types import FunctionType, MethodType
from typing import Any

from opentelemetry import context
from opentelemetry.context import Context
from opentelemetry.metrics import CallbackOptions

from ..plain import sequence
from ..process import own_threads
from ..safe import class_name, let_pass, number_of
from ..upstream import SUPPRESS_INSTRUMENTATION
from .faults import FAULTS
from .freeze import copy

Call = Callable[[CallbackOptions], Iterable[Any]]
Observed = tuple[float, dict[str, Any], Context | None]
"""Value, attributes, and the context that the callback set, if it did."""

#: Seconds that one callback may take.
CALLBACK_TIMEOUT = 2.0
#: Seconds that all callbacks of one collection may take.
COLLECTION_TIMEOUT = 5.0
#: Observations of one callback that are read: five times the default limit on series.
MOST_OBSERVATIONS = 10_000
#: Callbacks of one instrument.
MOST_CALLBACKS = 1000

#: Modules of botobs whose callbacks call a service's.
_FORWARDING_MODULES = ("botobs._sdk.providers", __name__)


class Callback:
    """One callback of one instrument.

    Attributes:
        metric: The instrument's name.
        call: The callback itself.
        ours: Whether it is one of botobs itself, which never waits.
    """

    __slots__ = ("call", "metric", "ours")

    def __init__(self, metric: str, call: Call) -> None:
        self.metric = metric
        self.call = call
        function = call.__func__ if type(call) is MethodType else call
        module = function.__module__ if type(function) is FunctionType else None
        self.ours = (
            isinstance(module, str)
            and module.startswith(("botobs._sdk.", "botobs.trading."))
            and module not in _FORWARDING_MODULES
        )

    def observe(self) -> list[Observed]:
        """Call it; returns its valid observations, up to where it failed. Never raises."""
        observed: list[Observed] = []
        try:
            for seen, observation in enumerate(self.call(CallbackOptions(CALLBACK_TIMEOUT * 1000))):
                if seen >= MOST_OBSERVATIONS:
                    self.lose("a callback of %s observes more than %d values", MOST_OBSERVATIONS)
                    break
                if (found := self._checked(observation)) is not None:
                    observed.append(found)
        except BaseException as error:
            # Nothing may end this thread, not even a `SystemExit`.
            self.lose("a callback of %s failed: %s", class_name(type(error)))
        return observed

    def _checked(self, observation: Any) -> Observed | None:
        try:
            value, given = number_of(observation.value), observation.context
            if value is not None:
                return value, copy(observation.attributes), given if isinstance(given, Context) else None
            kind = class_name(type(observation.value))
        except Exception:
            kind = class_name(type(observation))
        self.lose("%s was observed as a %s that cannot be sent", kind)
        return None

    def lose(self, message: str, *arguments: object) -> None:
        """Count a loss of the metric, whose name is the first argument of `message`."""
        FAULTS.lose(self.metric, message, self.metric, *arguments)


Observations = dict[Callback, list[Observed]]
"""What each callback has observed in one collection."""


def usable_callbacks(metric: str, given: Any) -> list[Callback]:
    """The usable ones of `given`: functions, and generators that are sent the options and yield observations."""
    callbacks: list[Callback] = []
    try:
        for callback in islice(sequence(given) or (), MOST_CALLBACKS):
            if issubclass(type(callback), Generator):
                next(callback)
                callbacks.append(Callback(metric, _sending(callback)))
            elif callable(callback):
                callbacks.append(Callback(metric, callback))
    except BaseException as error:
        let_pass(error)
        FAULTS.log_once(metric, "a callback of %s cannot be used: %s", metric, class_name(type(error)))
    return callbacks


def join(known: list[Callback], metric: str, given: Any) -> None:
    """Add the usable ones of `given` to those of an instrument that is created again, but for those it has already."""
    for callback in usable_callbacks(metric, given):
        if len(known) < MOST_CALLBACKS and not any(same(callback.call, each.call) for each in known):
            known.append(callback)


def same(one: Any, other: Any) -> bool:
    """Whether two callables are one function, or one method of one object; nothing of theirs is called."""
    if type(one) is type(other) is MethodType:
        return one.__self__ is other.__self__ and one.__func__ is other.__func__
    return one is other


def _sending(generator: Generator[Any, Any, Any]) -> Call:
    def send(options: CallbackOptions) -> Iterable[Any]:
        try:
            return generator.send(options)  # type: ignore[no-any-return]
        except StopIteration:
            return ()

    return send


class CallbackRunner:
    """Runs callbacks, each within `CALLBACK_TIMEOUT`. Used by one thread at a time."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start over, as a forked child does, which has none of its parent's threads."""
        self._worker: _Worker | None = None
        self._stuck: set[Callback] = set()

    def close(self) -> None:
        """Stop the thread."""
        if self._worker is not None:
            self._worker.inbox.put(None)
            self._worker = None

    def run(self, callbacks: Iterable[Callback], seconds: float = COLLECTION_TIMEOUT) -> Observations:
        """Run the callbacks and return their observations.

        Args:
            callbacks: Those of all instruments.
            seconds: Time limit of all of them together.
        """
        observations: Observations = {}
        waiting = []
        for callback in callbacks:
            if callback.ours:
                observations[callback] = callback.observe()
            elif callback in self._stuck:
                callback.lose("%s is left out until its callback returns")
            else:
                waiting.append(callback)
        until = time.monotonic() + seconds
        while waiting:
            waiting = self._run_until_hung(waiting, observations, until)
        return observations

    def _run_until_hung(
        self, waiting: list[Callback], observations: Observations, until: float
    ) -> list[Callback]:
        """Run callbacks until one hangs; returns those that are still to be run."""
        if self._worker is None:
            try:
                self._worker = _Worker(self._stuck)
            except RuntimeError as error:
                # The process ends, or may have no more threads.
                for callback in waiting:
                    callback.lose("%s cannot be observed: %s", error)
                return []
        task = _Task(waiting)
        self._worker.inbox.put(task)
        hung: int | None = None
        while hung is None and not task.done.wait(max(0.0, task.time_left(until))):
            hung = task.give_up(until, self._stuck)
        observations.update(task.observations)
        if hung is None:
            return []
        self._worker = None
        waiting[hung].lose("a callback of %s does not return: it is left out until it does")
        left = waiting[hung + 1 :]
        if time.monotonic() < until:
            return left
        for callback in left:
            callback.lose("%s is left out: the callbacks before it took too long")
        return []


class _Task:
    """Callbacks that a worker runs, and its progress. Shared by the worker and the thread that waits for it.

    Attributes:
        observations: What the callbacks that have returned in time have observed.
        done: Set once all have returned.
    """

    def __init__(self, callbacks: Sequence[Callback]) -> None:
        self.observations: Observations = {}
        self.done = threading.Event()
        self._callbacks = callbacks
        self._lock = threading.Lock()
        self._at = 0
        self._since = time.monotonic()
        self._given_up = False

    def time_left(self, until: float) -> float:
        """Seconds that are left for the callback that runs, or until `until`, whatever ends first."""
        with self._lock:
            return min(self._since + CALLBACK_TIMEOUT, until) - time.monotonic()

    def give_up(self, until: float, stuck: set[Callback]) -> int | None:
        """Leave the callback that runs out if its time is over; returns its index then, else None."""
        with self._lock:
            if self.done.is_set() or min(self._since + CALLBACK_TIMEOUT, until) > time.monotonic():
                return None
            self._given_up = True
            stuck.add(self._callbacks[self._at])
            return self._at

    def run(self, stuck: set[Callback]) -> bool:
        """Run all callbacks; returns False if one was left out meanwhile, and its worker has been replaced."""
        for number, callback in enumerate(self._callbacks):
            with self._lock:
                self._at, self._since = number, time.monotonic()
            observed = callback.observe()
            with self._lock:
                if self._given_up:
                    stuck.discard(callback)
                    return False
                self.observations[callback] = observed
                if number + 1 == len(self._callbacks):
                    self.done.set()
        return True


class _Worker:
    """A thread that runs tasks until a callback hangs.

    Raises:
        RuntimeError: No thread can be started.
    """

    def __init__(self, stuck: set[Callback]) -> None:
        self.inbox: SimpleQueue[_Task | None] = SimpleQueue()
        self._stuck = stuck
        own_threads.start(threading.Thread(target=self._run, name="botobs-callbacks", daemon=True).start)

    def _run(self) -> None:
        context.attach(context.set_value(SUPPRESS_INSTRUMENTATION, True))
        while (task := self.inbox.get()) is not None:
            if not task.run(self._stuck):
                return
