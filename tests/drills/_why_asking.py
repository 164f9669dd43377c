"""Asks `botobs why` on a live demo: what is asked about, how it is found, and what has to be the first guess."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

from botobs._ops import why
from botobs._ops.drills.faults import Fault
from botobs._ops.drills.target import Target
from botobs._ops.errors import UserError
from botobs._ops.traces import TempoClient
from botobs.semconv.exchange import ORDER_CLIENT_ID
from tests.support.renamed import RenamedClient
from tests.support.waiting import eventually

#: Seconds after which a fault ends by itself.
_LEASE = 300.0
#: Seconds within which what a question is about comes up.
_COMES = 180.0
#: Settings of the demo that is asked.
VARIABLES = {
    # Bots that are quiet for a quarter of an hour are not waited for.
    "BOTOBS_FOR_NO_ORDERS": "10s",
    # What is asked while a fault lasts need not fire on for long after it.
    "BOTOBS_KEEP_CAUSE": "5s",
    "BOTOBS_ORPHAN_WINDOW": "20s",
}

#: Labels of what is asked about.
OKX, BINANCE = {"exchange_name": "okx"}, {"exchange_name": "binance"}
ENGINE, MANAGER = {"service_name": "trading-engine"}, {"service_name": "bot-manager"}
#: What a stream that stands still may be called.
STILL = ("ExchangeStreamSilent", "ExchangeFeedSilent", "ExchangeDisconnected")


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

    def __str__(self) -> str:
        return " ".join((self.about, *self.labels.values()))


def ask(about: str, *right: str, **labels: str) -> Question:
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


def answers(target: Target, case: Case, names: Mapping[str, str], comes: float = _COMES) -> dict[str, str]:
    """Break what a case breaks, and ask all that it asks.

    Args:
        target: The demo.
        case: What is broken, and asked.
        names: Other names of services and exchanges, by the true ones, under which the guess has to be the same.
        comes: Seconds within which what a question is about comes up.

    Returns:
        The first guess to each question.
    """
    prometheus = target.http("prometheus")
    # What is left of the case before would be a second fault.
    eventually(lambda: not why.active(prometheus), within=600)
    began = time.time()
    with ExitStack() as stack:
        for fault in case.faults:
            stack.enter_context(fault(target, _LEASE))
        return {str(question): _guess(target, question, began, names, comes) for question in case.asked}


def wrong(case: Case, reported: Mapping[str, str]) -> dict[str, str]:
    """The guesses that are not right, by their question."""
    return {
        str(question): reported[str(question)]
        for question in case.asked
        if reported[str(question)] not in question.right
    }


def _guess(target: Target, question: Question, began: float, names: Mapping[str, str], comes: float) -> str:
    """The first guess, once there is what the question is about; the same where all have other names."""
    prometheus, tempo = target.http("prometheus"), target.http("tempo")
    try:
        found = eventually(lambda: _subject(target, question, began), within=comes)
    except AssertionError:
        return "did not come up"
    assert found is not None
    labels = question.labels if found == question.about else {}
    reported = _first(why.explain(found, prometheus, tempo, labels))
    renamed = {label: names.get(value, value) for label, value in labels.items()}
    other, others = RenamedClient(prometheus, names), RenamedClient(tempo, names)
    try:
        shuffled = _first(why.explain(found, other, others, renamed))
        # What has arrived in the meantime is no matter of names.
        same = shuffled in (reported, _first(why.explain(found, prometheus, tempo, labels)))
    except UserError:
        # It is over already.
        return reported
    return reported if same else f"{reported}; {shuffled} with other names"


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
