"""Imports and uses botobs where psutil is refused, as in a further interpreter of a process."""

from __future__ import annotations

import builtins
from typing import Any

_original = __import__


def _without_psutil(name: str, *rest: Any, **more: Any) -> Any:
    # Python 3.12 and later refuse it there; opentelemetry's own import of it may fail.
    if name.partition(".")[0] == "psutil":
        raise ImportError("module psutil._psutil_linux does not support loading in subinterpreters")
    return _original(name, *rest, **more)


builtins.__import__ = _without_psutil

import botobs  # noqa: E402

with botobs.span("worked"):
    print("worked", flush=True)
botobs.init()
