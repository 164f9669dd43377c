"""The tracer provider: hands out tracers, and takes what users attach."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, SpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import Sampler
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import TracerProvider as ApiTracerProvider

from ..freeze import Attributes
from ..scope import usable_scope
from .shared import Shared
from .tracer import Tracer


class TracerProvider(ApiTracerProvider):
    """Hands out tracers; takes the upstream SDK's samplers, span processors and id generators.

    Args:
        resource: The process that the spans come from.
        sampler: Any sampler of the upstream SDK.
        sink: Called with every sampled span that ended, on the thread that ends it; must not block.
        limits: The upstream SDK's limits.
    """

    def __init__(
        self,
        resource: Resource,
        sampler: Sampler,
        sink: Callable[[Any], None],
        limits: SpanLimits | None = None,
    ) -> None:
        self.shared = Shared(resource, sampler, sink, limits or SpanLimits())
        self._tracers: dict[tuple[Any, ...], Tracer] = {}
        self._lock = threading.RLock()

    @property
    def resource(self) -> Resource:
        """The process that the spans come from."""
        return self.shared.resource

    @property
    def sampler(self) -> Sampler:
        """The sampler; may be replaced at any time."""
        return self.shared.sampler

    @sampler.setter
    def sampler(self, sampler: Sampler) -> None:
        self.shared.sample_with(sampler)
        self._configure()

    @property
    def id_generator(self) -> IdGenerator:
        """The id generator; any but the random ones of upstream and botobs is called for every id."""
        return self.shared.id_generator

    @id_generator.setter
    def id_generator(self, generator: IdGenerator) -> None:
        self.shared.take_ids_from(generator)
        self._configure()

    def add_span_processor(self, span_processor: SpanProcessor) -> None:
        """Let an upstream span processor see every recording span."""
        with self._lock:
            self.shared.processors = (*self.shared.processors, span_processor)
        self._configure()

    def _configure(self) -> None:
        for tracer in tuple(self._tracers.values()):
            tracer.configure()

    def get_tracer(
        self,
        instrumenting_module_name: str,
        instrumenting_library_version: str | None = None,
        schema_url: str | None = None,
        attributes: Attributes = None,
    ) -> Tracer:
        """The tracer of an instrumentation scope, always the same one."""
        name, version, schema_url, attributes = usable_scope(
            instrumenting_module_name, instrumenting_library_version, schema_url, attributes
        )
        scope = InstrumentationScope(name, version or "", schema_url, attributes)
        with self._lock:
            # The scope's hash leaves its attributes out, its equality does not.
            return self._tracers.setdefault((scope,), Tracer(self.shared, scope))

    @property
    def spans_started(self) -> int:
        """Recorded spans started so far."""
        return sum(tracer.spans_started for tracer in tuple(self._tracers.values()))

    def reset_after_fork(self, resource: Resource) -> None:
        """Start from zero in a forked child, as the process of `resource`, with a new lock."""
        self._lock = threading.RLock()
        self.shared.resource = resource
        for tracer in self._tracers.values():
            tracer.spans_started = 0

    def close(self) -> None:
        """Drop the spans that end from now on."""
        self.shared.sink = _nowhere
        self._configure()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Flush the attached span processors.

        Args:
            timeout_millis: Milliseconds for all of them together.

        Returns:
            Whether all have flushed in time.
        """
        deadline = time.monotonic() + timeout_millis / 1000
        flushed = True
        for processor in self.shared.processors:
            remaining = int((deadline - time.monotonic()) * 1000)
            if remaining <= 0:
                return False
            flushed = processor.force_flush(remaining) is not False and flushed
        return flushed

    def shutdown(self) -> None:
        """Shut the attached span processors down."""
        for processor in self.shared.processors:
            processor.shutdown()


def _nowhere(span: Any) -> None:
    """Drop a span that ends after the engine was shut down."""
