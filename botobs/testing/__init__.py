"""Tests of what a service reports, without network.

The fixture `botobs_capture` is there in every test once botobs is installed:

    def test_an_order_is_filled(botobs_capture):
        trade()
        assert botobs_capture.value("botobs.orders", {"botobs.order.outcome": "filled"}) == 1
"""

from __future__ import annotations

__all__ = ["Capture", "Event", "FakeClock", "Log", "Point", "SequentialIds", "Span", "capture"]

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._capture import Capture, capture
    from ._determinism import FakeClock, SequentialIds
    from ._model import Event, Log, Point, Span

_WHERE = {
    "Capture": "_capture",
    "capture": "_capture",
    "FakeClock": "_determinism",
    "SequentialIds": "_determinism",
    "Event": "_model",
    "Log": "_model",
    "Point": "_model",
    "Span": "_model",
}


def __getattr__(name: str) -> Any:
    # pytest imports this package in every run for the plugin; the SDK comes with the first use.
    from importlib import import_module

    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_WHERE[name]}", __name__), name)
