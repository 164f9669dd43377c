"""Early exports for faults that cost money: code that detects one asks here for metrics before the next interval.

A module of its own, for those who find it out (the exchange instrumentations, `botobs.trading`) know nothing of who
exports. Asking is cheap and may be done on any thread; `Pipeline.report_soon` bounds how often an export follows.
"""

from __future__ import annotations

from collections.abc import Callable

_exporters: list[Callable[[], None]] = []


def follow(export_soon: Callable[[], None]) -> None:
    """Call `export_soon` from now on at each request; it must not block."""
    _exporters.append(export_soon)


def unfollow(export_soon: Callable[[], None]) -> None:
    """Stop calling `export_soon`."""
    if export_soon in _exporters:
        _exporters.remove(export_soon)


def report_soon() -> None:
    """Have metrics exported before their time, because they say what must be known at once."""
    for export_soon in _exporters:
        export_soon()
