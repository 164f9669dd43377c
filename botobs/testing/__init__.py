"""Tests of what a service reports, without network.

The fixture `botobs_capture` is there in every test once botobs is installed:

    def test_an_order_is_filled(botobs_capture):
        trade()
        assert botobs_capture.value("botobs.orders", {"botobs.order.outcome": "filled"}) == 1
"""

from __future__ import annotations

from ._capture import Capture, capture
from ._determinism import FakeClock, SequentialIds
from ._model import Event, Log, Point, Span

__all__ = ["Capture", "Event", "FakeClock", "Log", "Point", "SequentialIds", "Span", "capture"]
