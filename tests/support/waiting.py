"""Waiting for what happens elsewhere, without a time limit that a slow machine would break."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

T = TypeVar("T")

#: Seconds between two looks: at first, and at most.
_FIRST = 0.005
_LAST = 0.25


async def until(condition: Callable[[], object]) -> None:
    """Let the event loop run until `condition()` holds; the test run's own limit ends a wait in vain.

    For what happens in this event loop alone; no time need pass, so the clock may be a stand-in.
    """
    while not condition():
        await asyncio.sleep(0)


def eventually(check: Callable[[], T], within: float = 60.0, every: float = _LAST) -> T:
    """Call `check` until its result is true; for what happens in another thread or process.

    Args:
        check: Looks. An AssertionError that it raises counts as "not yet".
        within: Seconds after which it has failed; far longer than it needs.
        every: Seconds between two looks at most; the first ones follow each other faster.

    Returns:
        The result of `check`.

    Raises:
        AssertionError: The result did not become true in time; with the last result, or what `check` raised.
    """
    deadline = time.monotonic() + within
    for pause in _pauses(every):
        late = time.monotonic() > deadline
        try:
            result = check()
        except AssertionError:
            if late:
                raise
        else:
            if result:
                return result
            assert not late, _message(check, within, result)
        time.sleep(pause)
    raise AssertionError("unreachable")


async def eventually_async(check: Callable[[], Any], within: float = 60.0, every: float = _LAST) -> Any:
    """As `eventually`, while the event loop runs; `check` may be a coroutine function.

    Raises:
        AssertionError: The result did not become true in time; with the last result, or what `check` raised.
    """
    deadline = time.monotonic() + within
    for pause in _pauses(every):
        late = time.monotonic() > deadline
        try:
            looked = check()
            result = await looked if inspect.isawaitable(looked) else looked
        except AssertionError:
            if late:
                raise
        else:
            if result:
                return result
            assert not late, _message(check, within, result)
        await asyncio.sleep(pause)
    raise AssertionError("unreachable")


def _pauses(every: float) -> Iterator[float]:
    pause = min(_FIRST, every)
    while True:
        yield pause
        pause = min(1.5 * pause, every)


def _message(check: Callable[..., object], within: float, result: object) -> str:
    name = getattr(check, "__qualname__", repr(check))
    return f"{name} did not come true within {within:g} s; its last result: {result!r}"
