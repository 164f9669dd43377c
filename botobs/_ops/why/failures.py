"""What the failed calls to exchanges say about a subject, in the categories of `exchange.error.category`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..._sdk.instrument.exchange.names import SUBMITS
from .alerts import Alert
from .answer import Errors, Evidence, Explanation, times
from .causes import CAUSES, stands_for
from .measured import Points
from .subject import Subject

#: Share of the failed calls from which their most frequent category is the explanation.
_MOST = 0.5
#: Failed calls from which on they count in full: a refused order now and then is nothing.
_ENOUGH = 5
#: Alerts about the submission of orders.
_OF_SUBMISSIONS = frozenset({"OrderRejectsHigh", "OrderOutcomeUnknown"})
#: What an exchange says of the orders and the account themselves, whatever else is wrong.
_OWN = {
    "funds": "the balance does not suffice",
    "order": "the exchange refuses the orders as they are: size, price or state",
    "auth": "the exchange refuses the key: it is wrong, expired, or lacks a right",
    "symbol": "the market is closed or not known",
    "request": "the requests are not what the exchange takes",
}
#: Those of them that `ExchangeErrorsHigh` does not count.
_REFUSED = frozenset({"funds", "order", "symbol", "request"})
#: Those of them that the program itself decides.
OF_THE_PROGRAM = frozenset({"order", "symbol", "request"})


@dataclass(frozen=True)
class Most:
    """The most frequent category of failed calls.

    Attributes:
        count: Calls that failed so.
        total: Calls that failed.
        errors: Those of the category, most first.
        alerts: Alerts that stand for it, the likeliest first.
    """

    category: str
    count: float
    total: float
    errors: tuple[Errors, ...] = ()
    alerts: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """How many, in a sentence."""
        return f"{self.count:.0f} of {self.total:.0f} failed calls are of the category {self.category}"


def most(subject: Subject, evidence: Evidence) -> Most | None:
    """The category of at least half of the failed calls that can matter; None where no category is."""
    if subject.category:
        return Most(subject.category, 1, 1, (), stands_for(subject.category, subject.error_type))
    errors = relevant(subject, evidence.errors)
    counts: defaultdict[str, float] = defaultdict(float)
    for each in errors:
        counts[each.category] += each.count
    total = sum(counts.values())
    if not total:
        return None
    category = max(counts, key=counts.__getitem__)
    if counts[category] < _MOST * total:
        return None
    own = tuple(each for each in errors if each.category == category)
    return Most(category, counts[category], total, own, stands_for(category, own[0].type))


def relevant(subject: Subject, errors: Sequence[Errors]) -> list[Errors]:
    """The failed calls that can matter: to its exchange, where it names one; for submitted orders, theirs alone.

    What an exchange refuses of orders matters to what can follow from that. What is wrong with an order matters where
    it is submitted: whoever cancels one that was just filled is refused, too.
    """
    exchange = subject.labels.get("exchange_name", "")
    submitted = any(alert.name in _OF_SUBMISSIONS for alert in subject.alerts)
    orders = about_orders(subject)
    return [
        each
        for each in errors
        if (not exchange or each.exchange == exchange)
        and (each.operation in SUBMITS or not (submitted or each.category == "order"))
        and (orders or each.category not in _REFUSED)
    ]


def in_its_failures(cause: Alert, subject: Subject, evidence: Evidence) -> Points | None:
    """Whether the failed calls are of the kind of an exchange's alert."""
    found = most(subject, evidence)
    if found is None or not cause.name.startswith("Exchange"):
        return None
    where = cause.labels.get("exchange_name", "")
    if cause.name in found.alerts:
        # The same category of another exchange speaks for the other's alert.
        if found.errors and where and not any(each.exchange == where for each in found.errors):
            return None
        return 1.5, found.reason
    enough = bool(subject.category) or found.count >= _ENOUGH
    if found.category in _OWN and enough and about_orders(subject):
        return -1.0, f"but {found.reason}"
    return None


def from_failures(subject: Subject, evidence: Evidence) -> Iterator[Explanation]:
    """Explanations from failed calls alone: what no alert stands for, or whose alert does not fire yet."""
    found = most(subject, evidence)
    if found is None:
        return
    where = subject.labels.get("exchange_name", "")
    seen = {
        alert.name
        for alert in (*evidence.alerts, *subject.alerts)
        if not where or alert.labels.get("exchange_name", where) == where
    }
    if found.alerts and not seen.isdisjoint(found.alerts):
        return
    own = found.category in _OWN and about_orders(subject)
    if found.alerts and any(alert.name in CAUSES[found.alerts[0]].explains for alert in subject.alerts):
        name = found.alerts[0]
        what = f"calls to {subject.labels.get('exchange_name') or 'an exchange'} fail: {found.category}"
        # One call that fails is enough for an order, and makes no service slow and no exchange ill.
        some = 1.0 if about_orders(subject) or subject.category else min(1.0, found.count / _ENOUGH)
        score = (4.0 if own else 2.5) * some
        yield Explanation(name, what, (found.reason, *_details(found)), score, name)
    elif own:
        few = 1.0 if subject.category else min(1.0, found.count / _ENOUGH)
        score = 1.0 + 3.0 * few * found.count / found.total
        yield Explanation(
            f"errors: {found.category}",
            _OWN[found.category],
            (found.reason, *_details(found)),
            score,
            "OrderRejectsHigh",
        )


def _details(found: Most) -> list[str]:
    return [
        f"{each.exchange}: {each.operation} failed {times(each.count)} with {each.type}"
        for each in found.errors[:3]
    ]


def about_orders(subject: Subject) -> bool:
    """Whether it is about submitted orders, or can follow from their being refused."""
    return any(
        alert.name in _OF_SUBMISSIONS or alert.name in CAUSES["OrderRejectsHigh"].explains
        for alert in subject.alerts
    )
