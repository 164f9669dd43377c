"""What a span asks of its tracer, so that neither module of spans imports the tracer's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanKind

from ...context import Context
from ..freeze import Attributes
from .limits import Limits
from .shared import Shared


class SpanTracer(Protocol):
    """A tracer, described at `Tracer`."""

    limits: Limits
    root_bound: int | None
    scope: InstrumentationScope
    shared: Shared
    sink: Callable[[Any], None]
    spans_started: int

    def usual_span(self, name: str, kind: SpanKind, attributes: Attributes) -> Any:
        """A span that is not started."""

    def decide(
        self,
        context: Context | None,
        name: str,
        kind: SpanKind,
        attributes: Attributes,
        links: Sequence[Link],
    ) -> Any:
        """What the span needs to start, or the span to use instead."""

    def started(self, span: Any, context: Context | None) -> None:
        """Count a started span, and notify the span processors."""

    def ended(self, span: Any) -> None:
        """Notify the span processors of an ended span, and hand it to the exporter."""
