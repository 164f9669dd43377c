"""What is worth a line, and how many lines there are."""

from __future__ import annotations

import io
import itertools

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from rich.console import Console

from botobs._ops.dev.notes import Note, Notes
from botobs._ops.dev.voice import Voice
from botobs.semconv.orders import UNKNOWN_SPAN
from testbed.otlp_requests import Span, traces

ORDER = {"exchange.name": "okx", "exchange.order.client_id": "o-1"}


def noted(*spans: Span) -> list[tuple[str, str, str]]:
    return [(note.kind, note.outcome, note.text) for note in Notes().of("traces", traces(*spans))]


def test_an_order_is_told_of_once_by_the_client_and_the_submission() -> None:
    submission = Span("order submit", attributes={**ORDER, "botobs.order.outcome": "accepted"})
    call = submission.below("create_order BTC/USDT", **ORDER, **{"exchange.order.outcome": "rejected"})
    assert noted(call, submission) == [("order", "rejected", "okx o-1")]


def test_what_tells_no_outcome_is_given_none() -> None:
    assert noted(Span("create_order BTC/USDT", attributes=ORDER)) == [("order", "answered", "okx o-1")]
    assert noted(Span("create_order BTC/USDT", failed=True)) == [("order", "error", ": no answer")]


def test_of_both_the_one_is_told_that_knows_what_the_answer_means() -> None:
    submission = Span("order submit", attributes={**ORDER, "botobs.order.outcome": "rejected"}, failed=True)
    call = submission.below("create_order BTC/USDT", **ORDER)
    assert noted(call, submission) == [("order", "rejected", "okx o-1: no answer")]


def test_an_unknown_order_is_told_of_once_with_its_reason() -> None:
    """By the call that failed, where both come; by the span about it, where nothing else does."""
    call = Span(
        "create_order BTC/USDT", attributes={**ORDER, "exchange.order.outcome": "unknown"}, failed=True
    )
    about = call.below(UNKNOWN_SPAN, **ORDER)
    for both in ((call, about), (about, call)):
        assert noted(*both) == [("order", "unknown", "okx o-1: no answer")]
    assert noted(about) == [("order", "unknown", "okx o-1")]


def test_a_failure_is_told_of_where_it_began() -> None:
    turn = Span("turn", failed=True)
    call = Span("GET", failed=True, trace_id=turn.trace_id, parent=turn.span_id)
    assert noted(call, turn, Span("other")) == [("error", "", "GET: no answer")]


def test_what_would_steer_a_terminal_is_left_out() -> None:
    assert noted(Span("a\x1b[2Jb\nc", failed=True)) == [("error", "", "a [2Jb c: no answer")]


def test_warnings_are_noted_of_what_is_logged() -> None:
    request = ExportLogsServiceRequest()
    records = request.resource_logs.add().scope_logs.add().log_records
    for severity, text in ((9, "fine"), (13, "careful"), (17, "broken")):
        records.add(severity_number=severity).body.string_value = text
    assert [note.text for note in Notes().of("logs", request)] == ["WARN careful", "WARN broken"]


def test_a_flood_is_counted() -> None:
    written = io.StringIO()
    seconds = itertools.chain([5.0] * 14, [6.1])
    voice = Voice(Console(file=written, width=200), machines=False, clock=lambda: next(seconds))
    for number in range(15):
        voice.note(Note("order", 0.0, "engine", f"[o-{number}]", "accepted"))
    lines = written.getvalue().splitlines()
    assert len(lines) == 12
    assert lines[-2].endswith("… 4 more orders, errors and warnings")
    assert lines[-1].endswith("engine order accepted [o-14]")
