"""What few spans have: events, links, a status, dropped items, unusual arguments."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import Any, NamedTuple

from opentelemetry.context import Context
from opentelemetry.semconv.attributes.exception_attributes import (
    EXCEPTION_ESCAPED,
    EXCEPTION_MESSAGE,
    EXCEPTION_STACKTRACE,
    EXCEPTION_TYPE,
)
from opentelemetry.trace import Link, SpanContext, Status

from ...plain import IMMUTABLE, sequence
from ...safe import full_class_name, head, let_pass, text_of
from ..freeze import Attributes, copy
from ..stack_trace import stack_trace

#: Links that are read when a span starts; the limit keeps the last of them.
_MOST_LINKS = 10_000


class RecordedEvent(NamedTuple):
    """An event whose attributes are copied but not validated yet."""

    name: str
    timestamp: int
    attributes: dict[str, Any]


class RecordedLink(NamedTuple):
    """A link whose attributes are copied but not validated yet."""

    context: SpanContext
    attributes: dict[str, Any]


class Details:
    """The rare part of a span.

    Attributes:
        context: The explicit parent context.
        links: The caller's links until the span starts, a deque of `RecordedLink` afterwards.
        entered: How many `with span:` blocks are open around a span that had been started before them.
    """

    __slots__ = (
        "context",
        "dropped_attributes",
        "dropped_events",
        "dropped_links",
        "end_on_exit",
        "entered",
        "events",
        "links",
        "record_exception",
        "set_status_on_exception",
        "start_time",
        "status",
    )

    def __init__(
        self,
        *,
        context: Context | None = None,
        links: Any = None,
        start_time: int | None = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
        end_on_exit: bool = True,
    ) -> None:
        self.context = context
        self.links = links
        self.start_time = start_time
        self.record_exception = record_exception
        self.set_status_on_exception = set_status_on_exception
        self.end_on_exit = end_on_exit
        self.events: deque[RecordedEvent] | None = None
        self.status: Status | None = None
        self.dropped_attributes = 0
        self.dropped_events = 0
        self.dropped_links = 0
        self.entered = 0

    def keep_links(self, links: list[RecordedLink], most: int) -> None:
        """Take the links that a span starts with, the last of them where there are more than `most`."""
        self.links = deque(links, maxlen=most)
        self.dropped_links = len(links) - len(self.links)


def is_valid_link(context: SpanContext | None, attributes: Attributes) -> bool:
    """Whether a link is worth keeping: its context is valid, or has attributes or a trace state."""
    is_context = issubclass(type(context), SpanContext)
    return is_context and bool(context.is_valid or attributes or context.trace_state)  # type: ignore[union-attr]


def usable_links(links: Any) -> list[Link]:
    """The links that are worth keeping; none if they cannot be read."""
    try:
        return [link for link in islice(sequence(links) or (), _MOST_LINKS) if _is_valid(link)]
    except BaseException as error:
        let_pass(error)
        return []


def _is_valid(link: Any) -> bool:
    try:
        if type(link) is Link and link.attributes is None and type(link.context) is SpanContext:
            return link.context.is_valid or bool(link.context.trace_state)
        return issubclass(type(link), Link) and is_valid_link(link.context, copy(link.attributes))
    except BaseException as error:
        let_pass(error)
        return False


def exception_attributes(exception: BaseException, escaped: bool) -> dict[str, str]:
    """The attributes of an exception's event.

    https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/
    """
    return {
        EXCEPTION_TYPE: full_class_name(type(exception)),
        EXCEPTION_MESSAGE: head(text_of(exception)),
        EXCEPTION_STACKTRACE: stack_trace(exception),
        EXCEPTION_ESCAPED: str(type(escaped) in IMMUTABLE and bool(escaped)),
    }
