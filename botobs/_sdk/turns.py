"""Gives other threads a turn while the export thread computes.

What it computes holds the interpreter's lock. An event loop that waits for the lock would otherwise get it after the
switch interval, 5 ms.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

_T = TypeVar("_T")

#: Seconds after which others get a turn, and for how long.
_WORK = 0.0003
_PAUSE = 0.00002
#: Items between two looks at the clock, each of some microseconds.
_ITEMS = 8


def in_turns(items: Iterable[_T]) -> Iterator[_T]:
    """`items`, with a pause whenever the caller has worked on them for a while."""
    begin = time.perf_counter()
    for number, item in enumerate(items, 1):
        yield item
        if not number % _ITEMS and time.perf_counter() - begin > _WORK:
            time.sleep(_PAUSE)
            begin = time.perf_counter()
