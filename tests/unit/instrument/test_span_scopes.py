"""`use_span`: an exception of the service's leaves the block as it is, whatever its text does."""

from __future__ import annotations

import pytest
from opentelemetry import trace

from botobs.testing import Capture, capture


class Broken(Exception):
    """An exception without a text."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


@pytest.mark.parametrize("error", [Broken(), ValueError("of the service"), KeyboardInterrupt()])
def test_an_exception_is_not_replaced(botobs_capture: Capture, error: BaseException) -> None:
    span = trace.get_tracer("tested").start_span("span")
    with pytest.raises(BaseException) as caught, trace.use_span(span, end_on_exit=True):
        assert trace.get_current_span() is span
        raise error
    assert caught.value is error
    assert trace.get_current_span() is not span
    recorded = botobs_capture.span("span")
    failed = isinstance(error, Exception)
    assert recorded.status == ("error" if failed else "unset")
    assert [event.name for event in recorded.events] == (["exception"] if failed else [])


def test_what_is_recorded_can_be_chosen(botobs_capture: Capture) -> None:
    span = trace.get_tracer("tested").start_span("span")
    with (
        pytest.raises(ValueError, match="x"),
        trace.use_span(span, record_exception=False, set_status_on_exception=False),
    ):
        raise ValueError("x")
    span.end()
    recorded = botobs_capture.span("span")
    assert (recorded.status, recorded.events) == ("unset", ())


def test_it_is_replaced_again_after_it_was_taken_back() -> None:
    plain = trace.use_span
    for _ in range(2):
        with capture():
            assert trace.use_span is not plain
        assert trace.use_span is plain
