"""`botobs why` names the fault that was made, asked about what follows from it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest

from botobs._ops import why
from botobs._ops.drills.demo_stack import DemoStack
from botobs._ops.drills.faults import Fault, dying_with_orders, exchange, locked, taken
from botobs._ops.drills.profile import TEST
from botobs._ops.drills.target import Target
from botobs._ops.traces import TempoClient
from botobs.semconv.exchange import ORDER_CLIENT_ID
from tests.drills._why_faults import connections_taken, deployed_wrong, no_memory, one_bot_locked
from tests.support.renamed import RenamedClient
from tests.support.waiting import eventually

#: Seconds after which a fault ends by itself.
_LEASE = 300.0


@dataclass(frozen=True)
class Question:
    """What is asked, and what the first guess has to be.

    Attributes:
        about: An alert; `a bot`, or `an order` that failed, of the exchange in `labels`.
        right: What the guess may be called.
        labels: Of the alert, bot or order.
    """

    about: str
    right: tuple[str, ...]
    labels: Mapping[str, str] = field(default_factory=dict)


def _ask(about: str, *right: str, **labels: str) -> Question:
    return Question(about, right, labels)


@dataclass(frozen=True)
class Case:
    """A fault, and what is asked while it lasts.

    Attributes:
        faults: What is broken, all at once.
        asked: In this order.
    """

    faults: tuple[Fault, ...]
    asked: tuple[Question, ...]


#: Names that say nothing, or the wrong thing.
_SHUFFLED = {
    "trading-engine": "postgres",
    "postgres": "bot-manager",
    "bot-manager": "okx",
    "okx": "binance",
    "binance": "trading-engine",
}
_OKX, _BINANCE = {"exchange_name": "okx"}, {"exchange_name": "binance"}

#: Most break both exchanges at once, each in its own way: neither may be taken for the other's cause.
_CASES = {
    "the database is down": Case(
        (taken("postgres", "hold"),),
        (_ask("BotFailed", "DatabaseDown"), _ask("a bot", "DatabaseDown", **_OKX)),
    ),
    "the database hangs": Case(
        (taken("postgres", "freeze"),), (_ask("DatabasePoolTimeouts", "DatabaseDown"),)
    ),
    "a table is locked": Case(
        (locked("bots"),),
        (_ask("DatabasePoolExhausted", "DatabaseLocked"), _ask("DatabasePoolTimeouts", "DatabaseLocked")),
    ),
    "a row is locked": Case((one_bot_locked,), (_ask("BotHeartbeatLost", "DatabaseLocked"),)),
    "others take all connections": Case(
        (connections_taken,), (_ask("ServiceLatencyHigh", "DatabaseConnectionsHigh"),)
    ),
    "a ban, and the other exchange fails": Case(
        (exchange("binance", "ban", value=60), exchange("okx", "server_error", value=503)),
        (
            _ask("OrderOutcomeUnknown", "ExchangeErrorsHigh", **_OKX),
            _ask("ExchangeRateLimited", "ExchangeBanned", **_BINANCE),
            _ask("ExchangeErrorsHigh", "ExchangeBanned", **_BINANCE),
            _ask("an order", "ExchangeBanned", **_BINANCE),
            _ask("an order", "ExchangeErrorsHigh", **_OKX),
        ),
    ),
    "a ban, and a locked table": Case(
        (locked("bots"), exchange("okx", "ban", value=60)),
        (_ask("ExchangeErrorsHigh", "ExchangeBanned"), _ask("DatabasePoolExhausted", "DatabaseLocked")),
    ),
    "a refused key, and closed markets": Case(
        (exchange("binance", "key_refused"), exchange("okx", "markets_suspended")),
        (
            _ask("OrderRejectsHigh", "ExchangeKeyRefused", **_BINANCE),
            _ask("OrderRejectsHigh", "ExchangeMarketSuspended", **_OKX),
            _ask("an order", "ExchangeKeyRefused", **_BINANCE),
            _ask("an order", "ExchangeMarketSuspended", **_OKX),
        ),
    ),
    "no balance, and the other exchange closes its sockets": Case(
        (exchange("okx", "reject_orders"), exchange("binance", "drop")),
        (
            _ask("OrderRejectsHigh", "errors: funds", **_OKX),
            _ask("an order", "errors: funds", **_OKX),
            _ask("BotsPlaceNoOrders", "ExchangeDisconnected", **_BINANCE),
            _ask("a bot", "ExchangeDisconnected", **_BINANCE),
        ),
    ),
    "gaps in the books, and a maintenance": Case(
        # One gap is no storm: books are fetched anew five times and more.
        (
            exchange("binance", "sequence_gap", share=0.05),
            exchange("okx", "maintenance"),
            exchange("okx", "drop"),
        ),
        (
            _ask("ExchangeDisconnected", "ExchangeMaintenance", **_OKX),
            _ask("ExchangeErrorsHigh", "ExchangeMaintenance", **_OKX),
            _ask("ExchangeBookResyncs", "ExchangeSequenceGaps", **_BINANCE),
        ),
    ),
    "a maintenance, and the other exchange is lost": Case(
        (exchange("okx", "maintenance"), exchange("okx", "drop"), exchange("binance", "drop")),
        (
            _ask("BotsPlaceNoOrders", "ExchangeDisconnected", **_BINANCE),
            _ask("BotsPlaceNoOrders", "ExchangeMaintenance", **_OKX),
        ),
    ),
    "a slow exchange, and a wrong clock": Case(
        # ccxt allows Binance ten seconds: less, and no order is refused.
        (exchange("okx", "latency", value=2), exchange("binance", "clock_skew", value=60)),
        (
            _ask("OrderRejectsHigh", "ExchangeClockOffset", **_BINANCE),
            _ask("OrderAckSlow", "ExchangeLatencyHigh", **_OKX),
            _ask("ServiceLatencyHigh", "ExchangeLatencyHigh"),
        ),
    ),
    "one exchange is slow, the other refuses": Case(
        (exchange("okx", "latency", value=2), exchange("binance", "reject_orders")),
        (
            _ask("OrderRejectsHigh", "errors: funds", **_BINANCE),
            _ask("OrderAckSlow", "ExchangeLatencyHigh", **_OKX),
        ),
    ),
    "a failing exchange, and short locks": Case(
        (exchange("binance", "server_error", value=503), locked("bots", held=0.5, free=0.05)),
        (_ask("OrderOutcomeUnknown", "ExchangeErrorsHigh"), _ask("ServiceErrorsHigh", "ExchangeErrorsHigh")),
    ),
    "others spend the limit": Case(
        (
            exchange("binance", "limit_used", value=0.98),
            exchange("binance", "rate_limit", value=0, share=0.5),
        ),
        (
            _ask("ExchangeRateLimited", "ExchangeRateLimitNear"),
            _ask("OrderRejectsHigh", "ExchangeRateLimitNear", "ExchangeRateLimited"),
        ),
    ),
    "our clock is wrong": Case(
        (exchange("binance", "clock_skew", value=60), exchange("okx", "clock_skew", value=60)),
        (_ask("ExchangeClockOffset", "own clock"), _ask("OrderRejectsHigh", "own clock")),
    ),
    "no exchange is reached": Case(
        (taken("exchange-simulator", "crash"),),
        (_ask("ExchangeDisconnected", "own network"), _ask("BotsPlaceNoOrders", "own network")),
    ),
    "a service that others call is dead": Case(
        (taken("trading-engine", "crash"),), (_ask("BotFailed", "ServiceHeartbeatLost"),)
    ),
    "the engine dies with orders": Case(
        (dying_with_orders,), (_ask("OrdersLeftBehind", "ServiceHeartbeatLost"),)
    ),
    "a host without memory": Case(
        (no_memory, taken("trading-engine", "crash")),
        (_ask("ServiceHeartbeatLost", "host memory"), _ask("BotFailed", "host memory")),
    ),
    "a deploy": Case((deployed_wrong,), (_ask("OrderRejectsHigh", "new version"),)),
}


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    """A demo's handles."""
    variables = {
        # Bots that are quiet for a quarter of an hour are not waited for.
        "BOTOBS_FOR_NO_ORDERS": "10s",
        # What is asked while a fault lasts need not fire on for long after it.
        "BOTOBS_KEEP_CAUSE": "5s",
        "BOTOBS_ORPHAN_WINDOW": "20s",
    }
    with DemoStack(TEST, variables=variables) as demo, Target(demo.running) as handles:
        yield handles


