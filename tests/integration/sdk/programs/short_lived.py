"""Makes one span and ends, long before its metrics are due."""

from __future__ import annotations

import botobs

botobs.init("short-lived", metric_interval=3600)
with botobs.span("all there was"):
    pass
