"""Trace and span ids that are derived instead of drawn, so that another process can compute them too.

The ids of an order's trace are derived from its client order id, so that a process that did not send the order
continues the same trace. The tracing API has no parameter for an id, but calls an id generator for each.
"""

from __future__ import annotations

import hashlib
import os
from contextvars import ContextVar
from random import Random
from typing import NamedTuple

from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import SpanContext, TraceFlags, TracerProvider

#: Flags of a span that is exported; made once.
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)


class Ids(NamedTuple):
    """The ids of one span, known before the span exists."""

    trace_id: int
    span_id: int

    @classmethod
    def derive(cls, *identity: str) -> Ids:
        """The ids of `identity`, a hash; the same in every process and forever."""
        # Client order ids come from exchanges too, and may contain what UTF-8 cannot encode.
        digest = hashlib.sha256("\0".join(identity).encode("utf-8", "surrogatepass")).digest()
        # Zero is not a valid id.
        return cls(
            trace_id=int.from_bytes(digest[:16], "big") or 1,
            span_id=int.from_bytes(digest[16:24], "big") or 1,
        )

    def span_context(self) -> SpanContext:
        """A sampled, remote span context with these ids, as a parent or for a link."""
        return SpanContext(self.trace_id, self.span_id, is_remote=True, trace_flags=_SAMPLED)


#: Whatever botobs draws. Not the global generator: `random.seed(42)` in a backtest must not give every run the same
#: trace ids, and what we draw would change what the backtest draws. A forked child reseeds, or it would go on drawing
#: its parent's numbers.
RANDOM = Random()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=RANDOM.seed)

#: `getrandbits(128) or 1` is a trace id, `getrandbits(64) or 1` a span id; zero would be invalid.
getrandbits = RANDOM.getrandbits

_next: ContextVar[Ids | None] = ContextVar("botobs_next_ids", default=None)

#: The ids that the root span now being started is to have, if they were given; `taken` without the call around it.
given_ids = _next.get


def taken() -> Ids | None:
    """The ids that the span now being started is to have, if they were given."""
    return _next.get()


class IdGenerator(RandomIdGenerator):
    """Random ids, except for spans that are started within `given`."""

    def generate_trace_id(self) -> int:
        """The given trace id, or a random one."""
        ids = taken()
        return getrandbits(128) or 1 if ids is None else ids.trace_id

    def generate_span_id(self) -> int:
        """The given span id, or a random one."""
        ids = taken()
        return getrandbits(64) or 1 if ids is None else ids.span_id


def honours_given_ids(provider: TracerProvider) -> bool:
    """Whether spans of `provider` use the ids of `given`."""
    return isinstance(getattr(provider, "id_generator", None), IdGenerator)


class given:
    """Gives `ids`, if there are any, to the one root span that is started inside.

    No generator of `contextlib`: each order starts such a span, and would pay four times as much.
    """

    __slots__ = ("_ids", "_token")

    def __init__(self, ids: Ids | None) -> None:
        self._ids = ids

    def __enter__(self) -> None:
        self._token = _next.set(self._ids)

    def __exit__(self, *_: object) -> None:
        _next.reset(self._token)
