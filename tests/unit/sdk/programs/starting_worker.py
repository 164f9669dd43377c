"""A worker that gets SIGTERM while it still starts: `starting_worker.py START_METHOD`. Says how it ended.

What is unpickled last in it is this program's, after botobs has begun there.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import multiprocessing
import signal
import sys
from collections.abc import Callable
from typing import Any

import botobs


def look() -> bool:
    """In the worker, before it has its work: whether SIGTERM would end it at once."""
    botobs.init()
    return bool(_signal.getsignal(signal.SIGTERM) is _signal.SIG_DFL)


class Last:
    """Unpickled in the worker by a call of `look`."""

    def __reduce__(self) -> tuple[Callable[[], bool], tuple[()]]:
        return look, ()


def work(would_end: Any) -> None:
    """End as SIGTERM would have found it."""
    sys.exit(0 if would_end else 7)


if __name__ == "__main__":
    botobs.init()
    context: Any = multiprocessing.get_context(sys.argv[1])
    process = context.Process(target=work, args=(Last(),))
    process.start()
    process.join()
    print(process.exitcode)
