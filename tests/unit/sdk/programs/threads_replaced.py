"""Replaces how threads are started, as gevent does, and forks: prints how many threads the child has."""

from __future__ import annotations

import _thread
import os
import threading
from typing import Any

import botobs

botobs.init()
_original: Any = _thread.start_new_thread
_thread.start_new_thread = lambda *given: _original(*given)
if (child := os.fork()) == 0:
    with botobs.span("in the child"):
        os._exit(len(threading.enumerate()))
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
