"""What calls, traces and alerts that are over say for or against a cause."""

from __future__ import annotations

import pytest

from botobs._ops.traces import Kind, Span, Trace
from botobs._ops.why.alerts import Alert
from botobs._ops.why.answer import Evidence, Origin
from botobs._ops.why.calls import Call
from botobs._ops.why.guess import explanations
from botobs._ops.why.origins import origins
from botobs._ops.why.subject import Subject

_BEGAN = 1_700_000_000.0
#: A manager calls an engine, which calls two exchanges; both have a database.
_QUIET = (
    Call("manager", "engine", False, 100),
    Call("manager", "trading", True, 300),
    Call("engine", "trading", True, 300),
    Call("engine", "okx", False, 50),
    Call("engine", "binance", False, 50),
)


def _alert(name: str, after: float = 0.0, over: float | None = None, **labels: str) -> Alert:
    return Alert(name, {"severity": "critical", **labels}, True, _BEGAN + after, 1.0, name, "", "", over)


def _calls(**failed: float) -> tuple[Call, ...]:
    """The same with failed calls by name of what is called."""
    return tuple(
        Call(each.client, each.server, each.database, each.count, failed.get(each.server, 0.0))
        for each in _QUIET
    )


def _guess(alert: Alert, *others: Alert, **measured: tuple[object, ...]) -> str | None:
    evidence = Evidence(alerts=(alert, *others), **measured)  # type: ignore[arg-type]
    found = explanations(Subject("alert", alert.name, (alert,), "", "{ }"), evidence)
    return found[0].name if found else None


@pytest.mark.parametrize(
    ("failed", "cause"),
    [({"okx": 40.0, "engine": 40.0}, "ExchangeErrorsHigh"), ({"trading": 40.0}, "DatabaseDown")],
)
def test_the_calls_that_fail_decide_between_two_faults(failed: dict[str, float], cause: str) -> None:
    errors = _alert("ServiceErrorsHigh", service_name="manager")
    others = (_alert("DatabaseDown", -20), _alert("ExchangeErrorsHigh", -20, exchange_name="okx"))
    assert _guess(errors, *others, calls=_calls(**failed)) == cause


def test_calls_that_last_longer_than_usual_decide_where_all_is_slow() -> None:
    slow = _alert("ServiceLatencyHigh", service_name="manager")
    others = (
        _alert("ExchangeLatencyHigh", -20, exchange_name="okx"),
        _alert("ExchangeLatencyHigh", -20, exchange_name="binance"),
        _alert("DatabaseIOSlow", -20),
    )
    late = {"okx": (2.0, 0.1), "engine": (2.2, 0.2)}
    calls = tuple(
        Call(each.client, each.server, each.database, each.count, 0.0, *late.get(each.server, (0.01, 0.01)))
        for each in _QUIET
    )
    evidence = Evidence((slow, *others), calls=calls)
    found = explanations(Subject("alert", slow.name, (slow,), "", "{ }"), evidence)
    assert "calls of engine to okx take 2 s, usually 0.1 s" in found[0].reasons


def test_what_a_service_does_not_call_is_hardly_its_cause() -> None:
    errors = _alert("ServiceErrorsHigh", service_name="engine")
    others = (
        _alert("ExchangeErrorsHigh", -90, exchange_name="kraken"),
        _alert("ExchangeErrorsHigh", -20, exchange_name="okx"),
    )
    evidence = Evidence((errors, *others), calls=_QUIET)
    first, second = explanations(Subject("alert", errors.name, (errors,), "", "{ }"), evidence)
    assert "but engine has not called kraken for an hour" in second.reasons
    assert first.score > second.score