@pytest.mark.parametrize("name", _CASES)
def test_the_first_guess_is_the_fault(
    target: Target, name: str, record_property: Callable[[str, object], None]
) -> None:
    case = _CASES[name]
    prometheus = target.http("prometheus")

    # What is left of the case before would be a second fault.
    eventually(lambda: not why.active(prometheus), within=600)
    began = time.time()
    with ExitStack() as stack:
        for fault in case.faults:
            stack.enter_context(fault(target, _LEASE))
        guesses = [_guess(target, question, began) for question in case.asked]
    answers = list(zip(case.asked, guesses, strict=True))
    told = {" ".join((question.about, *question.labels.values())): guess for question, guess in answers}
    record_property(name, json.dumps(told))
    assert all(guess in question.right for question, guess in answers), told


def _guess(target: Target, question: Question, began: float) -> str:
    """The first guess, once there is what the question is about; the same where all have other names."""
    prometheus, tempo = target.http("prometheus"), target.http("tempo")
    found = eventually(lambda: _subject(target, question, began), within=180)
    assert found is not None
    labels = question.labels if found == question.about else {}
    told = _first(why.explain(found, prometheus, tempo, labels))
    renamed = {label: _SHUFFLED.get(value, value) for label, value in labels.items()}
    other, others = RenamedClient(prometheus, _SHUFFLED), RenamedClient(tempo, _SHUFFLED)
    shuffled = _first(why.explain(found, other, others, renamed))
    return told if told == shuffled else f"{told}; {shuffled} with other names"


def _first(answer: why.Answer | None) -> str:
    return answer.guess.name if answer is not None and answer.guess is not None else "nothing"


def _subject(target: Target, question: Question, began: float) -> str | None:
    """The name to ask about: of the alert once it fires, of a bot that has failed, or of an order that has."""
    where = question.labels.get("exchange_name", "")
    if question.about == "a bot":
        failed = f'botobs_bot_state{{botobs_bot_state="failed",exchange_name="{where}"}} == 1'
        bots = target.query(failed) or target.query(f'botobs_bot_state{{exchange_name="{where}"}} == 1')
        return bots[0]["metric"]["botobs_bot_id"] if bots else None
    if question.about == "an order":
        traceql = f'{{ span.exchange.name = "{where}" && span.botobs.order.outcome =~ "rejected|unknown" }}'
        tempo = TempoClient(target.http("tempo"))
        spans = tempo.spans(f"{traceql} | select(span.exchange.order.client_id)", began, time.time(), 1)
        return next((str(id_) for span in spans if (id_ := span.attributes.get(ORDER_CLIENT_ID))), None)
    fires = (
        alert.firing and alert.name == question.about and question.labels.items() <= alert.labels.items()
        for alert in why.active(target.http("prometheus"))
    )
    return question.about if any(fires) else None
