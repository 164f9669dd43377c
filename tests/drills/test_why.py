"""`botobs why` names the fault that was made, asked about what follows from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from botobs._ops import why
from botobs._ops.drills.demo_stack import DemoStack
from botobs._ops.drills.faults import Fault, dying_with_orders, exchange, locked, taken
from botobs._ops.drills.profile import TEST
from botobs._ops.drills.target import Target
from botobs._ops.why import Answer
from tests.support.waiting import eventually

#: Seconds after which a fault ends by itself.
_LEASE = 300.0


@dataclass(frozen=True)
class Case:
    """A fault, and what is asked while it lasts.

    Attributes:
        faults: What is broken, all at once.
        asked: Alerts to ask about, each with the right guess.
    """

    faults: tuple[Fault, ...]
    asked: dict[str, str]


_CASES = {
    "the database is down": Case((taken("postgres", "hold"),), {"BotFailed": "DatabaseDown"}),
    "a table is locked": Case(
        (locked("bots"),),
        {"DatabasePoolExhausted": "DatabaseLocked", "DatabasePoolTimeouts": "DatabaseLocked"},
    ),
    "an exchange bans us": Case(
        (exchange("okx", "ban", value=60),), {"ExchangeErrorsHigh": "ExchangeBanned"}
    ),
    "an exchange closes its sockets": Case(
        (exchange("binance", "drop"),), {"BotsPlaceNoOrders": "ExchangeDisconnected"}
    ),
    "no balance": Case((exchange("binance", "reject_orders"),), {"OrderRejectsHigh": "errors: funds"}),
    "an exchange fails": Case(
        (exchange("okx", "server_error", value=503),), {"OrderOutcomeUnknown": "ExchangeErrorsHigh"}
    ),
    "gaps in the books": Case(
        # One gap is no storm: books are fetched anew five times and more.
        (exchange("binance", "sequence_gap", share=0.05),),
        {"ExchangeBookResyncs": "ExchangeSequenceGaps"},
    ),
    "the engine dies with orders": Case((dying_with_orders,), {"OrdersLeftBehind": "ServiceHeartbeatLost"}),
    "two faults at once": Case(
        (locked("bots"), exchange("okx", "ban", value=60)),
        {"ExchangeErrorsHigh": "ExchangeBanned", "DatabasePoolExhausted": "DatabaseLocked"},
    ),
    # Written after `why` was, and not looked at while it was made.
    "maintenance": Case(
        (exchange("okx", "maintenance"), exchange("okx", "drop")),
        {"ExchangeDisconnected": "ExchangeMaintenance", "ExchangeErrorsHigh": "ExchangeMaintenance"},
    ),
    "a refused key": Case((exchange("binance", "key_refused"),), {"OrderRejectsHigh": "ExchangeKeyRefused"}),
    "closed markets": Case(
        (exchange("okx", "markets_suspended"),), {"OrderRejectsHigh": "ExchangeMarketSuspended"}
    ),
    "a slow exchange": Case(
        (exchange("binance", "latency", value=2),),
        {"ServiceLatencyHigh": "ExchangeLatencyHigh", "OrderAckSlow": "ExchangeLatencyHigh"},
    ),
    "a wrong clock": Case(
        (exchange("binance", "clock_skew", value=5),), {"OrderRejectsHigh": "ExchangeClockOffset"}
    ),
    "a failing exchange and a locked table": Case(
        (exchange("binance", "server_error", value=503), locked("bots", held=0.5, free=0.05)),
        {"ServiceErrorsHigh": "ExchangeErrorsHigh", "OrderOutcomeUnknown": "ExchangeErrorsHigh"},
    ),
    "one exchange is slow, the other refuses": Case(
        (exchange("okx", "latency", value=2), exchange("binance", "reject_orders")),
        {"OrderRejectsHigh": "errors: funds", "OrderAckSlow": "ExchangeLatencyHigh"},
    ),
    "a service that others call is dead": Case(
        (taken("trading-engine", "crash"),), {"BotFailed": "ServiceHeartbeatLost"}
    ),
}


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    """A demo's handles."""
    # Bots that are quiet for a quarter of an hour are not waited for.
    with DemoStack(TEST, variables={"BOTOBS_FOR_NO_ORDERS": "10s"}) as demo, Target(demo.running) as handles:
        yield handles


@pytest.mark.parametrize("name", _CASES)
def test_the_first_guess_is_the_fault(
    target: Target, name: str, record_property: Callable[[str, object], None]
) -> None:
    case = _CASES[name]
    prometheus, tempo = target.http("prometheus"), target.http("tempo")

    # What is left of the case before would be a second fault.
    eventually(lambda: not why.active(prometheus), within=600)
    with ExitStack() as stack:
        for fault in case.faults:
            stack.enter_context(fault(target, _LEASE))
        for asked, right in case.asked.items():

            def answer(asked: str = asked) -> Answer | None:
                fires = [alert.name for alert in why.active(prometheus) if alert.firing]
                return why.explain(asked, prometheus, tempo, {}) if asked in fires else None

            found = eventually(answer, within=180)
            assert found is not None
            told = found.guess.name if found.guess is not None else "nothing"
            record_property(f"{name}: {asked}", told)
            assert told == right, [(each.name, each.score, each.reasons) for each in found.explanations]
