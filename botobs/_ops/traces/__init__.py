"""Finds traces in Tempo and lays one out in time; how it is drawn is the command line's business."""

from __future__ import annotations

from .model import Kind, Span, Trace
from .parts import Part, Share, break_down, part_of, throttled
from .query import build_query, newest
from .tempo import Found, NoSuchTrace, Summary, TempoClient, TempoError
from .waterfall import Row, lay_out

__all__ = [
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
    "break_down",
    "build_query",
    "lay_out",
    "newest",
    "part_of",
    "throttled",
]
