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
    "a gap in the books": Case(
        (exchange("binance", "sequence_gap"),), {"ExchangeBookResyncs": "ExchangeSequenceGaps"}
    ),
    "the engine dies with orders": Case((dying_with_orders,), {"OrdersLeftBehind": "ServiceHeartbeatLost"}),
    "two faults at once": Case(
        (locked("bots"), exchange("okx", "ban", value=60)),
        {"ExchangeErrorsHigh": "ExchangeBanned", "DatabasePoolExhausted": "DatabaseLocked"},
    ),
}


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    """A demo's handles."""
    with DemoStack(TEST) as demo, Target(demo.running) as handles:
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
