"""Each rule of the ranking alone: of two causes that differ in one thing the likelier is first, in any order."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from botobs._ops.why.alerts import Alert
from botobs._ops.why.answer import Errors, Evidence, Origin
from botobs._ops.why.calls import Call
from botobs._ops.why.guess import explanations
from botobs._ops.why.subject import Subject

_BEGAN = 1_700_000_000.0
_BINANCE, _ENGINE = {"exchange_name": "binance"}, {"service_name": "engine"}


def _alert(name: str, about: Mapping[str, str], after: float = 0.0, firing: bool = True) -> Alert:
    return Alert(name, {"severity": "critical", **about}, firing, _BEGAN + after, 1.0, name, "", "")


_REJECTS = _alert("OrderRejectsHigh", _BINANCE)


def _both_ways(alert: Alert, *others: Alert, **measured: tuple[object, ...]) -> set[str]:
    """The first guess, whichever order the alerts come in."""
    found = set()
    for order in (others, others[::-1]):
        evidence = Evidence(alerts=(alert, *order), **measured)  # type: ignore[arg-type]
        ranked = explanations(Subject("alert", alert.name, (alert,), "", "{ }"), evidence)
        found.add(ranked[0].name if ranked else "nothing")
    return found


@pytest.mark.parametrize(("one", "other"), [(-20, 10), (10, 400), (-500, 400)])
def test_what_began_before(one: float, other: float) -> None:
    clock = _alert("ExchangeClockOffset", _BINANCE, one)
    limited = _alert("ExchangeRateLimited", _BINANCE, other)
    assert _both_ways(_REJECTS, clock, limited) == {"ExchangeClockOffset"}


def test_what_both_are_about() -> None:
    slow = _alert("ServiceLatencyHigh", _ENGINE)
    lag = _alert("ServiceEventLoopLag", _ENGINE, -5)
    assert _both_ways(slow, lag, _alert("DatabaseIOSlow", {}, -5)) == {"ServiceEventLoopLag"}


def test_what_explains_more_of_what_else_fires() -> None:
    quiet = _alert("BotsPlaceNoOrders", _BINANCE)
    storm = _alert("ExchangeReconnectStorm", _BINANCE, 200)
    lost = _alert("ExchangeDisconnected", _BINANCE, -5)
    suspended = _alert("ExchangeMarketSuspended", _BINANCE, -5)
    assert _both_ways(quiet, lost, suspended, storm) == {"ExchangeDisconnected"}


def test_what_nothing_explains_in_turn() -> None:
    near = _alert("ExchangeRateLimitNear", _BINANCE, 30, firing=False)
    limited = _alert("ExchangeRateLimited", _BINANCE, -5)
    clock = _alert("ExchangeClockOffset", _BINANCE, -5)
    assert _both_ways(_REJECTS, near, limited, clock) == {"ExchangeClockOffset"}


def test_what_is_spoken_against_explains_nothing_in_turn() -> None:
    near = _alert("ExchangeRateLimitNear", _BINANCE, 400)
    limited = _alert("ExchangeRateLimited", _BINANCE, -5)
    clock = _alert("ExchangeClockOffset", _BINANCE, 5)
    assert _both_ways(_REJECTS, near, limited, clock) == {"ExchangeRateLimited"}


def test_what_the_measured_link_follows_from() -> None:
    failing = _alert("ServiceErrorsHigh", _ENGINE)
    errors = _alert("ExchangeErrorsHigh", _BINANCE, -5)
    maintenance = _alert("ExchangeMaintenance", _BINANCE, 5)
    calls = (Call("engine", "binance", False, 90, failed=40),)
    counted = (Errors("binance", "fetch_order", "unavailable", "ExchangeNotAvailable", 40),)
    found = _both_ways(failing, errors, maintenance, calls=calls, errors=counted)
    assert found == {"ExchangeMaintenance"}


def test_categories_none_of_which_is_most() -> None:
    kinds = {"funds": 4, "order": 3, "request": 3}
    errors = tuple(Errors("binance", "create_order", kind, kind, count) for kind, count in kinds.items())
    assert _both_ways(_REJECTS, errors=errors) == {"nothing"}


@pytest.mark.parametrize("there", [0.0, 0.1])
def test_what_few_of_the_slow_calls_go_to(there: float) -> None:
    slow = _alert("ServiceLatencyHigh", {"service_name": "manager"})
    callee = _alert("ServiceLatencyHigh", _ENGINE, -5)
    lag = _alert("ServiceEventLoopLag", {"service_name": "manager"}, 5, firing=False)
    calls = (
        Call("manager", "engine", False, 90, duration=0.1 + there, usual=0.1),
        Call("manager", "okx", False, 90, duration=5, usual=0.1),
    )
    assert _both_ways(slow, callee, lag, calls=calls) == {"ServiceEventLoopLag"}


def test_where_the_failed_traces_do_not_fail() -> None:
    failing = _alert("ServiceErrorsHigh", _ENGINE)
    exchange = _alert("ExchangeErrorsHigh", _BINANCE, 5, firing=False)
    callee = _alert("ServiceErrorsHigh", {"service_name": "prices"}, -5)
    calls = (Call("engine", "binance", False, 90), Call("engine", "prices", False, 90))
    origins = (Origin("database", "trading", 5),)
    assert _both_ways(failing, exchange, callee, calls=calls, origins=origins) == {"ServiceErrorsHigh"}
