"""What failed calls say: which alert stands for them, and what they are called where none does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from botobs._ops.why.alerts import Alert
from botobs._ops.why.answer import Errors, Evidence, Explanation, Limited
from botobs._ops.why.calls import Call
from botobs._ops.why.guess import explanations
from botobs._ops.why.subject import Subject

_BEGAN = 1_700_000_000.0


def _alert(name: str, after: float = 0.0, **labels: str) -> Alert:
    return Alert(name, {"severity": "critical", **labels}, True, _BEGAN + after, 1.0, name, "", "")


def _explained(alert: Alert, *others: Alert, **measured: tuple[object, ...]) -> tuple[Explanation, ...]:
    evidence = Evidence(alerts=(alert, *others), **measured)  # type: ignore[arg-type]
    return explanations(Subject("alert", alert.name, (alert,), "", "{ }"), evidence)


def _refused(category: str, error: str, exchange: str = "okx") -> tuple[Errors, ...]:
    return (Errors(exchange, "create_order", category, error, 9),)


@pytest.mark.parametrize("after", [-10, 1, None], ids=["fires", "began after", "not seen yet"])
@pytest.mark.parametrize(
    ("category", "error", "cause"),
    [
        ("symbol", "MarketClosed", "ExchangeMarketSuspended"),
        ("symbol", "ContractUnavailable", "ExchangeMarketSuspended"),
        ("auth", "AuthenticationError", "ExchangeKeyRefused"),
    ],
)
def test_refusals_that_an_alert_stands_for_are_named_by_it(
    category: str, error: str, cause: str, after: float | None
) -> None:
    others = [] if after is None else [_alert(cause, after, exchange_name="okx")]
    found = _explained(
        _alert("OrderRejectsHigh", exchange_name="okx"), *others, errors=_refused(category, error)
    )
    assert [each.name for each in found] == [cause]


def test_whoever_cancels_what_was_just_filled_has_sent_no_wrong_order() -> None:
    failed = _alert("BotFailed", exchange_name="okx")
    errors = (Errors("okx", "cancel_order", "order", "OrderNotFound", 9),)
    assert _explained(failed, errors=errors) == ()


def test_refused_orders_say_nothing_of_a_lost_exchange() -> None:
    failing = _alert("ExchangeErrorsHigh", exchange_name="okx")
    maintenance = _alert("ExchangeMaintenance", -2, exchange_name="okx")
    errors = (*_refused("funds", "InsufficientFunds"), Errors("okx", "fetch_order", "maintenance", "X", 5))
    (found,) = _explained(failing, maintenance, errors=errors)
    assert "5 of 5 failed calls are of the category maintenance" in found.reasons


@pytest.mark.parametrize(("count", "name"), [(1, "DatabaseLocked"), (40, "errors: funds")])
def test_one_refused_order_explains_little(count: int, name: str) -> None:
    quiet = _alert("BotsPlaceNoOrders", exchange_name="okx")
    errors = (Errors("okx", "create_order", "funds", "InsufficientFunds", count),)
    assert _explained(quiet, _alert("DatabaseLocked", -8), errors=errors)[0].name == name


def test_a_market_that_does_not_exist_is_not_suspended() -> None:
    rejects = _alert("OrderRejectsHigh", exchange_name="okx")
    suspended = _alert("ExchangeMarketSuspended", -10, exchange_name="okx")
    found = _explained(rejects, suspended, errors=_refused("symbol", "BadSymbol"))
    assert found[0].name == "errors: symbol"


def test_an_alert_of_another_exchange_does_not_stand_for_refusals() -> None:
    rejects = _alert("OrderRejectsHigh", exchange_name="okx")
    other = _alert("ExchangeKeyRefused", -10, exchange_name="binance")
    found = _explained(rejects, other, errors=_refused("auth", "AuthenticationError"))
    assert [each.name for each in found] == ["ExchangeKeyRefused"]
    assert "calls to okx" in found[0].what


def test_refusals_of_a_ban_are_not_its_cause() -> None:
    errors = _alert("ExchangeErrorsHigh", exchange_name="binance")
    limited, banned = (
        _alert(name, -5, exchange_name="binance") for name in ("ExchangeRateLimited", "ExchangeBanned")
    )
    refused = _refused("rate_limit", "DDoSProtection", "binance")
    by_ban = (Limited("binance", "engine", 40, 0, 12),)
    assert _explained(errors, limited, banned, errors=refused, limited=by_ban)[0].name == "ExchangeBanned"
    assert _explained(limited, banned, limited=by_ban)[0].name == "ExchangeBanned"
    before = (Limited("binance", "engine", 40, 7, 12),)
    assert _explained(limited, banned, limited=before) == ()
    assert (
        _explained(errors, limited, banned, errors=refused, limited=before)[0].name == "ExchangeRateLimited"
    )


def test_who_spends_a_limit_is_said() -> None:
    refused = _alert("ExchangeRateLimited", exchange_name="binance")
    near = _alert("ExchangeRateLimitNear", -20, exchange_name="binance")
    limited = (
        Limited("binance", "engine", 10),
        Limited("binance", "reports", 90, 3),
        Limited("okx", "engine", 900),
    )
    assert "90% of the requests are reports's" in _explained(refused, near, limited=limited)[0].reasons


def test_a_lost_exchange_explains_that_calls_to_it_fail() -> None:
    quiet = _alert("BotsPlaceNoOrders", exchange_name="okx")
    errors = _alert("ExchangeErrorsHigh", -30, exchange_name="okx")
    lost = _alert("ExchangeDisconnected", -25, exchange_name="okx")
    found = _explained(quiet, errors, lost, errors=_refused("network", "NetworkError"))
    assert found[0].name == "ExchangeDisconnected"


def test_one_failed_call_makes_no_service_slow() -> None:
    slow = _alert("ServiceLatencyHigh", service_name="manager")
    callee = replace(_alert("ServiceLatencyHigh", 10, service_name="engine"), firing=False)
    # What the service calls itself is slow, too.
    calls = (
        Call("manager", "engine", False, 90, duration=0.1, usual=0.1),
        Call("manager", "postgres", True, 90, duration=2, usual=0.1),
    )
    one = Errors("binance", "fetch_status", "unavailable", "ExchangeNotAvailable", 1)
    first, second = _explained(slow, callee, errors=(one,), calls=calls)
    assert (first.what, second.name) == ("ServiceLatencyHigh", "ExchangeErrorsHigh")
    assert "binance: fetch_status failed once with ExchangeNotAvailable" in second.reasons
