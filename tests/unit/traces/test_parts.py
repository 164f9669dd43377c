"""What the time of a trace was spent on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botobs._ops.traces import Kind, Part, Span, Trace, break_down
from botobs._ops.traces.model import Value
from botobs._ops.traces.waterfall import describe

MS = 10**6


def _span(
    name: str, parent: str, start: int, end: int, kind: Kind = Kind.INTERNAL, **attributes: Value
) -> Span:
    named = {key.replace("__", "."): value for key, value in attributes.items()}
    return Span(name, parent, "engine", name, kind, start * MS, end * MS, attributes=named)


def _parts(*spans: Span) -> dict[str, float]:
    return {share.part: round(share.seconds * 1000, 3) for share in break_down(Trace("t", spans))}


def test_an_order_is_told_apart_into_its_parts() -> None:
    assert _parts(
        _span("turn", "", 0, 100, botobs__event_loop__lag=0.01),
        _span("select", "turn", 10, 30, Kind.CLIENT, db__system__name="postgresql"),
        _span("order", "turn", 40, 90, Kind.CLIENT, exchange__name="okx", exchange__throttle__wait=0.02),
    ) == {Part.THROTTLE: 20, Part.NETWORK: 30, Part.DATABASE: 20, Part.LOOP: 10, Part.OWN: 20}


def test_a_blocked_loop_counts_once() -> None:
    assert _parts(
        _span("turn", "", 0, 100, botobs__event_loop__lag=0.03),
        _span("decision", "turn", 0, 100),
        _span("order", "decision", 20, 80, Kind.CLIENT, exchange__name="okx", botobs__event_loop__lag=0.03),
    ) == {Part.NETWORK: 30, Part.LOOP: 30, Part.OWN: 40}


def test_a_call_between_services_is_what_its_other_side_does_not_explain() -> None:
    assert _parts(_span("POST", "", 0, 50, Kind.CLIENT), _span("turn", "POST", 10, 40, Kind.SERVER)) == {
        Part.CALL: 20,
        Part.OWN: 30,
    }


def test_time_without_any_span_is_named() -> None:
    assert _parts(_span("a", "", 0, 10), _span("b", "a", 30, 40)) == {Part.OWN: 20, Part.UNSEEN: 20}


_SPANS = st.lists(
    st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(0, 5), st.floats(0, 0.1), st.booleans()),
    min_size=1,
    max_size=8,
)


@given(_SPANS)
def test_the_parts_add_up_to_the_whole(raw: list[tuple[int, int, int, float, bool]]) -> None:
    spans = [
        _span(
            str(number),
            str(parent),
            start,
            start + length,
            Kind.CLIENT if call else Kind.INTERNAL,
            exchange__throttle__wait=wait,
            botobs__event_loop__lag=wait / 2,
        )
        for number, (start, length, parent, wait, call) in enumerate(raw)
    ]
    trace = Trace("t", tuple(spans))
    # Each part that is too short to be shown may be missing.
    assert sum(share.seconds for share in break_down(trace)) == pytest.approx(trace.duration, abs=1e-5)


def test_lengths_of_time_have_their_unit_in_a_row() -> None:
    attributes: dict[str, Value] = {
        "exchange.symbol": "BTC/USDT",
        "exchange.throttle.wait": 0.0141,
        "botobs.event_loop.lag": 0.25,
    }
    assert describe(attributes) == "BTC/USDT · throttled 0.0141 s · loop blocked 0.25 s"
