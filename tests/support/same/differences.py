"""The differences that botobs is allowed to make: one table, from which docs/same.md is written.

Whatever else differs between a run with botobs and one without it fails a test.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

#: Where in an observation something differs: keys and positions, from the outside in.
Place = tuple[Any, ...]
MISSING = "missing"


@dataclass(frozen=True)
class Difference:
    """Something that is not the same, on purpose.

    Attributes:
        what: Differs.
        why: It has to.
        explains: Whether it is this one that is seen at a place of an observation, between the value without botobs
            and that with it.
    """

    what: str
    why: str
    explains: Callable[[Place, Any, Any], bool]


_OURS = re.compile(r'(?:^|[ "/])(?:(?:botobs/_sdk|wrapt|opentelemetry)/|logging/botobs\.py)')
#: Two lines of a printed traceback, or three where the place within the line is marked. That in `logging`'s folder has
#: no source.
_PRINTED_FRAME = re.compile(
    r'^[ |]*File ".*?/(?:logging/botobs\.py".*\n|(?:botobs/_sdk|wrapt|opentelemetry)/.*\n.*\n(?:[ |]*[~^]+ *\n)?)',
    re.MULTILINE,
)


def _stamps(place: Place, one: Any, _: Any) -> bool:
    return one == MISSING and place[-1] in ("trace_id", "span_id", "service")


def _frames(_: Place, one: Any, other: Any) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return _PRINTED_FRAME.sub("", other) == one
    return (
        isinstance(one, list)
        and isinstance(other, list)
        and len(other) > len(one)
        and [each for each in other if not (isinstance(each, str) and _OURS.search(each))] == one
    )


def _threads(place: Place, one: Any, other: Any) -> bool:
    return place == ("process", "threads") and one == [
        name for name in other if name not in ("botobs-export", "botobs-callbacks")
    ]


def _descriptors(place: Place, one: Any, _: Any) -> bool:
    return (
        place[:2] == ("process", "descriptors")
        and one == MISSING
        and (
            place[2] == "socket to the collector"
            or "/botobs/_sdk/" in place[2]
            or place[2].startswith("/proc/")
            or "/botobs-orders" in place[2]
        )
    )


def _at_exit(place: Place, one: Any, other: Any) -> bool:
    return place == ("process", "hooks", "at the end") and other == one + 1


def _collections(place: Place, one: Any, other: Any) -> bool:
    return (
        place == ("process", "hooks", "collections")
        and len(other) == len(one) + 1
        and "botobs._sdk.instrument.runtime" in str(other)
    )


def _imports(place: Place, one: Any, other: Any) -> bool:
    return place == ("process", "hooks", "imports") and other == ["wrapt.importer.ImportHookFinder", *one]


def _warnings(place: Place, one: Any, other: Any) -> bool:
    return place == ("process", "warnings") and one == [each for each in other if "opentelemetry" not in each]


def _calls_that_end(place: Place, _: Any, __: Any) -> bool:
    return "os.execv" in place or "os.execve" in place


def _empty_parameters(place: Place, one: Any, other: Any) -> bool:
    return "params" in place and (one, other) == ("tuple", "list")


def _texts_made(place: Place, one: Any, other: Any) -> bool:
    return "texts made" in place and other == one + 1


def _headers(_: Place, one: Any, other: Any) -> bool:
    added = ("traceparent", "tracestate", "baggage")
    return (
        isinstance(one, list)
        and isinstance(other, list)
        and one == [each for each in other if each not in added]
    )


DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        "Log records have `trace_id`, `span_id` and `service`, unless the service gave them these fields itself.",
        "A line of a log leads to its trace.",
        _stamps,
    ),
    Difference(
        "Tracebacks show a frame of botobs, wrapt or OpenTelemetry where a watched function was called. The frames of "
        "the program and its libraries are the same.",
        "A function that is watched is called by another one.",
        _frames,
    ),
    Difference(
        "There is a daemon thread `botobs-export`, and `botobs-callbacks` once a service has observable instruments; "
        "in worker processes `botobs-unsent` too, with the socket that it listens on.",
        "Nothing is encoded or sent on the threads of the service; a worker says what it has not sent.",
        _threads,
    ),
    Difference(
        "There is a connection to the collector, for a moment a file of botobs' own is open, and with the first order "
        "the journal of orders.",
        "It is where telemetry goes; an order is written down before it is sent.",
        _descriptors,
    ),
    Difference(
        "`atexit` knows one function more.",
        "The last spans are sent when a process ends.",
        _at_exit,
    ),
    Difference(
        "`gc.callbacks` has one entry more.",
        "Pauses of the collector are measured.",
        _collections,
    ),
    Difference(
        "`sys.meta_path` begins with the finder of wrapt, which imports nothing itself.",
        "A library is watched when the program imports it.",
        _imports,
    ),
    Difference(
        'With `engine="stock"`, the OpenTelemetry SDK adds a filter for a warning about itself.',
        "It does so when it is imported.",
        _warnings,
    ),
    Difference(
        "`os.execv` and `os.execve` are functions written in Python; in worker processes `os.kill`, `os._exit` and "
        "`signal.raise_signal` are, too.",
        "The last spans are sent before a process becomes another program.",
        _calls_that_end,
    ),
    Difference(
        "`params` of SQLAlchemy's exception for a statement without parameters is an empty list in place of an empty "
        "tuple.",
        "SQLAlchemy does so for every engine that somebody listens to.",
        _empty_parameters,
    ),
    Difference(
        "With `logs=True`, the text of an object in a log record is made once more, on the thread that logs.",
        "It is exported, as by one more handler. Texts and numbers are read later.",
        _texts_made,
    ),
    Difference(
        "HTTP requests carry the header `traceparent`, and `tracestate` and `baggage` if there are any.",
        "A trace goes on in the service that is called.",
        _headers,
    ),
)


def unexplained(without: Any, with_it: Any) -> tuple[list[str], set[Difference]]:
    """What differs and is not allowed to, as text; and the allowed differences that were seen.

    Args:
        without: What was seen without botobs.
        with_it: The same with it.
    """
    found, used = [], set()
    for place, one, other in _walk((), without, with_it):
        explained = next((each for each in DIFFERENCES if each.explains(place, one, other)), None)
        if explained is None:
            found.append(f"{'/'.join(map(str, place))}: {one!r} without botobs, {other!r} with it")
        else:
            used.add(explained)
    return found, used


def _walk(place: Place, one: Any, other: Any) -> Iterator[tuple[Place, Any, Any]]:
    if type(one) is type(other) is dict:
        for key in sorted(one.keys() | other.keys()):
            yield from _walk((*place, key), one.get(key, MISSING), other.get(key, MISSING))
    elif type(one) is type(other) is list and len(one) == len(other):
        for number, (each, its) in enumerate(zip(one, other, strict=True)):
            yield from _walk((*place, number), each, its)
    elif type(one) is not type(other) or one != other:
        yield place, one, other
