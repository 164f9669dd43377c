"""Headers that a stranger sends do not fill the service's log."""

from __future__ import annotations

import pytest
from opentelemetry import propagate

from botobs._sdk import propagation
from botobs._sdk.redaction import Redactor


def _extract(caplog: pytest.LogCaptureFixture) -> int:
    """How many lines are written of a wrong header of 100 entries."""
    caplog.clear()
    propagate.extract({"baggage": ",".join(["wrong"] * 100), "tracestate": "=,".join(["x"] * 40)})
    return len(caplog.records)


def test_of_each_mistake_there_is_a_line(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = _extract(caplog)
    assert without >= 100
    propagation.guard(Redactor())
    try:
        assert 0 < _extract(caplog) < 5
        assert _extract(caplog) == 0
        monkeypatch.setattr(propagation, "_SELDOM_S", 0.0)
        propagation._seldom._next.clear()
        assert _extract(caplog) == without
    finally:
        propagation.release()
        propagation._seldom._next.clear()
    assert _extract(caplog) == without
