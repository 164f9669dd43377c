"""Panels show, while something is wrong, what the simulator and the database count of it.

Each fault adds to the counters of the one before, on both sides, so that sums are compared from the beginning. What a
gauge shows is compared while the fault lasts. What they show of orders is in tests/integration/grafana/test_truth.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from botobs._demo.services import Load
from testbed.dashboards import ask, query
from testbed.stack import LiveStack
from tests.support.scripted import Script
from tests.support.waiting import eventually

#: Seconds between two exports of a service, and until a scrape or a rule has seen it.
_LATE = 15.0
_EXCHANGES = "botobs-exchanges"


@dataclass(frozen=True)
class Played:
    """Where faults are played.

    Attributes:
        began: When the stack was started, in seconds since the epoch.
    """

    script: Script
    began: float

    def shown(self, title: str, uid: str = _EXCHANGES, reference: str = "A", **labels: str) -> list[float]:
        """What a panel shows now of the series with these labels; of bars, their sum since the beginning."""
        asked = query(uid, title, reference)
        found = ask(self.script.live, asked, time.time() - self.began + 30)
        matching = [each for each in found if labels.items() <= each["metric"].items()]
        if asked.target.get("instant"):
            return [float(each["value"][1]) for each in matching]
        values = [[float(value) for _, value in each["values"]] for each in matching]
        summed = any(word in asked.target["expr"] for word in ("increase", "unless"))
        return [sum(each) if summed else each[-1] for each in values]

    def total(self, title: str, uid: str = _EXCHANGES, **labels: str) -> float:
        """The same of all such series together."""
        return sum(self.shown(title, uid, **labels))

    def rejections(self, exchange: str, reason: str) -> int:
        """How many requests the simulator has refused for a reason."""
        return int(self.script.counts()[exchange]["rejections"].get(reason, 0))

    def sockets(self, exchange: str, kind: str) -> int:
        """The simulator's count of WebSockets."""
        return int(self.script.counts()[exchange]["websocket"][kind])


@pytest.fixture(scope="module")
def played() -> Iterator[Played]:
    """A demo that does what the faults make it do, and hardly anything else."""
    began = time.time()
    with LiveStack(demo=Load(bots=1, rate=0.0005)) as live, Script(live) as script:
        assert eventually(script.connected, within=120)
        for exchange in ("binance", "okx"):
            script.turns(5, exchange)
        # A rate sees what comes after the first export.
        calls = "count(exchange_client_operation_duration_seconds_count) > 1"
        assert eventually(lambda: live.query(calls))
        yield Played(script, began)


@pytest.fixture(autouse=True)
def healed(played: Played) -> Iterator[None]:
    """No fault outlives its test."""
    yield
    played.script.heal()
    assert eventually(played.script.connected, within=120)


def _agree(shown: Callable[[], float], counted: Callable[[], float]) -> None:
    """Until both say the same, and it is not nothing."""
    eventually(lambda: shown() == counted() > 0, within=120)
    assert shown() == counted()


@pytest.mark.parametrize(
    ("fault", "value", "reason", "category"),
    [
        ("rate_limit", 1, "rate_limit", "rate_limit"),
        ("server_error", 503, "unavailable", "unavailable"),
        ("key_refused", None, "unknown_key", "auth"),
        ("maintenance", None, "maintenance", "maintenance"),
        ("reject_orders", None, "balance", "funds"),
    ],
)
@pytest.mark.parametrize("exchange", ["binance", "okx"])
def test_failed_calls_by_category(
    played: Played, exchange: str, fault: str, value: float | None, reason: str, category: str
) -> None:
    settings = {} if value is None else {"value": value}
    played.script.fault(fault, exchange, **settings)
    played.script.turns(4, exchange)
    labels = {"exchange_name": exchange, "exchange_error_category": category}
    _agree(lambda: played.total("Errors by category", **labels), lambda: played.rejections(exchange, reason))


