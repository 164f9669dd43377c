"""Headers become used, limit and remaining; what cannot be read is ignored."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from botobs._sdk.instrument.exchange import headroom
from botobs._sdk.instrument.exchange.limit_scope import Scope
from botobs._sdk.instrument.exchange.ratelimit import Limit, LimitState, RateLimits
from botobs._sdk.instrument.exchange.telemetry import ExchangeTelemetry
from tests.support.telemetry import Recorder

MINUTE = '{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":6000}'
SECONDS = '{"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":100}'


def named(limits: RateLimits) -> dict[str, Limit]:
    """The limits by what they count."""
    return {scope.name: limit for scope, limit in limits.scopes.items()}


def read(headers: dict[str, Any], status: int = 200, body: str = "") -> RateLimits:
    limits = RateLimits()
    limits.read_headers(status, headers, body)
    return limits


def test_binance_tells_what_is_used_and_elsewhere_what_is_allowed() -> None:
    limits = read(
        {"X-MBX-USED-WEIGHT-1M": "1200", "x-mbx-order-count-10s": "7", "X-SAPI-USED-IP-WEIGHT-1M": "3"}
    )
    assert {name: scope.used for name, scope in named(limits).items()} == {
        "weight_1m": 1200,
        "orders_10s": 7,
        "ip_weight_1m": 3,
    }
    assert named(limits)["weight_1m"].utilization is None
    limits.read_exchange_info(f'{{"timezone":"UTC","rateLimits":[{MINUTE}, {SECONDS}],"symbols":[]}}')
    assert named(limits)["weight_1m"].utilization == pytest.approx(0.2)
    assert named(limits)["orders_10s"].utilization == pytest.approx(0.07)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (
            {
                "X-Bapi-Limit": "100",
                "X-Bapi-Limit-Status": "99",
                "X-Bapi-Limit-Reset-Timestamp": "1700000000000",
            },
            0.01,
        ),
        ({"gw-ratelimit-limit": "500", "gw-ratelimit-remaining": "400", "gw-ratelimit-reset": "1489"}, 0.2),
        ({"X-Gate-RateLimit-Limit": "200", "X-Gate-RateLimit-Requests-Remain": "150"}, 0.25),
        ({"bitvavo-ratelimit-limit": "1000", "bitvavo-ratelimit-remaining": "0"}, 1.0),
        ({"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "5", "X-RateLimit-Reset": "30"}, 0.5),
        ({"x-rate-limit-remaining": "5"}, None),
    ],
)
def test_other_exchanges_tell_what_remains(headers: dict[str, str], expected: float | None) -> None:
    assert named(read(headers))["requests"].utilization == (
        None if expected is None else pytest.approx(expected)
    )


@pytest.mark.parametrize(
    ("header", "written", "seconds"),
    [
        ("gw-ratelimit", lambda _: "5000", 5.0),
        ("x-ratelimit", lambda _: "5", 5.0),
        ("x-ratelimit", lambda now: str(now + 100), 100.0),
        ("x-ratelimit", lambda now: str((now + 100) * 1000), 100.0),
    ],
    ids=[
        "milliseconds from now",
        "seconds from now",
        "seconds since the epoch",
        "milliseconds since the epoch",
    ],
)
def test_the_reset_is_a_moment_however_it_is_written(
    header: str, written: Callable[[int], str], seconds: float
) -> None:
    limits = read({f"{header}-remaining": "1", f"{header}-reset": written(int(time.time()))})
    assert named(limits)["requests"].reset_at == pytest.approx(time.time() + seconds, abs=60)


@pytest.mark.parametrize("value", ["", "many", "nan", "inf", "-1", None, "1e999", "12 of 20"])
def test_what_is_no_number_is_ignored(value: Any) -> None:
    limits = read(
        {"X-MBX-USED-WEIGHT-1M": value, "X-RateLimit-Remaining": value, "Retry-After": value}, status=418
    )
    assert limits.scopes == {}
    assert limits.banned_until == 0


def test_headers_cannot_make_scopes_without_end() -> None:
    limits = read({f"X-MBX-USED-WEIGHT-{number}M": "1" for number in range(1000)})
    assert len(limits.scopes) == 64


def test_a_ban_ends_when_the_exchange_says() -> None:
    now = time.time()
    assert read({"Retry-After": "120"}, status=418).banned_until == pytest.approx(now + 120, abs=60)
    until = f"IP banned until {int((now + 300) * 1000)}. Please use the websocket."
    assert read({"Retry-After": "1"}, status=418, body=until).banned_until == pytest.approx(now + 300, abs=1)
    assert read({"Retry-After": "1" + "0" * 15}, status=418).banned_until <= time.time() + 30 * 86400


@pytest.mark.parametrize("status", [429, 503])
def test_a_pause_that_is_asked_for_is_no_ban(status: int) -> None:
    assert read({"Retry-After": "120"}, status=status).banned_until == 0


def test_utilization_is_never_negative() -> None:
    assert Limit(limit=10, remaining=20).utilization == 0


def test_what_was_used_is_gone_when_its_window_is_over() -> None:
    limit = named(read({"X-MBX-USED-WEIGHT-1M": "5700"}))["weight_1m"]
    start = limit.stated_at // 60 * 60
    assert limit.is_current(limit.stated_at)
    # Binance counts from one full minute to the next.
    assert limit.is_current(start + 59.9) is (limit.stated_at <= start + 59.9)
    assert not limit.is_current(start + 60)
    assert not limit.is_current(limit.stated_at + 600)


def test_what_remains_is_gone_at_its_reset() -> None:
    limit = read({"gw-ratelimit-limit": "500", "gw-ratelimit-remaining": "5", "gw-ratelimit-reset": "1500"})
    scope = named(limit)["requests"]
    assert scope.is_current(scope.stated_at + 1.4)
    assert not scope.is_current(scope.stated_at + 1.6)


def test_a_limit_without_a_window_is_true_for_a_minute() -> None:
    scope = named(read({"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "5"}))["requests"]
    assert scope.is_current(scope.stated_at + 59)
    assert not scope.is_current(scope.stated_at + 61)


def test_limits_of_endpoints_do_not_replace_each_other() -> None:
    limits = RateLimits()
    for endpoint, left in (("v5/order/create", "1"), ("v5/market/tickers", "99")):
        headers = {"X-Bapi-Limit": "100", "X-Bapi-Limit-Status": left}
        limits.read_headers(200, headers, "", endpoint)
    assert {name: scope.remaining for name, scope in named(limits).items()} == {
        "v5/order/create": 1,
        "v5/market/tickers": 99,
    }


def test_a_limit_tells_when_it_is_used_up_at_this_pace() -> None:
    limit = Limit(used=80, limit=100, window=60.0, stated_at=1200.0 + 30)
    assert limit.exhausted_in(1230.0) == pytest.approx(7.5)
    assert limit.exhausted_in(1232.0) == pytest.approx(5.5)
    slower = Limit(used=40, limit=100, window=60.0, stated_at=1200.0 + 30)
    assert slower.exhausted_in(1230.0) is None
    assert Limit(used=80, limit=100, stated_at=1230.0).exhausted_in(1230.0) is None


def _socket_answer(**more: object) -> dict[str, object]:
    weight = {
        "rateLimitType": "REQUEST_WEIGHT",
        "interval": "MINUTE",
        "intervalNum": 1,
        "limit": 6000,
        "count": 70,
    }
    orders = {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 50, "count": 12}
    return {"id": "1", "status": 200, "result": {}, "rateLimits": [weight, orders, "odd", {}], **more}


def test_answers_of_a_websocket_api_state_the_limits_of_the_rest_api() -> None:
    limits = RateLimits()
    assert not limits.read_socket(_socket_answer())
    assert set(named(limits)) == {"weight_1m", "orders_10s"}
    assert named(limits)["weight_1m"].utilization == pytest.approx(70 / 6000)
    assert (named(limits)["orders_10s"].used, named(limits)["orders_10s"].window) == (12, 10)
    limits.read_headers(200, {"X-MBX-USED-WEIGHT-1M": "71"}, "")
    assert named(limits)["weight_1m"].used == 71


def test_a_websocket_api_refuses_and_bans() -> None:
    limits = RateLimits()
    later = int((time.time() + 60) * 1000)
    error = {
        "code": -1003,
        "msg": "Way too much",
        "data": {"serverTime": later - 60_000, "retryAfter": later},
    }
    assert limits.read_socket(_socket_answer(status=429, error=error))
    assert limits.banned_until == 0
    assert limits.read_socket(_socket_answer(status=418, error=error))
    assert limits.banned_until == pytest.approx(time.time() + 60, abs=5)


def test_each_limit_says_who_shares_it_and_accounts_do_not_replace_each_other() -> None:
    limits = RateLimits()
    for account, orders in (("one", "7"), ("two", "9")):
        headers = {
            "X-MBX-USED-WEIGHT-1M": "70",
            "X-MBX-ORDER-COUNT-10S": orders,
            "X-SAPI-USED-UID-WEIGHT-1M": "1",
        }
        limits.read_headers(200, headers, "", "order", account)
        limits.read_headers(
            200, {"X-Bapi-Limit-Status": orders, "X-Bapi-Limit": "10"}, "", "v5/order/create", account
        )
    limits.read_headers(200, {"x-ratelimit-remaining": "5"}, "", "time")
    limits.read_headers(200, {"x-ratelimit-remaining": "4"}, "", "balance", "one")
    limits.state(LimitState("pool", used=1, limit=2, per="group"), "one")
    assert {
        scope: limit.used if limit.remaining is None else limit.remaining
        for scope, limit in limits.scopes.items()
    } == {
        Scope("weight_1m"): 70,
        Scope("orders_10s", "account", "one"): 7,
        Scope("orders_10s", "account", "two"): 9,
        Scope("uid_weight_1m", "account", "one"): 1,
        Scope("uid_weight_1m", "account", "two"): 1,
        Scope("v5/order/create", "endpoint", "one"): 7,
        Scope("v5/order/create", "endpoint", "two"): 9,
        Scope("requests", "address"): 5,
        Scope("requests", "account", "one"): 4,
        Scope("pool", "group", "one"): 1,
    }
    limits.read_exchange_info(f'{{"rateLimits":[{SECONDS}]}}')
    limits.read_headers(200, {"X-MBX-ORDER-COUNT-10S": "50"}, "", "order", "three")
    used = {
        scope.account: limit.utilization
        for scope, limit in limits.scopes.items()
        if scope.name == "orders_10s"
    }
    assert used == pytest.approx({"one": 0.07, "two": 0.09, "three": 0.5})


def test_what_is_left_counts_no_limit_whose_window_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    telemetry = ExchangeTelemetry(Recorder().telemetry)
    monkeypatch.setattr(headroom, "made", lambda *_: telemetry)
    telemetry.exchange("binance").limits.state(LimitState("weight_1m", used=57, limit=60, window=60.0))
    assert headroom.headroom("binance").used == pytest.approx(0.95)
    later = time.time() + 61
    monkeypatch.setattr("time.time", lambda: later)
    assert headroom.headroom("binance").used == 0
