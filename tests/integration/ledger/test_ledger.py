"""`botobs ledger` finds in the real stores what is there, and says what is not."""

from __future__ import annotations

import time
from typing import Any

import pytest

from botobs._ops import cli
from testbed.otlp_load import Spans
from testbed.sender import Sender
from testbed.stack import LiveStack
from tests.support.ledger import accounts
from tests.support.reports import Report, send
from tests.support.waiting import eventually

Capture = pytest.CaptureFixture[str]


def test_services_that_lose_nothing(live: LiveStack, capsys: Capture) -> None:
    def settled() -> dict[str, Any]:
        services = accounts(live, capsys)[1]
        assert "trading-engine" in services
        engine = services["trading-engine"]
        assert engine["spans"]["acknowledged"] > 100
        assert engine["metric_exports"]["acknowledged"] > 2
        return dict(engine)

    engine = eventually(settled, within=120)
    spans = engine["spans"]
    assert spans["missing"] == engine["metric_exports"]["missing"] == 0
    # Both sides have one window: what is stored is what was made, but for the error that is told. On a slow machine an
    # answer comes late, and what was sent again is stored twice.
    surplus = spans["stored"] - (spans["produced"] - sum(spans["dropped"].values()))
    assert -spans["error"] <= surplus <= spans["error"] + spans["duplicate"]
    assert spans["error"] < 500


@pytest.mark.parametrize(
    ("name", "numbers", "exported", "missing", "gaps"),
    [
        pytest.param("ledger-complete", [1, 2, 3], 200, 0, 0, id="complete"),
        pytest.param("ledger-spans", [1, 2, 3], 260, 60, 0, id="spans-missing"),
        pytest.param("ledger-request", [1, 2, 3], 700, 500, 0, id="one-request-missing"),
        pytest.param("ledger-exports", [1, 3, 4], 200, 0, 1, id="export-missing"),
        pytest.param("ledger-first", [2, 3], 200, 0, 1, id="first-export-missing"),
        pytest.param("ledger-repeated", [1, 2, 2, 3], 200, 0, 0, id="number-used-again"),
    ],
)
def test_what_it_counts(
    live: LiveStack,
    capsys: Capture,
    name: str,
    numbers: list[int],
    exported: int,
    missing: int,
    gaps: int,
) -> None:
    with Sender(live.stack.addresses["collector"], live.home.secrets, [Spans(name, 200)], limit=1) as sender:
        sender.join()
    now = time.time_ns()
    for place, number in enumerate(numbers):
        send(live, Report(name, number, exported, started=exported + 5, at=now + place * 1_000_000))

    def counted() -> bool:
        code, services = accounts(live, capsys)
        assert name in services
        account = services[name]
        assert account["spans"]["stored"] == 200
        assert account["spans"]["produced"] == exported + 5
        assert account["spans"]["acknowledged"] == exported
        assert account["spans"]["missing"] == missing
        assert account["metric_exports"] == {"acknowledged": max(numbers), "missing": gaps}
        assert code == 1 or not (missing or gaps)
        return True

    assert eventually(counted, within=120)


def test_what_was_sent_again_is_stored_twice_and_no_loss(live: LiveStack, capsys: Capture) -> None:
    """As an SDK does when no answer came in time: the same spans, with the same ids."""
    name, source = "ledger-twice", Spans("ledger-twice", 200)
    request = source.next()
    for _ in range(2):
        live.export(source.path, request.body)
    send(live, Report(name, 1, 200, started=200, at=time.time_ns()))

    def counted() -> bool:
        services = accounts(live, capsys)[1]
        assert name in services
        account = services[name]
        assert account["spans"]["stored"] == 400
        assert account["spans"]["duplicate"] >= 150
        assert account["spans"]["missing"] == 0
        return True

    assert eventually(counted, within=120)
    cli.main(["ledger", "--home", str(live.home.path), "--last", "10m"])
    assert f"spans of {name}, sent again" in capsys.readouterr().out.replace("\n", " ")


def test_who_tells_nothing_is_named(live: LiveStack, capsys: Capture) -> None:
    """Spans alone, as of a service whose every metric export is refused."""
    name = "ledger-silent"
    with Sender(live.stack.addresses["collector"], live.home.secrets, [Spans(name, 10)], limit=1) as sender:
        sender.join()

    def named() -> bool:
        code, services = accounts(live, capsys)
        assert name in services
        assert services[name]["tells"] is False
        return code in (1, 3)

    assert eventually(named, within=60)


def test_a_store_that_does_not_answer_is_no_good_news(live: LiveStack, capsys: Capture) -> None:
    live.call(live.supervisor.hold("tempo"))
    try:
        assert cli.main(["ledger", "--home", str(live.home.path), "--last", "10m"]) == 3
    finally:
        live.call(live.supervisor.resume("tempo"))
    assert "is missing is unknown" in capsys.readouterr().err
