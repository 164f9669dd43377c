"""The plugin's fixture, which pytest finds by itself only where botobs is installed anew."""

from __future__ import annotations

from botobs.testing.plugin import botobs_capture

__all__ = ["botobs_capture"]