@pytest.mark.parametrize(("exchange", "status"), [("binance", "429"), ("okx", "429")])
def test_what_was_refused_for_its_rate(played: Played, exchange: str, status: str) -> None:
    played.script.fault("rate_limit", exchange, value=1)
    played.script.turns(3, exchange)
    labels = {"exchange_name": exchange, "http_response_status_code": status}
    _agree(
        lambda: played.total("Refused for their rate, by answer", **labels),
        lambda: played.rejections(exchange, "rate_limit"),
    )


def test_a_ban_and_its_end(played: Played) -> None:
    refused = ("rate_limit", "banned")
    played.script.fault("ban", "binance", value=60)
    played.script.turn(0, "binance")
    ends = time.time() + 60

    def right() -> bool:
        left = played.total("Ban ends in")
        return ends - time.time() - 2 <= left <= ends - time.time() + _LATE

    assert eventually(right, within=50)
    _agree(
        lambda: played.total("Refused for their rate"),
        lambda: sum(played.rejections(each, why) for each in ("binance", "okx") for why in refused),
    )
    played.script.heal()
    assert eventually(lambda: played.shown("Ban ends in") == [0.0], within=120)


def test_how_much_of_a_limit_is_used(played: Played) -> None:
    played.script.fault("limit_used", "binance", value=0.93)
    played.script.turn(0, "binance")
    title = "Part of each limit that is used"
    highest = eventually(
        lambda: (
            max(played.shown(title, exchange_name="binance"), default=0.0) > 0.9
            and max(played.shown(title, exchange_name="binance"))
        ),
        within=60,
    )
    # What the demo has used itself comes on top.
    assert 0.93 <= highest <= 1
    assert played.total("Highest use of a rate limit", "botobs-overview") == pytest.approx(highest, abs=0.05)


@pytest.mark.parametrize("exchange", ["binance", "okx"])
def test_a_clock_that_is_wrong(played: Played, exchange: str) -> None:
    played.script.fault("clock_skew", exchange, value=7)
    played.script.turns(3, exchange)
    title = "Clock offset that is certain"

    def shown() -> float:
        return max(played.shown(title, exchange_name=exchange), default=0.0)

    assert eventually(lambda: 6 < shown() <= 7.5, within=180)


def test_connections_that_are_lost(played: Played) -> None:
    def state(name: str) -> float:
        return played.total("Connections by state", exchange_name="okx", exchange_ws_state=name)

    def open_there() -> int:
        return played.sockets("okx", "opened") - played.sockets("okx", "closed")

    _agree(lambda: state("open"), open_there)
    before = open_there()
    played.script.fault("drop", "okx")
    eventually(lambda: (state("open"), state("closed")) == (0, before), within=120)
    assert (state("open"), state("closed"), open_there()) == (0, before, 0)
    played.script.heal()
    _agree(lambda: state("open"), open_there)
    labels = {"exchange_name": "okx", "exchange_ws_close_reason": "remote"}
    _agree(lambda: played.total("Disconnects by reason", **labels), lambda: played.sockets("okx", "closed"))
    _agree(lambda: played.total("Reconnects", exchange_name="okx"), lambda: before)


def test_a_crossed_book(played: Played) -> None:
    played.script.fault("crossed_book", "binance")
    began = time.time()

    def shown() -> float:
        return max(played.shown("How long the book is crossed", exchange_name="binance"), default=0.0)

    assert eventually(lambda: shown() > 5, within=60)
    assert time.time() - began - _LATE - 5 <= shown() <= time.time() - began + 1
    played.script.heal()
    assert eventually(lambda: shown() == 0, within=60)


def test_missing_messages(played: Played) -> None:
    """Of the markets that somebody listens to; each makes the book be fetched anew."""
    played.script.fault("sequence_gap", "okx")

    def missing() -> float:
        return played.total("Missing messages", exchange_name="okx")

    assert eventually(missing, within=60)
    counts: dict[str, Any] = played.script.counts()["okx"]["books"]
    assert 0 < missing() <= counts["gaps"]


def test_a_stream_that_stands_still(played: Played) -> None:
    played.script.fault("silence", "binance")
    began = time.time()

    def age() -> float:
        return max(played.shown("Age of the newest update, by stream", exchange_name="binance"), default=0.0)

    assert eventually(lambda: age() > 20, within=120)
    assert age() <= time.time() - began + _LATE
