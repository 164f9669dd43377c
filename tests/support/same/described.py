"""Values, exceptions and tracebacks as text that is the same in two processes."""

from __future__ import annotations

import dataclasses
import re
import traceback
from collections.abc import Mapping
from typing import Any

_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b")
#: What a program has no say in.
_PORT = re.compile(r"(127\.0\.0\.1'?[:,] ?|port=|localhost:)\d{4,5}\b")
#: Libraries number what they make.
_NUMBERED = re.compile(
    r"\b(Task|ThreadPoolExecutor|QueueFeederThread|Thread|ForkProcess|SpawnProcess|ForkPoolWorker)-\d+"
)
_DEEPEST = 12
_INSTALLED = re.compile(r".*(?:/site-packages/|/lib/python3\.\d+/|(?=/botobs/_sdk/)|(?=/tests/))")


def value(given: Any, deep: int = 0) -> Any:
    """Anything as JSON: its type and what is in it."""
    kind = type(given)
    if kind in (int, bool, type(None)):
        return given
    if kind is str:
        return text(given)
    if deep > _DEEPEST:
        return "deeper"
    if isinstance(given, BaseException):
        return exception(given)
    if kind in (list, tuple, set, frozenset):
        items = [value(item, deep + 1) for item in given]
        return [kind.__name__, sorted(items, key=repr) if kind in (set, frozenset) else items]
    if kind is dict and all(type(key) is str for key in given):
        return {key: value(item, deep + 1) for key, item in given.items()}
    if isinstance(given, Mapping):
        return [name_of(kind), [[value(key, deep + 1), value(item, deep + 1)] for key, item in given.items()]]
    if dataclasses.is_dataclass(kind):
        return [name_of(kind), value(vars(given), deep + 1)]
    try:
        return [name_of(kind), text(repr(given))]
    except Exception as error:
        return [name_of(kind), f"its repr raises {type(error).__name__}"]


def exception(error: BaseException | None, seen: tuple[int, ...] = ()) -> Any:
    """An exception with what it says, where it was, and what led to it."""
    if error is None or id(error) in seen:
        return None if error is None else "seen"
    seen = (*seen, id(error))
    try:
        message = text(str(error))
    except BaseException as failed:
        message = f"its text raises {type(failed).__name__}"
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    return {
        "type": name_of(type(error)),
        "message": message,
        "arguments": [name_of(type(argument)) for argument in error.args],
        "notes": list(getattr(error, "__notes__", ())),
        "frames": frames(error),
        "cause": exception(error.__cause__, seen),
        "context": exception(error.__context__, seen),
        "context is hidden": error.__suppress_context__,
        "exceptions": [exception(each, seen) for each in inner],
    }


def frames(error: BaseException) -> list[str]:
    """Where an exception came by: file and function, outermost first; lines of programs too."""
    found = []
    for frame in traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__), lookup_lines=False):
        line = f":{frame.lineno}" if "/same/programs/" in frame.filename else ""
        found.append(f"{_INSTALLED.sub('', frame.filename)}{line} {frame.name}")
    return found


def text(given: str) -> str:
    """A text without addresses in memory, ports, and numbers of tasks and threads."""
    return _NUMBERED.sub(r"\1-N", _PORT.sub(r"\1PORT", _ADDRESS.sub("0xADDRESS", str(given))))


def name_of(kind: type) -> str:
    """Module and name of a class."""
    return f"{kind.__module__}.{kind.__qualname__}"
