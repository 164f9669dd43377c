"""The fixtures, for `pytest_plugins` of those who switch off what pytest finds by itself."""

from __future__ import annotations

from pytest_botobs import botobs_capture

__all__ = ["botobs_capture"]
