"""Causes without an alert: new versions, hosts without memory, and what is wrong with all exchanges at once."""

from __future__ import annotations

import pytest

from botobs._ops.why.alerts import Alert
from botobs._ops.why.answer import Change, Errors, Evidence, Explanation
from botobs._ops.why.calls import Call
from botobs._ops.why.changes import Life, changes
from botobs._ops.why.guess import explanations
from botobs._ops.why.subject import Subject

_BEGAN = 1_700_000_000.0


def _alert(name: str, after: float = 0.0, **labels: str) -> Alert:
    return Alert(name, {"severity": "critical", **labels}, True, _BEGAN + after, 1.0, name, "", "")


def _guess(alert: Alert, *others: Alert, **measured: tuple[object, ...]) -> Explanation | None:
    evidence = Evidence(alerts=(alert, *others), **measured)  # type: ignore[arg-type]
    found = explanations(Subject("alert", alert.name, (alert,), "", "{ }"), evidence)
    return found[0] if found else None


def _life(service: str, version: str, before: float) -> Life:
    return Life(service, version, _BEGAN - before)


@pytest.mark.parametrize(
    ("lives", "found"),
    [
        ([_life("a", "1", 900), _life("a", "2", 100)], [Change("a", 1, ("2",), _BEGAN - 100)]),
        ([_life("a", "1", 300), _life("a", "1", 100)], [Change("a", 1, (), _BEGAN - 100)]),
        ([_life("a", "1", 300), _life("a", "1", 290)], []),
        ([_life("a", "2", 900), _life("a", "1", 50)], [Change("a", 1, ("1",), _BEGAN - 50)]),
        ([_life("a", "1", 900), _life("a", "2", -30)], []),
        ([_life("a", "", 900), _life("a", "", 50)], [Change("a", 1, (), _BEGAN - 50)]),
        ([_life("a", "1", 900), _life("b", "2", 50)], []),
    ],
    ids=[
        "deployed",
        "started anew",
        "starts with others",
        "rolled back",
        "later",
        "no version",
        "new service",
    ],
)
def test_changes(lives: list[Life], found: list[Change]) -> None:
    assert changes(lives, _BEGAN) == tuple(found)


_DEPLOYED = (Change("scalper", 1, ("2.0",), _BEGAN - 40),)


@pytest.mark.parametrize(
    ("version", "category", "name"),
    [
        ("2.0", "request", "new version"),
        ("1.0", "request", "errors: request"),
        ("2.0", "funds", "errors: funds"),
        ("2.0", "clock", "ExchangeClockOffset"),
    ],
)
def test_orders_that_a_new_version_sends_wrong(version: str, category: str, name: str) -> None:
    errors = (Errors("binance", "create_order", category, "Bad", 30, "scalper", version),)
    found = _guess(_alert("OrderRejectsHigh", exchange_name="binance"), errors=errors, changes=_DEPLOYED)
    assert found is not None and found.name == name


@pytest.mark.parametrize("change", [_DEPLOYED, (Change("scalper", 1, (), _BEGAN - 40),)])
@pytest.mark.parametrize("alert", ["ExchangeDisconnected", "ExchangeMaintenance", "DatabaseLocked"])
def test_what_is_wrong_elsewhere_follows_from_no_change_of_a_service(
    alert: str, change: tuple[Change, ...]
) -> None:
    errors = (Errors("okx", "create_order", "maintenance", "OnMaintenance", 30, "scalper", "2.0"),)
    assert _guess(_alert(alert, exchange_name="okx"), errors=errors, changes=change) is None


def test_a_new_version_explains_the_first_alert_about_its_service() -> None:
    errors = _alert("ServiceErrorsHigh", service_name="manager")
    called = _alert("ServiceErrorsHigh", -5, service_name="scalper")
    calls: tuple[Call, ...] = (Call("manager", "scalper", False, 100, 90),)
    found = _guess(errors, called, calls=calls, changes=_DEPLOYED)
    assert found is not None and found.name == "new version"
    assert found.reasons == ("one process started, the first 40 s before", "it can lead to ServiceErrorsHigh")
    exchange = _alert("ExchangeErrorsHigh", -10, exchange_name="okx")
    calls += (Call("scalper", "okx", False, 100, 90),)
    found = _guess(errors, called, exchange, calls=calls, changes=_DEPLOYED)
    assert found is not None and found.name == "ExchangeErrorsHigh"


