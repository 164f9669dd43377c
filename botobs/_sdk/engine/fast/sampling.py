"""The decisions of OpenTelemetry's own samplers as numbers.

`ALWAYS_ON`, `ALWAYS_OFF`, `TraceIdRatioBased` and `ParentBased` over these decide from the trace id and the parent's
flags alone. Their decisions are kept as numbers, so that the usual span costs no call and no `SamplingResult`.
Any other sampler is called as the specification says.
"""

from __future__ import annotations

from dataclasses import dataclass

from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased, Sampler, TraceIdRatioBased
from opentelemetry.trace import SpanContext

#: Samplers look at the lower half of the trace id: it is sampled if below their bound.
TRACE_ID_MASK = TraceIdRatioBased.TRACE_ID_LIMIT
EVERYTHING = TRACE_ID_MASK + 1


@dataclass(frozen=True, slots=True)
class SamplingBounds:
    """A span is sampled if its masked trace id is below the bound for its kind of parent."""

    root: int
    local_sampled: int
    local_unsampled: int
    remote_sampled: int
    remote_unsampled: int

    def below(self, parent: SpanContext | None) -> int:
        """The bound for a span below `parent`; for a new trace without one."""
        if parent is None:
            return self.root
        sampled = parent.trace_flags & 1
        if parent.is_remote:
            return self.remote_sampled if sampled else self.remote_unsampled
        return self.local_sampled if sampled else self.local_unsampled


def bounds_of(sampler: Sampler) -> SamplingBounds | None:
    """The decisions of `sampler` as bounds, or `None` if it has to be called for every span."""
    bound = _bound(sampler)
    if bound is not None:
        return SamplingBounds(bound, bound, bound, bound, bound)
    if type(sampler) is not ParentBased:
        return None
    bounds = (
        _bound(sampler._root),
        _bound(sampler._local_parent_sampled),
        _bound(sampler._local_parent_not_sampled),
        _bound(sampler._remote_parent_sampled),
        _bound(sampler._remote_parent_not_sampled),
    )
    known = [bound for bound in bounds if bound is not None]
    return SamplingBounds(*known) if len(known) == len(bounds) else None


def _bound(sampler: Sampler) -> int | None:
    if sampler is ALWAYS_ON:
        return EVERYTHING
    if sampler is ALWAYS_OFF:
        return 0
    return sampler.bound if type(sampler) is TraceIdRatioBased else None
