"""A stack trace is bounded and keeps its last lines; nothing of a secret is left where a text is cut."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from botobs._sdk.engine.stack_trace import stack_trace
from botobs._sdk.safe import head
from tests.support.hostile import EXCEPTIONS

from .conftest import Recording

LIMIT = 8192


def raised(error: BaseException, depth: int = 0) -> BaseException:
    """`error`, raised `depth` calls further down."""

    def even(left: int) -> None:
        if not left:
            raise error
        odd(left - 1)

    def odd(left: int) -> None:
        # Two functions that call each other: Python writes repeated lines of one only once.
        if not left:
            raise error
        even(left - 1)

    try:
        even(depth)
    except BaseException as caught:
        return caught
    raise AssertionError


def test_a_short_one_is_as_python_prints_it() -> None:
    error = raised(ValueError("no price"))
    text = stack_trace(error)
    assert text.startswith("Traceback (most recent call last):\n")
    assert text.endswith("\nValueError: no price\n")
    assert "in even\n    raise error\n" in text


def test_a_deep_one_keeps_both_ends() -> None:
    text = stack_trace(raised(ValueError("no price"), 300))
    assert len(text) <= LIMIT
    assert text.startswith("Traceback (most recent call last):\n")
    assert "in raised\n    even(depth)\n" in text
    assert text.endswith("    raise error\nValueError: no price\n")
    (cut,) = re.findall(r"\n\[(\d+) characters cut\]\n", text)
    assert int(cut) > 20_000


@pytest.mark.parametrize("size", [4000, 100_000])
def test_a_long_message_keeps_its_head_and_the_frames(size: int) -> None:
    text = stack_trace(raised(ValueError("no price " * (size // 9))))
    assert len(text) <= LIMIT
    assert "in even\n    raise error\nValueError: no price no price" in text
    (cut,) = re.findall(r"\[(\d+) characters cut\]\n\Z", text)
    assert size - 3200 < int(cut) < size - 2800


def chain(length: int) -> BaseException:
    error: BaseException = ValueError("first")
    for number in range(length):
        later = RuntimeError(f"attempt {number}")
        later.__cause__ = error
        error = later
    return error


def ring() -> BaseException:
    error, other = ValueError("ring"), KeyError("other")
    error.__cause__, other.__context__ = other, error
    return error


def nest(depth: int) -> BaseException:
    error: Exception = ValueError("inmost")
    for _ in range(depth):
        error = ExceptionGroup("nest", [error, error])
    return error


LARGE = {
    "chain": lambda: chain(20_000),
    "ring": ring,
    "group": lambda: ExceptionGroup("legs", [ValueError(f"leg {number}") for number in range(20_000)]),
    "nest": lambda: nest(60),
    "groups in a chain": lambda: raised(BaseExceptionGroup("outer", [chain(200), ring()])),
    "deep and long": lambda: raised(ValueError("x " * 100_000), 300),
}


@pytest.mark.parametrize("make", LARGE.values(), ids=LARGE)
def test_large_ones_are_bounded(make: Callable[[], BaseException]) -> None:
    error = make()
    text = stack_trace(error)
    assert len(text) <= LIMIT
    assert type(error).__name__ in text
    assert str(error)[:20] in text


def test_of_a_long_chain_the_latest_are_kept() -> None:
    text = stack_trace(chain(5000))
    assert text.endswith("RuntimeError: attempt 4999\n")
    assert "RuntimeError: attempt 4990\n" in text
    assert text.startswith("[earlier exceptions are left out]\n")


@pytest.mark.parametrize("kind", EXCEPTIONS)
def test_whatever_is_raised_has_a_stack_trace(kind: type[Exception]) -> None:
    text = stack_trace(raised(kind(), 5))
    assert kind.__name__ in text
    assert len(text) <= LIMIT


def test_both_engines_send_the_last_lines(recording: Recording) -> None:
    error = raised(ValueError("no price"), 300)
    with recording.tracer.start_as_current_span("span") as span:
        span.record_exception(error)
    (sent,) = recording.trace_request().resource_spans[0].scope_spans[0].spans
    values = {pair.key: pair.value.string_value for pair in sent.events[0].attributes}
    assert values["exception.stacktrace"].endswith("    raise error\nValueError: no price\n")
    assert values["exception.message"] == "no price"


class Rejected(Exception):
    """Its text is its class's to say: the arguments alone are not it."""

    def __init__(self, code: int) -> None:
        super().__init__()
        self.code = code

    def __str__(self) -> str:
        return f"refused with {self.code}"


def test_what_an_exception_says_of_itself_arrives(recording: Recording) -> None:
    with pytest.raises(Rejected), recording.tracer.start_as_current_span("span"):
        raise Rejected(-2010)
    (sent,) = recording.trace_request().resource_spans[0].scope_spans[0].spans
    values = {pair.key: pair.value.string_value for pair in sent.events[0].attributes}
    assert values["exception.message"] == "refused with -2010"
    assert values["exception.stacktrace"].endswith("Rejected: refused with -2010\n")
    assert sent.status.message == "Rejected: refused with -2010"


# -- secrets where text is cut ----------------------------------------------------------------------------------------

# With no mark of a secret but its length; and the same for every run.
KEY = "".join(random.Random(7).choices(string.ascii_letters + string.digits, k=64))


def left_of_key(text: str) -> int:
    """Characters of the longest part of `KEY` that is in `text`."""
    longest = 0
    for start in range(len(KEY)):
        while KEY[start : start + longest + 1] in text and start + longest < len(KEY):
            longest += 1
    return longest


PLACES: dict[str, Callable[[Any, str], None]] = {
    "attribute": lambda span, text: span.set_attribute("body", text),
    "list": lambda span, text: span.set_attribute("body", [text]),
    "event": lambda span, text: span.add_event("event", {"body": text}),
    "link": lambda span, text: span.add_link(span.get_span_context(), {"body": text}),
    "exception": lambda span, text: span.record_exception(raised(ValueError(text))),
    "status": lambda span, text: span.set_status(2, text),
}


@pytest.mark.parametrize("place", PLACES)
@settings(max_examples=15)
@given(data=st.data())
def test_no_part_of_a_key_is_left_where_a_text_is_cut(place: str, data: st.DataObject) -> None:
    near = data.draw(st.sampled_from([3000, 8192, 8192 + 4096, 64 * 1024, 64 * 1024 - 4096]))
    before = near - data.draw(st.integers(0, 70))
    after = data.draw(st.sampled_from([0, 1, 100, 300_000]))
    text = ("x " * before)[: before - 1] + " " + KEY + " y" * after
    for name in ("stock", "fast"):
        recording = Recording(name)
        with recording.tracer.start_as_current_span("span") as span:
            PLACES[place](span, text)
        for ended in recording.ended:
            recording.engine.span_size(ended)
        assert left_of_key(str(recording.trace_request())) < 6, name
        recording.engine.shutdown()


@given(st.text(alphabet="ab 1=/\n", max_size=60), st.integers(1, 30))
def test_a_head_ends_between_words(text: str, most: int) -> None:
    short = head(text, most)
    if len(text) <= most:
        assert short == text
        return
    kept, cut = re.fullmatch(r"(.*)\[(\d+) characters cut\]", short, re.DOTALL).groups()  # type: ignore[union-attr]
    assert text.startswith(kept)
    assert len(kept) + int(cut) == len(text)
    assert not re.search(r"[\w+/=-]\Z", kept)
