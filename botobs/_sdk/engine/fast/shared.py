"""What the tracers of a provider share: the sampler, the ids, the span processors, and where ended spans go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, SpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind

from ...context import Context
from ...ids import IdGenerator as OwnIdGenerator
from ...ids import getrandbits, given_ids
from ...safe import let_pass
from .limits import Limits
from .sampling import bounds_of


class Shared:
    """State of a provider that its tracers read. Whoever changes it has them read it again: `Tracer.configure`.

    Args:
        resource: The process that the spans come from.
        sampler: Any sampler of the upstream SDK.
        sink: Called with every sampled span that ended, on the thread that ends it; must not block.
        limits: The upstream SDK's limits.

    Attributes:
        processors: Upstream's span processors, which see every recording span.
        bounds: The sampler as numbers; None if it has to be called.
        has_own_ids: Whether ids are random ones, drawn without calling a generator.
    """

    def __init__(
        self, resource: Resource, sampler: Sampler, sink: Callable[[Any], None], limits: SpanLimits
    ) -> None:
        self.resource = resource
        self.sink = sink
        self.limits = Limits.of(limits)
        self.processors: tuple[SpanProcessor, ...] = ()
        self.sample_with(sampler)
        self.take_ids_from(OwnIdGenerator())

    def sample_with(self, sampler: Sampler) -> None:
        """Have `sampler` decide from now on."""
        self.sampler = sampler
        self.bounds = bounds_of(sampler)

    def take_ids_from(self, generator: IdGenerator) -> None:
        """Any generator but the random ones of upstream and botobs is called for every id."""
        self.id_generator = generator
        self.has_own_ids = type(generator) in (OwnIdGenerator, RandomIdGenerator)

    def new_trace_id(self) -> tuple[int, int]:
        """A trace id, and the bit of the trace flags that says whether it is random (2 or 0)."""
        if self.has_own_ids:
            given = given_ids()
            return getrandbits(128) or 1 if given is None else given.trace_id, 2
        return self.id_generator.generate_trace_id(), 2 if self.id_generator.is_trace_id_random() else 0

    def new_span_id(self) -> int:
        """A span id: a random one, one given by `ids.given`, or the attached generator's."""
        if self.has_own_ids:
            given = given_ids()
            return getrandbits(64) or 1 if given is None else given.span_id
        return self.id_generator.generate_span_id()

    def ask_sampler(
        self,
        context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind,
        attributes: dict[str, Any],
        links: Sequence[Link],
    ) -> SamplingResult:
        """What the sampler says about a new span, see upstream's `Sampler.should_sample`."""
        try:
            return self.sampler.should_sample(context, trace_id, name, kind, attributes, links)
        except BaseException as error:
            # A service's own sampler failed: the span is recorded.
            let_pass(error)
            return SamplingResult(Decision.RECORD_AND_SAMPLE, attributes)
