"""Finds traces in Tempo or in the embedded store, and lays one out in time; the command line draws it."""

from __future__ import annotations

from .embedded import EmbeddedTraces
from .model import Kind, Span, Trace
from .parts import Part, Share, break_down, part_of, throttled
from .query import newest
from .source import Found, NoSuchTrace, Summary, TraceSource, Wanted, full_trace_id
from .tempo import TempoClient, TempoError
from .waterfall import Row, lay_out

__all__ = [
    "EmbeddedTraces",
    "Found",
    "Kind",
    "NoSuchTrace",
    "Part",
    "Row",
    "Share",
    "Span",
    "Summary",
    "TempoClient",
    "TempoError",
    "Trace",
    "TraceSource",
    "Wanted",
    "break_down",
    "full_trace_id",
    "lay_out",
    "newest",
    "part_of",
    "throttled",
]
