"""Notes what a program does that could wait: calls of sockets, and Python's audit events, by thread.

Imported before anything else has made a socket.
"""

from __future__ import annotations

import collections
import socket
import sys
import threading
from typing import Any

#: What happened, by the name of the thread.
seen: dict[str, set[str]] = collections.defaultdict(set)

#: Events that neither wait nor read.
_QUIET = (
    "import",
    "compile",
    "exec",
    "object.",
    "code.",
    "sys.",
    "marshal.",
    "builtins.id",
    "gc.",
    "ctypes.",
)
_started = False


def start() -> None:
    """Note audit events from now on."""
    global _started
    _started = True


def stop() -> None:
    """Note them no more."""
    global _started
    _started = False


def _note(event: str) -> None:
    seen[threading.current_thread().name].add(event)


def _audit(event: str, _: tuple[Any, ...]) -> None:
    if _started and not event.startswith(_QUIET):
        _note(event)


def _wrap(name: str) -> None:
    call = getattr(socket.socket, name)

    def traced(self: socket.socket, *arguments: Any) -> Any:
        _note(f"socket.{name}")
        return call(self, *arguments)

    setattr(socket.socket, name, traced)


for _name in ("connect", "send", "sendall", "recv", "recv_into", "sendto"):
    _wrap(_name)
sys.addaudithook(_audit)