def test_a_dead_service_explains_what_fails_in_those_that_call_it() -> None:
    failed = _alert("BotFailed", service_name="manager")
    dead = _alert("ServiceHeartbeatLost", -10, service_name="engine")
    assert _guess(failed, dead, calls=_QUIET) == "ServiceHeartbeatLost"
    assert _guess(failed, dead) is None
    # What nobody took failed somewhere else, as far as the service graph knows.
    others = (*_QUIET, Call("manager", "127.0.0.1", False, 40, 40))
    errors = _alert("ServiceErrorsHigh", service_name="manager")
    burn = _alert("ServiceAvailabilityBurn", service_name="manager")
    assert _guess(burn, errors, dead, calls=others) == "ServiceHeartbeatLost"


def test_what_was_over_before_is_hardly_the_cause() -> None:
    rejects = _alert("OrderRejectsHigh", exchange_name="okx")
    before = _alert("ExchangeBanned", -300, over=_BEGAN - 200, exchange_name="okx")
    now = _alert("ExchangeMarketSuspended", 5, exchange_name="okx")
    assert _guess(rejects, before, now) == "ExchangeMarketSuspended"


def test_the_same_errors_of_another_exchange_speak_for_the_others_alert() -> None:
    errors = _alert("ServiceErrorsHigh", service_name="engine")
    okx = _alert("ExchangeErrorsHigh", -20, exchange_name="okx")
    banned = _alert("ExchangeBanned", -20, exchange_name="binance")
    assert (
        _guess(errors, banned, okx, calls=_calls(okx=9), origins=(Origin("exchange", "okx", 4),)) == okx.name
    )


def _span(number: int, parent: int, service: str, error: bool, **attributes: str) -> Span:
    named = {name.replace("_", "."): value for name, value in attributes.items()}
    kind = Kind.CLIENT if attributes else Kind.SERVER
    return Span(f"{number:016x}", f"{parent:016x}", service, "x", kind, 0, 1, error, "", named)


def test_a_trace_fails_first_in_the_last_failed_call() -> None:
    trace = Trace(
        "1",
        (
            _span(1, 0, "manager", True, exchange_name="okx"),
            _span(2, 1, "engine", True),
            _span(3, 2, "engine", True, db_system_name="postgresql", db_namespace="trading"),
            _span(4, 2, "engine", False, exchange_name="binance"),
        ),
    )
    assert origins([trace, trace]) == (Origin("database", "trading", 2),)
    own = Trace("2", (_span(1, 0, "manager", True), _span(2, 1, "engine", True)))
    assert origins([own]) == (Origin("service", "engine", 1),)


@pytest.mark.parametrize(
    ("operation", "found"), [("cancel_order", ()), ("create_order", (Origin("exchange", "okx", 1),))]
)
def test_whoever_cancels_what_was_just_filled_is_no_origin(operation: str, found: tuple[Origin, ...]) -> None:
    refused = {
        "exchange.name": "okx",
        "exchange.error.category": "order",
        "exchange.operation": operation,
    }
    span = Span(f"{1:016x}", f"{0:016x}", "engine", "x", Kind.CLIENT, 0, 1, True, "", refused)
    assert origins([Trace("1", (span,))]) == found


def test_what_is_refused_at_once_makes_nothing_slow() -> None:
    slow = _alert("ServiceLatencyHigh", service_name="engine")
    clock = _alert("ExchangeClockOffset", -100, exchange_name="okx")
    latency = _alert("ExchangeLatencyHigh", exchange_name="binance")
    failed = (Origin("exchange", "okx", 8),)
    assert _guess(slow, clock, latency, calls=_QUIET, origins=failed) == "ExchangeLatencyHigh"
    assert _guess(slow, clock, calls=_QUIET, origins=failed) is None


def test_traces_that_were_looked_for_by_their_exchange_say_nothing() -> None:
    quiet = _alert("BotsPlaceNoOrders", exchange_name="okx")
    exhausted = _alert("DatabasePoolExhausted", -14, service_name="manager")
    locked = _alert("DatabaseLocked", -8)
    failed = (Origin("exchange", "okx", 8),)
    assert _guess(quiet, exhausted, locked, origins=failed) == "DatabaseLocked"
