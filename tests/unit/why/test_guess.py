"""The first guess: different causes of one alert, two faults at once, and what nothing explains."""

from __future__ import annotations

import pytest

from botobs._ops.why.alerts import Alert
from botobs._ops.why.answer import Change, Errors, Evidence
from botobs._ops.why.guess import explanations
from botobs._ops.why.subject import Subject

_BEGAN = 1_700_000_000.0


def _alert(name: str, after: float = 0.0, firing: bool = True, **labels: str) -> Alert:
    labels = {"deployment_environment_name": "production", "severity": "critical", **labels}
    return Alert(name, labels, firing, _BEGAN + after, 1.0, f"{name} summary", "", "")


def _subject(alert: Alert, category: str = "") -> Subject:
    return Subject("alert", alert.name, (alert,), alert.summary, "{ }", category)


def _guess(alert: Alert, *others: Alert, category: str = "", **measured: tuple[object, ...]) -> str | None:
    evidence = Evidence(alerts=(alert, *others), **measured)  # type: ignore[arg-type]
    found = explanations(_subject(alert, category), evidence)
    return found[0].name if found else None


def _errors(
    category: str, count: float, exchange: str = "binance", operation: str = "create_order"
) -> Errors:
    return Errors(exchange, operation, category, category.title(), count)


def test_a_cause_of_its_own_exchange() -> None:
    rejects = _alert("OrderRejectsHigh", exchange_name="binance")
    assert (
        _guess(
            rejects,
            _alert("ExchangeClockOffset", -30, exchange_name="okx"),
            _alert("ExchangeRateLimited", -10, exchange_name="binance"),
        )
        == "ExchangeRateLimited"
    )


@pytest.mark.parametrize(
    ("category", "cause"),
    [
        ("clock", "ExchangeClockOffset"),
        ("rate_limit", "ExchangeRateLimited"),
        ("funds", "errors: funds"),
        ("auth", "ExchangeKeyRefused"),
        ("order", "errors: order"),
    ],
)
def test_measured_errors_decide_between_causes_of_one_alert(category: str, cause: str) -> None:
    found = _guess(
        _alert("OrderRejectsHigh", exchange_name="binance"),
        _alert("ExchangeClockOffset", -20, exchange_name="binance"),
        _alert("ExchangeRateLimited", -30, exchange_name="binance"),
        errors=(_errors(category, 90), _errors("network", 10), _errors("network", 500, "okx")),
    )
    assert found == cause


def test_the_first_of_a_chain() -> None:
    assert (
        _guess(
            _alert("ServiceErrorsHigh", service_name="engine"),
            _alert("DatabasePoolTimeouts", -20, service_name="engine"),
            _alert("DatabasePoolExhausted", -30, service_name="engine"),
            _alert("DatabaseLocked", -40, service_name="postgres"),
        )
        == "DatabaseLocked"
    )


def test_two_faults_at_once() -> None:
    locked = _alert("DatabaseLocked", -40, service_name="db-7")
    banned = _alert("ExchangeBanned", -45, exchange_name="okx")
    errors = _alert("ExchangeErrorsHigh", exchange_name="okx")
    slow = _alert("DatabaseQueriesSlow", service_name="a-service")
    assert _guess(errors, locked, banned, slow) == "ExchangeBanned"
    assert _guess(slow, locked, banned, errors) == "DatabaseLocked"


def test_what_began_long_after_is_no_cause_where_another_is() -> None:
    assert (
        _guess(
            _alert("ServiceLatencyHigh", service_name="engine"),
            _alert("DatabaseIOSlow", 400, service_name="postgres"),
            _alert("ServiceEventLoopLag", -5, service_name="engine"),
        )
        == "ServiceEventLoopLag"
    )


def test_another_service_is_no_cause() -> None:
    slow = _alert("ServiceLatencyHigh", service_name="engine")
    assert _guess(slow, _alert("ServiceEventLoopLag", -5, service_name="manager")) is None


def test_another_environment_is_no_cause() -> None:
    slow = _alert("DatabaseQueriesSlow", service_name="engine")
    elsewhere = _alert("DatabaseDown", -5, deployment_environment_name="staging")
    assert _guess(slow, elsewhere) is None


def test_a_new_version_where_nothing_else_fires() -> None:
    errors = _alert("ServiceErrorsHigh", service_name="engine")
    changes = (Change("manager", 1, ("2.0",)), Change("engine", 2, ("1.4",)))
    found = explanations(_subject(errors), Evidence((errors,), changes=changes))
    assert (found[0].name, found[0].what) == ("new version", "engine runs a new version since: 1.4")


def test_an_order_is_explained_by_its_own_error() -> None:
    order = _alert("OrderRejectsHigh", exchange_name="binance")
    clock = _alert("ExchangeClockOffset", -20, exchange_name="binance")
    assert _guess(order, clock, category="funds", errors=(_errors("clock", 9),)) == "errors: funds"


def test_refused_orders_are_explained_by_orders_and_by_no_other_call() -> None:
    rejects = _alert("OrderRejectsHigh", exchange_name="binance")
    errors = (_errors("funds", 5), _errors("order", 50, operation="cancel_order"))
    assert _guess(rejects, errors=errors) == "errors: funds"


def test_failed_calls_explain_it_before_their_alert_is_there() -> None:
    unknown = _alert("OrderOutcomeUnknown", exchange_name="okx")
    assert _guess(unknown, errors=(_errors("unavailable", 3, "okx"),)) == "ExchangeErrorsHigh"
    assert _guess(unknown, errors=(_errors("unavailable", 3, "binance"),)) is None
    assert _guess(_alert("DatabaseDown"), errors=(_errors("unavailable", 3),)) is None


def test_nothing_explains_it() -> None:
    assert _guess(_alert("DatabaseDown", service_name="postgres")) is None


def test_reasons_are_told() -> None:
    rejects = _alert("OrderRejectsHigh", exchange_name="binance")
    offset = _alert("ExchangeClockOffset", -20, exchange_name="binance")
    evidence = Evidence((rejects, offset), errors=(_errors("clock", 9), _errors("funds", 1)))
    (found,) = explanations(_subject(rejects), evidence)
    assert set(found.reasons) == {
        "9 of 10 failed calls are of the category clock",
        "both are about binance",
        "it began 20 s before",
        "it fires",
        "nothing that fires explains it in turn",
    }


def test_what_a_likely_link_follows_from_is_likelier() -> None:
    timeouts, exhausted = (
        _alert(name, after, service_name="manager", db_client_connection_pool_name="pool")
        for name, after in (("DatabasePoolTimeouts", 0.0), ("DatabasePoolExhausted", -15.0))
    )
    locked = _alert("DatabaseLocked", -17, datname="trading")
    assert _guess(timeouts, locked, exhausted) == _guess(timeouts, exhausted, locked) == "DatabaseLocked"
