"""What failed traces say before anything of it is counted."""

from __future__ import annotations

from botobs._ops.traces.model import Kind, Span, Trace
from botobs._ops.why.answer import Errors
from botobs._ops.why.origins import failed_calls


def _span(number: int, category: str, operation: str = "create_order", error: bool = True) -> Span:
    attributes = {
        "exchange.name": "okx",
        "exchange.operation": operation,
        "exchange.error.category": category,
        "error.type": "ExchangeNotAvailable",
    }
    return Span(f"{number:016x}", "", "engine", operation, Kind.CLIENT, 0, 1, error, "", attributes)


def test_failed_calls_are_counted_by_kind() -> None:
    spans = (
        _span(1, "unavailable"),
        _span(2, "unavailable"),
        _span(3, "timeout"),
        _span(4, "", error=True),
        _span(5, "unavailable", error=False),
        # Filled in the meantime: nobody's fault.
        _span(6, "order", "cancel_order"),
    )
    found = failed_calls([Trace("1" * 32, spans)])
    assert found == (
        Errors("okx", "create_order", "unavailable", "ExchangeNotAvailable", 2, "engine"),
        Errors("okx", "create_order", "timeout", "ExchangeNotAvailable", 1, "engine"),
    )
