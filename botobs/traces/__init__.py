"""Finds traces in Tempo and lays one out in time; how it is drawn is the command line's business."""

from __future__ import annotations

from .model import Kind, Span, Trace
from .query import build_query, parse_duration
from .tempo import NoSuchTrace, Summary, TempoClient, TempoError
from .waterfall import Row, lay_out

__all__ = [
    "Kind",
    "NoSuchTrace",
    "Row",
    "Span",
    "Summary",
    "TempoClient",
    "TempoError",
    "Trace",
    "build_query",
    "lay_out",
    "parse_duration",
]
