"""What other threads ask of the export thread."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .store import Batch


@dataclass(slots=True)
class FlushRequest:
    """A thread waits until everything recorded so far has been sent.

    Attributes:
        deadline: Reading of `time.monotonic` by which the export thread is to be done.
        stop: Whether the export thread ends afterwards.
        done: Set by the export thread.
        delivered: Whether everything was delivered; final once `done` is set.
    """

    deadline: float
    stop: bool
    done: threading.Event = field(default_factory=threading.Event)
    delivered: bool = False


@dataclass(slots=True)
class UnsentRequest:
    """A thread waits for what has not been sent, which another process will send.

    Attributes:
        deadline: Reading of `time.monotonic` by which the export thread is to be done.
        done: Set by the export thread.
        abandoned: Whether nobody waits any more: the export thread takes what it has filled in itself.
    """

    deadline: float
    done: threading.Event = field(default_factory=threading.Event)
    abandoned: bool = False
    _filled: deque[list[Batch]] = field(default_factory=deque)

    def fill(self, batches: list[Batch]) -> None:
        """Say what was not sent."""
        self._filled.append(batches)

    def take(self) -> list[Batch]:
        """What was not sent, for the first who asks; empty before it is known."""
        # Set before it is looked: what is filled in later is not lost.
        self.abandoned = True
        try:
            return self._filled.popleft()
        except IndexError:
            return []


Request = FlushRequest | UnsentRequest


class Inbox:
    """Wakes the export thread, or hands it a request. Any thread may call `wake` and `put`.

    A `SimpleQueue` may be put to from a finalizer or a signal handler; a condition or an event may not.

    Attributes:
        woken: Whether the export thread is about to look at the queues. Written by several threads without a lock: a
            lost update wakes it once more, or not before its next interval.
        hurried: Whether it is about to look at the orders' journal; the same holds.
        urgent: Whether it is about to export metrics before their time; the same holds.
        resting: Whether it waits longer than usual because nothing is to be sent: the first item wakes it.
    """

    def __init__(self) -> None:
        self._queue: SimpleQueue[Request | None] = SimpleQueue()
        self.woken = False
        self.hurried = False
        self.urgent = False
        self.resting = False
        self._closed = False

    def wake(self) -> None:
        """Have the export thread look at the queues now."""
        self.woken = True
        self._queue.put(None)

    def hurry(self) -> None:
        """Have the export thread look at the orders' journal now."""
        self.hurried = True
        self._queue.put(None)

    def report(self) -> None:
        """Have the export thread export metrics now."""
        self.urgent = True
        self._queue.put(None)

    def rouse(self) -> None:
        """Have the export thread look at the queues when an item that is queued now has waited long enough."""
        if self.resting:
            self.resting = False
            self._queue.put(None)

    def put(self, request: Request) -> None:
        """Add a request for the export thread; it is done at once if that has ended."""
        self._queue.put(request)
        if self._closed:
            self.close()

    def left(self) -> Iterator[Request]:
        """The requests that wait."""
        while True:
            try:
                request = self._queue.get_nowait()
            except Empty:
                return
            if request is not None:
                yield request

    def close(self) -> None:
        """The export thread ends: nobody is to wait for it."""
        self._closed = True
        for request in self.left():
            request.done.set()

    def get(self, timeout: float) -> Request | None:
        """Wait until woken or asked, for `timeout` seconds at most; the request, if there is one."""
        try:
            return self._queue.get(timeout=max(0.0, timeout))
        except Empty:
            return None
