"""Runs a stack until a signal says stop: what `botobs up` and the demo share."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def stop_on_signals() -> asyncio.Event:
    """An event that is set by Ctrl-C, SIGTERM, or the end of the terminal; to be called in the running loop."""
    stop = asyncio.Event()
    for number in _SIGNALS:
        # What is ignored, as by `nohup`, is not asked for.
        if signal.getsignal(number) is not signal.SIG_IGN:
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def either(task: asyncio.Task[Any], stop: asyncio.Event) -> None:
    """Return when the task has ended or the event is set."""
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
