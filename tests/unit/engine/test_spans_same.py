"""The same programs on both engines send the same spans, item by item."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import Enum, IntEnum
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.trace import Link, SpanKind, Status, StatusCode

from botobs._sdk.engine import Limits

from .conftest import SAMPLED

Same = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("warnings_not_compared")


def test_nesting(same: Same) -> None:
    def program(engine: Any) -> None:
        with engine.tracer.start_as_current_span("outer", attributes={"a": 1}) as outer:
            with engine.tracer.start_as_current_span("inner", kind=SpanKind.CLIENT):
                engine.tracer.start_span("leaf").end()
            with engine.tracer.start_as_current_span("sibling"):
                assert trace.get_current_span() is not outer
            assert trace.get_current_span() is outer
        assert trace.get_current_span() is trace.INVALID_SPAN

    same(program)


@pytest.mark.parametrize("kind", SpanKind)
def test_kinds(same: Same, kind: SpanKind) -> None:
    same(lambda engine: engine.tracer.start_span("s", kind=kind).end())


class Side(str, Enum):  # noqa: UP042
    BUY = "buy"


class Code(IntEnum):
    OK = 200


class Named:
    def __str__(self) -> str:
        return "named"


class Nameless:
    pass


ODD: dict[Any, Any] = {
    "text": "héllo ☃",
    "empty": "",
    "true": True,
    "false": False,
    "zero": 0,
    "small": 127,
    "larger": 128,
    "negative": -1,
    "largest": 2**63 - 1,
    "smallest": -(2**63),
    "float": 1.5,
    "infinite": float("inf"),
    "minus": -0.0,
    "none": None,
    "bytes": b"\x00\xff",
    "list": [1, 2, 3],
    "mixed": ["a", 1, None, 2.5, True],
    "nested": [[1], ["a", ["b"]]],
    "tuple": ("a", "b"),
    "range": range(3),
    "map": {"a": 1, "b": {"c": [1]}, 5: "five", "": "no name"},
    "enum": Side.BUY,
    "int enum": Code.OK,
    "when": datetime(2024, 1, 1),
    "named": Named(),
    "nameless": Nameless(),
    "set": {1},
    "": "no key",
}


@pytest.mark.parametrize("key", ODD)
def test_odd_attribute_types(same: Same, key: str) -> None:
    def program(engine: Any) -> None:
        with engine.tracer.start_as_current_span(
            "started with", attributes={"before": 1, key: ODD[key], "after": 2}
        ):
            pass
        with engine.tracer.start_as_current_span("set") as span:
            span.set_attribute(key, ODD[key])
            span.set_attribute("after", 2)
        with engine.tracer.start_as_current_span("set together") as span:
            span.set_attributes({"before": 1, key: ODD[key]})
            span.add_event("event", {key: ODD[key]})
            span.add_link(SAMPLED, {key: ODD[key]})

    same(program)


def test_keys_that_are_no_strings(same: Same) -> None:
    def program(engine: Any) -> None:
        with engine.tracer.start_as_current_span("s", attributes={5: "five", "a": 1}) as span:
            span.set_attribute(7, "seven")
            span.set_attribute(None, "none")

    same(program)


def test_what_changes_after_it_was_set(same: Same) -> None:
    def program(engine: Any) -> None:
        symbols, levels, attributes = ["BTC"], {"bid": [1]}, {"a": 1}
        with engine.tracer.start_as_current_span(
            "s", attributes={"symbols": symbols, "levels": levels}
        ) as span:
            span.set_attribute("again", symbols)
            span.add_event("event", {"symbols": symbols})
            span.add_link(SAMPLED, {"symbols": symbols})
            symbols.append("ETH")
            levels["bid"].append(2)
        with engine.tracer.start_as_current_span("t", attributes=attributes):
            attributes["b"] = 2

    fast = same(program)
    assert "ETH" not in str(fast.spans())


def test_overwriting(same: Same) -> None:
    def program(engine: Any) -> None:
        with engine.tracer.start_as_current_span("s", attributes={"a": 1, "b": 2}) as span:
            span.set_attribute("a", "one")
            span.update_name("renamed")
            span.set_attributes({"b": "two", "c": 3})

    same(program)


def test_events_and_links(same: Same) -> None:
    def program(engine: Any) -> None:
        with engine.tracer.start_as_current_span("target") as target:
            pass
        links = [
            Link(SAMPLED, {"k": "v"}),
            Link(trace.INVALID_SPAN_CONTEXT),
            Link(trace.INVALID_SPAN_CONTEXT, {"k": 1}),
        ]
        with engine.tracer.start_as_current_span("s", links=links) as span:
            span.add_link(target.get_span_context())
            span.add_link(trace.INVALID_SPAN_CONTEXT)
            span.add_event("first", {"n": 1})
            span.add_event("second", timestamp=5)

    same(program)


def test_explicit_times(same: Same) -> None:
    def program(engine: Any) -> None:
        span = engine.tracer.start_span("s", start_time=1_000)
        span.add_event("e", timestamp=1_500)
        span.end(2_000)
        with engine.tracer.start_as_current_span("t", start_time=1_000, end_on_exit=False) as span:
            pass
        span.end(end_time=4_000)
        for group in engine.trace_request().resource_spans[0].scope_spans[0].spans:
            assert (group.start_time_unix_nano, group.end_time_unix_nano) in ((1_000, 2_000), (1_000, 4_000))

    same(program)


@pytest.mark.parametrize("record", (True, False))
@pytest.mark.parametrize("status", (True, False))
def test_exceptions(same: Same, record: bool, status: bool) -> None:
    def program(engine: Any) -> None:
        for name, error in (("value", ValueError("bad")), ("exit", SystemExit(3)), ("custom", OrderError())):
            with (
                pytest.raises(type(error)),
                engine.tracer.start_as_current_span(
                    name, record_exception=record, set_status_on_exception=status
                ),
            ):
                raise error
            with (
                pytest.raises(type(error)),
                engine.tracer.start_span(
                    f"{name} started", record_exception=record, set_status_on_exception=status
                ),
            ):
                raise error

    same(program)


class OrderError(Exception):
    def __str__(self) -> str:
        return "rejected: api_key=s3cr3tvalue"


def test_recorded_exceptions(same: Same) -> None:
    def program(engine: Any) -> None:
        with engine.tracer.start_as_current_span("s") as span:
            try:
                raise KeyError("gone") from ValueError("cause")
            except KeyError as error:
                span.record_exception(error)
                span.record_exception(
                    error, {"extra": 1, "exception.message": "mine"}, timestamp=7, escaped=True
                )

    fast = same(program)
    assert "cause" in str(fast.trace_request())


@pytest.mark.parametrize(
    "statuses",
    [
        [(StatusCode.OK,)],
        [(StatusCode.ERROR, "why")],
        [(StatusCode.OK, "ignored")],
        [(StatusCode.OK,), (StatusCode.ERROR, "too late")],
        [(StatusCode.ERROR, "first"), (StatusCode.ERROR, "second")],
        [(StatusCode.ERROR, "first"), (StatusCode.UNSET,)],
        [(StatusCode.ERROR, "first"), (StatusCode.OK,)],
        [(Status(StatusCode.ERROR, "given"), "ignored")],
        [(Status(StatusCode.UNSET),)],
    ],
)
def test_status(same: Same, statuses: list[Any]) -> None:
    def program(engine: Any) -> None:
        with engine.tracer.start_as_current_span("s") as span:
            for status in statuses:
                span.set_status(*status)

    same(program)


def test_nothing_changes_after_the_end(same: Same) -> None:
    def program(engine: Any) -> None:
        with engine.tracer.start_as_current_span("s") as span:
            span.end()
            assert not span.is_recording()
        span.set_attribute("a", 1)
        span.set_attributes({"b": 1})
        span.add_event("e")
        span.add_link(SAMPLED)
        span.update_name("other")
        span.set_status(StatusCode.ERROR)
        span.record_exception(ValueError("late"))
        span.end()
        assert len(engine.ended) == 1

    same(program)


LIMITS = Limits(attributes=3, attribute_length=5, events=2, links=2)


def test_limits(same: Same) -> None:
    def program(engine: Any) -> None:
        many = {f"key{number}": "123456789" for number in range(6)}
        links = [Link(SAMPLED, {"n": number, "text": "123456789"}) for number in range(4)]
        with engine.tracer.start_as_current_span("s", attributes=many, links=links) as span:
            span.set_attribute("list", ["123456789"])
            span.set_attribute("key5", "again and again")
            for number in range(4):
                span.add_event(f"e{number}", many)
            span.add_link(SAMPLED, many)
        with engine.tracer.start_as_current_span("t") as span:
            for number in range(10):
                span.set_attribute(f"key{number}", number)
            assert dict(span.attributes) == {"key7": 7, "key8": 8, "key9": 9}

    same(program, limits=LIMITS)


def test_no_room_at_all(same: Same) -> None:
    def program(engine: Any) -> None:
        with engine.tracer.start_as_current_span("s", attributes={"a": 1}, links=[Link(SAMPLED)]) as span:
            span.set_attribute("b", 1)
            span.add_event("e", {"a": 1})

    same(program, limits=Limits(attributes=0, events=0, links=0))


def test_redaction(same: Same) -> None:
    secret = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"

    def program(engine: Any) -> None:
        attributes = {
            "api_key": "hunter2hunter2",
            "url.full": "https://user:pw@api.example/v1?signature=abcdef",
            "db.query.text": "select * from users where name = 'bob' and id = 5",
            "pin": 123456,
            "tokens": [1, 2],
            "headers": {"authorization": f"Bearer {secret}", "plain": "x"},
            "note": f"got {secret}",
        }
        with engine.tracer.start_as_current_span(f"login {secret}", attributes=attributes) as span:
            span.add_event(secret, attributes)
            span.add_link(SAMPLED, attributes)
            span.set_status(StatusCode.ERROR, f"password=hunter2hunter2 {secret}")

    fast = same(program)
    sent = str(fast.trace_request())
    assert secret not in sent
    assert "hunter2" not in sent
    assert "123456" not in sent
