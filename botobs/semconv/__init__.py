"""Every metric and attribute that botobs emits: name, unit, kind, meaning."""

from __future__ import annotations

from ._model import DURATION_BUCKETS, Metric

__all__ = ["DURATION_BUCKETS", "Metric"]
