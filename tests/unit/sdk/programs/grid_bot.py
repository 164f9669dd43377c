"""Knows nothing of botobs; prints its arguments and ends with 5."""

from __future__ import annotations

import sys

from opentelemetry import trace

with trace.get_tracer("mine").start_as_current_span("worked"):
    print(*sys.argv[1:])
sys.exit(5)
