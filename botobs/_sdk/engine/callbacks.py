"""Asks the callbacks of observable instruments, which are a service's own code and may hang.

They run on a thread of their own. One that takes too long is left out, with the thread that it holds, until it returns;
the others are asked by a new thread. So there is one more thread at most for each callback that hangs. Those of botobs
itself never wait, and are asked by the thread that exports: the goodbye of a process goes out when no thread can be
started any more.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from itertools import islice
from queue import SimpleQueue
from types import FunctionType
from typing import Any

from opentelemetry import context
from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY, Context
from opentelemetry.metrics import CallbackOptions

from ..safe import class_name, let_pass, number_of
from .faults import FAULTS
from .freeze import copy

Call = Callable[[CallbackOptions], Iterable[Any]]
Observed = tuple[float, dict[str, Any], Context | None]
"""Value, attributes, and the context that a callback gave."""


#: Seconds that one callback may take, and all of a collection together.
PATIENCE, IN_ALL = 2.0, 5.0
#: Observations of a callback that are looked at, five times the usual limit on series; and callbacks of an instrument.
MOST_OBSERVATIONS, _MOST_CALLBACKS = 10_000, 1000

#: Modules of botobs that hand on what a service calls back.
_PASSING_ON = ("botobs._sdk.providers", __name__)


class Callback:
    """One callback of one instrument.

    Attributes:
        metric: The instrument's name.
        call: What to call.
        ours: Whether it is botobs' own.
    """

    __slots__ = ("call", "metric", "ours")

    def __init__(self, metric: str, call: Call) -> None:
        self.metric = metric
        self.call = call
        module = call.__module__ if type(call) is FunctionType else None
        self.ours = isinstance(module, str) and module.startswith("botobs.") and module not in _PASSING_ON

    def answer(self) -> list[Observed]:
        """What it observes; what is no observation in it, or would come after it failed, is left out."""
        observed: list[Observed] = []
        try:
            for seen, observation in enumerate(self.call(CallbackOptions(PATIENCE * 1000))):
                if seen >= MOST_OBSERVATIONS:
                    self.lose("a callback of %s observes more than %d values", MOST_OBSERVATIONS)
                    break
                if (found := self._observed(observation)) is not None:
                    observed.append(found)
        except BaseException as error:
            # Nothing may end the thread that asks: not a `SystemExit` either, which is not for it.
            self.lose("a callback of %s failed: %s", class_name(type(error)))
        return observed

    def _observed(self, observation: Any) -> Observed | None:
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


Answers = dict[Callback, list[Observed]]


def usable_callbacks(metric: str, given: Any) -> list[Callback]:
    """Those of `given` that can be called. Generators can be too: they are sent the options and yield observations."""
    callbacks: list[Callback] = []
    try:
        for callback in islice(given or (), _MOST_CALLBACKS):
            if isinstance(callback, Generator):
                next(callback)
                callbacks.append(Callback(metric, _sending(callback)))
            elif callable(callback):
                callbacks.append(Callback(metric, callback))
    except BaseException as error:
        let_pass(error)
        FAULTS.say(metric, "a callback of %s cannot be used: %s", metric, class_name(type(error)))
    return callbacks


def _sending(generator: Generator[Any, Any, Any]) -> Call:
    def send(options: CallbackOptions) -> Iterable[Any]:
        try:
            return generator.send(options)  # type: ignore[no-any-return]
        except StopIteration:
            return ()

    return send


class Asking:
    """Asks callbacks, each within its time.

    Used by one thread at a time.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin anew, as a forked child does, which has none of its parent's threads."""
        self._worker: _Worker | None = None
        self._stuck: set[Callback] = set()

    def close(self) -> None:
        """Let the thread end."""
        if self._worker is not None:
            self._worker.inbox.put(None)
            self._worker = None

    def ask(self, callbacks: Iterable[Callback], in_all: float = IN_ALL) -> Answers:
        """What the callbacks observe now.

        Args:
            callbacks: Those of all instruments.
            in_all: Seconds that it may take.
        """
        answers: Answers = {}
        waiting = []
        for callback in callbacks:
            if callback.ours:
                answers[callback] = callback.answer()
            elif callback in self._stuck:
                callback.lose("%s is left out until its callback returns")
            else:
                waiting.append(callback)
        until = time.monotonic() + in_all
        while waiting:
            waiting = self._ask_some(waiting, answers, until)
        return answers

    def _ask_some(self, waiting: list[Callback], answers: Answers, until: float) -> list[Callback]:
        """Ask until a callback hangs; those that are yet to be asked."""
        if self._worker is None:
            try:
                self._worker = _Worker(self._stuck)
            except RuntimeError as error:
                # The process ends, or may have no more threads.
                for callback in waiting:
                    callback.lose("%s cannot be observed: %s", error)
                return []
        batch = _Batch(waiting)
        self._worker.inbox.put(batch)
        hung: int | None = None
        while hung is None and not batch.done.wait(max(0.0, batch.patience(until))):
            hung = batch.give_up(until, self._stuck)
        answers.update(batch.answers)
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


class _Batch:
    """Callbacks for a worker, and how far it has come."""

    def __init__(self, callbacks: Sequence[Callback]) -> None:
        self.answers: Answers = {}
        self.done = threading.Event()
        self._callbacks = callbacks
        self._lock = threading.Lock()
        self._at = 0
        self._since = time.monotonic()
        self._given_up = False

    def patience(self, until: float) -> float:
        """Seconds that are left for the callback that runs."""
        with self._lock:
            return min(self._since + PATIENCE, until) - time.monotonic()

    def give_up(self, until: float, stuck: set[Callback]) -> int | None:
        """Leave the callback that runs, whose index is returned, if its time is over."""
        with self._lock:
            if self.done.is_set() or min(self._since + PATIENCE, until) > time.monotonic():
                return None
            self._given_up = True
            stuck.add(self._callbacks[self._at])
            return self._at

    def run(self, stuck: set[Callback]) -> bool:
        """Ask all of them; whether somebody still waits for more."""
        for number, callback in enumerate(self._callbacks):
            with self._lock:
                self._at, self._since = number, time.monotonic()
            answer = callback.answer()
            with self._lock:
                if self._given_up:
                    stuck.discard(callback)
                    return False
                self.answers[callback] = answer
                if number + 1 == len(self._callbacks):
                    self.done.set()
        return True


class _Worker:
    """A thread that asks batches of callbacks until one hangs.

    Raises:
        RuntimeError: No thread can be started.
    """

    def __init__(self, stuck: set[Callback]) -> None:
        self.inbox: SimpleQueue[_Batch | None] = SimpleQueue()
        self._stuck = stuck
        threading.Thread(target=self._run, name="botobs-callbacks", daemon=True).start()

    def _run(self) -> None:
        context.attach(context.set_value(_SUPPRESS_INSTRUMENTATION_KEY, True))
        while (batch := self.inbox.get()) is not None:
            if not batch.run(self._stuck):
                return
