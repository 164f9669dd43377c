"""The native stack: collector, Prometheus, Tempo, Alertmanager, PostgreSQL and its exporter, run as one unit."""

from __future__ import annotations

from ..errors import StackError
from ..home.home import Home
from .options import Options
from .stack import Stack

__all__ = ["Home", "Options", "Stack", "StackError"]
