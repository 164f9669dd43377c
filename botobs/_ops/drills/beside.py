"""Runs what a fault does beside the block that it lasts for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def beside(work: Callable[[threading.Event], object]) -> Iterator[None]:
    """Run `work` in a thread of its own, and wait for its end behind the block.

    Args:
        work: Called with an event, which is set when the block is over.
    """
    over = threading.Event()
    worker = threading.Thread(target=work, args=(over,))
    worker.start()
    try:
        yield
    finally:
        over.set()
        worker.join()
