"""What commands ask for traces, whichever store holds them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ..errors import UserError
from .model import Trace, Value

_TRACE_ID = re.compile(r"[0-9a-fA-F]{1,32}")


def full_trace_id(raw: Mapping[str, Any]) -> str:
    """The id of a trace in a response of `/api/search`, 32 hex digits; Tempo leaves leading zeros out there."""
    return str(raw["traceID"]).rjust(32, "0")


class NoSuchTrace(UserError):
    """There is no trace with the requested id."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which traces are looked for: those that meet all of it.

    Attributes:
        service: Name of a service that took part.
        min_duration: Seconds that the whole trace took at least.
        error: One of its spans failed.
        order: Client order id, or the exchange's order id, on one of its spans.
        query: TraceQL, in place of the others.
    """

    service: str | None = None
    min_duration: float | None = None
    error: bool = False
    order: str | None = None
    query: str | None = None


#: What Tempo calls the service of a root span that has not arrived.
_NO_ROOT = "<root span not yet received>"


@dataclass(frozen=True, slots=True)
class Summary:
    """A trace in the result of a search.

    Attributes:
        root_service: Service of its root span; empty when Tempo has not seen the root.
        root_name: Name of its root span.
        start_ns: Nanoseconds since the epoch.
        duration: Seconds.
        matched: How many of its spans met the query.
        longest: Seconds of the longest of those that the result holds; 0 where it holds none.
    """

    trace_id: str
    root_service: str
    root_name: str
    start_ns: int
    duration: float
    matched: int = 0
    longest: float = 0.0

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Summary:
        """Read one element of `traces` in the response of `/api/search`."""
        sets = raw.get("spanSets") or ([raw["spanSet"]] if raw.get("spanSet") else [])
        return cls(
            trace_id=full_trace_id(raw),
            root_service="" if (service := raw.get("rootServiceName", "")) == _NO_ROOT else service,
            root_name=raw.get("rootTraceName", ""),
            start_ns=int(raw.get("startTimeUnixNano", 0)),
            duration=int(raw.get("durationMs", 0)) / 1000,
            matched=sum(int(spans.get("matched", 0)) for spans in sets),
            longest=max(
                (
                    int(span.get("durationNanos", 0)) / 1e9
                    for spans in sets
                    for span in spans.get("spans") or ()
                ),
                default=0.0,
            ),
        )


@dataclass(frozen=True, slots=True)
class Found:
    """A span in the result of a search, with the attributes that were selected.

    Attributes:
        start_ns: Nanoseconds since the epoch.
    """

    trace_id: str
    span_id: str
    start_ns: int
    attributes: Mapping[str, Value]


class TraceSource(Protocol):
    """Tempo, or the embedded store."""

    def find(self, wanted: Wanted, last: float, limit: int) -> list[Summary]:
        """Traces of the last `last` seconds, the newest first, `limit` at most.

        Raises:
            UserError: They cannot be looked for.
        """

    def trace(self, trace_id: str) -> Trace:
        """The trace with the given id.

        Raises:
            UserError: There is none.
        """


def full_id(text: str) -> str:
    """A trace id that a person gives, in 32 digits.

    Raises:
        UserError: It is none.
    """
    if not _TRACE_ID.fullmatch(text):
        raise UserError(f"{text!r} is not a trace id: it has up to 32 hexadecimal digits")
    return text.rjust(32, "0").lower()