def test_a_host_without_memory_explains_deaths() -> None:
    failed = _alert("BotFailed", service_name="manager")
    dead = _alert("ServiceHeartbeatLost", -10, service_name="engine")
    calls = (Call("manager", "engine", False, 100),)
    for subject, others in ((failed, (dead,)), (dead, ())):
        found = _guess(subject, *others, calls=calls, memory=(("host-1", 0.98),))
        assert found is not None and found.name == "host memory"
        assert "98% of its memory is in use" in found.reasons
    rejects = _alert("OrderRejectsHigh", exchange_name="okx")
    assert _guess(rejects, memory=(("host-1", 0.98),)) is None


@pytest.mark.parametrize(
    ("alert", "ours"), [("ExchangeDisconnected", "own network"), ("ExchangeClockOffset", "own clock")]
)
def test_what_is_wrong_with_all_exchanges_at_once_is_ours(alert: str, ours: str) -> None:
    quiet = _alert("BotFailed", exchange_name="okx")
    okx, binance = (_alert(alert, -20, exchange_name=name) for name in ("okx", "binance"))
    both = ("binance", "okx")
    for subject, others in ((quiet, (okx, binance)), (okx, (binance,))):
        found = _guess(subject, *others, exchanges=both)
        assert found is not None and found.name == ours
    found = _guess(quiet, okx, exchanges=both)
    assert found is not None and found.name == alert
    found = _guess(quiet, okx, binance, exchanges=(*both, "kraken"))
    assert found is not None and found.name == alert
    # One after the other is nothing that they have in common.
    found = _guess(quiet, okx, _alert(alert, -90, exchange_name="binance"), exchanges=both)
    assert found is not None and found.name == alert


def test_an_exchange_in_maintenance_is_not_lost_by_our_network() -> None:
    okx, binance = (_alert("ExchangeDisconnected", -20, exchange_name=name) for name in ("okx", "binance"))
    maintenance = _alert("ExchangeMaintenance", -20, exchange_name="okx")
    quiet = _alert("BotsPlaceNoOrders", exchange_name="binance")
    found = _guess(quiet, okx, binance, maintenance, exchanges=("binance", "okx"))
    assert found is not None and found.name == "ExchangeDisconnected"


@pytest.mark.parametrize(("before", "name"), [(100, "restart"), (300, None)])
def test_a_restart_explains_what_begins_soon_after_it(before: float, name: str | None) -> None:
    unknown = _alert("OrderOutcomeUnknown", exchange_name="okx", service_name="engine")
    guess = _guess(unknown, changes=(Change("engine", 1, (), _BEGAN - before),))
    assert (guess.name if guess else None) == name


@pytest.mark.parametrize(("after", "led"), [(50, True), (70, False)])
def test_a_new_version_leads_to_what_begins_after_it(after: float, led: bool) -> None:
    failed = _alert("ServiceErrorsHigh", service_name="manager")
    pool = _alert("DatabasePoolExhausted", service_name="manager", db_client_connection_pool_name="main")
    changes = (Change("manager", 1, ("2.0",), _BEGAN + after),)
    found = explanations(
        Subject("alert", failed.name, (failed,), "", "{ }"), Evidence(alerts=(failed, pool), changes=changes)
    )
    reasons = next(each.reasons for each in found if each.name == "new version")
    assert any("DatabasePoolExhausted" in reason for reason in reasons) is led


@pytest.mark.parametrize(
    ("others_failed", "category", "name"),
    [
        (0, "network", "way of a service"),
        (3, "network", "way of a service"),
        (60, "network", "ExchangeErrorsHigh"),
        (0, "unavailable", "ExchangeErrorsHigh"),
    ],
)
def test_an_exchange_that_one_service_alone_does_not_reach(
    others_failed: int, category: str, name: str
) -> None:
    failed = _alert("BotFailed", service_name="scalper", exchange_name="okx")
    high = _alert("ExchangeErrorsHigh", -10, exchange_name="okx")
    measured = {
        "errors": (Errors("okx", "fetch_ticker", category, "NetworkError", 40, "scalper"),),
        "calls": (
            Call("scalper", "okx", False, 45, 40),
            Call("engine", "okx", False, 100, others_failed),
            Call("engine", "binance", False, 100, 0),
        ),
    }
    for subject, others in ((failed, (high,)), (high, ())):
        found = _guess(subject, *others, **measured)
        wanted = name if others or name == "way of a service" else None
        assert (found.name if found else None) == wanted
    measured["calls"] = measured["calls"][:1]
    found = _guess(failed, high, **measured)
    assert found is not None and found.name == "ExchangeErrorsHigh"
