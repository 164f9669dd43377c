"""The user's own classifiers of responses: called before botobs looks at anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from ..safe import Log

Outcome = Literal["accepted", "rejected", "unknown", "failed"]
_OUTCOMES = frozenset({"accepted", "rejected", "unknown", "failed"})
_logger = Log(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """How the submission of one order ended, as far as it was seen.

    Attributes:
        exchange: ccxt's id of the exchange, or the name that the order was reported with.
        error: What the client raised; None where it raised nothing.
        result: What the client returned; None where that was not seen.
        status: HTTP status of the response; None where it was not seen.
        body: The beginning of the response's body, at most 4096 characters; empty where it was not seen.
    """

    exchange: str
    error: BaseException | None = None
    result: Any = None
    status: int | None = None
    body: str = ""


#: Returns the outcome of the order, or None where it cannot say: `accepted`, `rejected` when the exchange refused it,
#: `unknown` when nobody can say, `failed` when it was not sent. It is called on the thread that submits, so it must
#: be quick; what it raises is logged and counts as None.
Classifier = Callable[[Answer], Outcome | None]

_classifiers: list[Classifier] = []


def add_classifier(classifier: Classifier) -> Callable[[], None]:
    """Ask `classifier` about every order that is submitted, before botobs looks itself; the newest is asked first.

    Returns:
        A function that takes it back.
    """
    _classifiers.insert(0, classifier)

    def remove() -> None:
        if classifier in _classifiers:
            _classifiers.remove(classifier)

    return remove


def classified(answer: Answer) -> Outcome | None:
    """What the user's classifiers say. Never raises."""
    for classifier in tuple(_classifiers):
        try:
            said = classifier(answer)
            if said is None:
                continue
            if isinstance(said, str) and said in _OUTCOMES:
                return said
            _logger.warning("a classifier of orders returned neither an outcome nor None")
        except Exception as error:
            _logger.warning("a classifier of orders raised %s", type(error).__name__)
    return None
