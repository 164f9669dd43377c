"""What a started span takes until it ends: attributes, events, links, a status, another name."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from time import perf_counter_ns
from typing import Any

from opentelemetry.trace import SpanContext, Status, StatusCode

from ...plain import IMMUTABLE
from ...safe import Log, nanoseconds, never_raise, text_of
from ..freeze import Attributes, copy, freeze
from .details import Details, RecordedEvent, RecordedLink, exception_attributes, is_valid_link
from .reading import SpanState

_logger = Log(__name__)


class ChangeableSpan(SpanState):
    """A span that takes changes while it records. What comes after its end is dropped, and logged."""

    __slots__ = ()

    def _ended(self, method: str) -> bool:
        """Whether the span does not record, which is logged."""
        if self._end is None:
            return False
        _logger.warning("Tried calling %s on an ended span.", method)
        return True

    def _more(self) -> Details:
        """The details, created if there are none yet."""
        if self._details is None:
            self._details = Details()
        return self._details

    def set_attribute(self, key: str, value: Any) -> None:
        """Set one attribute, whose value is copied; the oldest is dropped when there are too many."""
        if self._end is not None:
            self._ended("set_attribute")
            return
        if (type(key) is not str or not key) and not (
            key := text_of(key) if issubclass(type(key), str) else ""
        ):
            self._more().dropped_attributes += 1
            return
        if type(value) not in IMMUTABLE:
            value = freeze(value)
        attributes = self._attributes
        if key in attributes:
            attributes.pop(key, None)
        elif len(attributes) >= self._tracer.limits.attributes:
            self._more().dropped_attributes += 1
            if not attributes:
                return
            attributes.pop(next(iter(attributes)), None)
        attributes[key] = value

    @never_raise
    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        """Set several attributes; see `set_attribute`."""
        if self._end is not None:
            self._ended("set_attributes")
            return
        new, own = copy(attributes), self._attributes
        if "" in new or len(own) + len(new) > self._tracer.limits.attributes:
            for key, value in new.items():
                self.set_attribute(key, value)
            return
        # All at once, the latest last.
        if not own.keys().isdisjoint(new):
            for key in new:
                own.pop(key, None)
        own.update(new)

    @never_raise
    def add_event(self, name: str, attributes: Attributes = None, timestamp: int | None = None) -> None:
        """Record an event, now or at `timestamp`, in nanoseconds since the epoch."""
        if self._end is not None or self._trace is None:
            self._ended("add_event")
            return
        given = None if timestamp is None else nanoseconds(timestamp)
        when = perf_counter_ns() + self._trace[3] if given is None else given
        details = self._details or self._more()
        if details.events is None:
            details.events = deque(maxlen=self._tracer.limits.events)
        if len(details.events) == details.events.maxlen:
            details.dropped_events += 1
        if type(name) is not str:
            name = text_of(name)
        details.events.append(RecordedEvent(name, when, copy(attributes)))

    @never_raise
    def add_link(self, context: SpanContext, attributes: Attributes = None) -> None:
        """Link the span to another one."""
        copied = copy(attributes)
        if self._ended("add_link") or not is_valid_link(context, copied):
            return
        self._append_link(RecordedLink(context, copied))

    def _append_link(self, link: RecordedLink) -> None:
        details = self._more()
        if details.links is None:
            details.links = deque(maxlen=self._tracer.limits.links)
        if len(details.links) == details.links.maxlen:
            details.dropped_links += 1
        details.links.append(link)

    @never_raise
    def update_name(self, name: str) -> None:
        """Rename the span."""
        if not self._ended("update_name"):
            self._name = text_of(name)

    @never_raise
    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        """Set the status. `OK` is final and `UNSET` is ignored, as the specification says."""
        if self._ended("set_status"):
            return
        if type(status) is StatusCode:
            status = Status(status, None if description is None else text_of(description))
        elif type(status) is not Status:
            return
        elif description is not None:
            _logger.warning(
                "Description %s ignored. Use either `Status` or `(StatusCode, Description)`", description
            )
        details = self._more()
        was_ok = details.status is not None and details.status.status_code is StatusCode.OK
        if not was_ok and status.status_code is not StatusCode.UNSET:
            details.status = status

    @never_raise
    def record_exception(
        self,
        exception: BaseException,
        attributes: Attributes = None,
        timestamp: int | None = None,
        escaped: bool = False,
    ) -> None:
        """Record an exception as an event; its text and traceback are taken now."""
        self.add_event(
            "exception", {**exception_attributes(exception, escaped), **copy(attributes)}, timestamp
        )
