"""The guard of all instrumentations, under the name by which those of exchanges know it."""

from __future__ import annotations

from .._guard import guarded, report

__all__ = ["guarded", "report"]
