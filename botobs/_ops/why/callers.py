"""Calls to an exchange that fail for one service and not for others: the exchange is well, and its way there is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .alerts import Alert
from .answer import Evidence, Explanation
from .calls import Call
from .failures import most
from .subject import Subject

#: What a service finds out by itself, without a word of the exchange.
_OF_THE_WAY = frozenset({"network", "timeout"})
#: Calls from which on they say something, and the part of them that fails where a way is lost and where it is well.
_ENOUGH = 5
_LOST, _WELL = 0.5, 0.1
#: Where nothing that fires explains it.
_ALONE = 3.0


def one_caller(subject: Subject, evidence: Evidence, first: Mapping[Alert, float]) -> Iterator[Explanation]:
    """The way of one service to an exchange, where others get there.

    Args:
        subject: What is asked about.
        evidence: What was measured.
        first: The score of each alert that it can follow from and that nothing that fires explains in turn.
    """
    failed = most(subject, evidence)
    if failed is None or failed.category not in _OF_THE_WAY or not failed.errors:
        return
    where = {each.exchange for each in failed.errors}
    callers = {each.service for each in failed.errors}
    if len(where) > 1 or len(callers) > 1 or failed.count < _ENOUGH:
        return
    [exchange], [service] = where, callers
    there = [call for call in evidence.calls if call.server == exchange and call.count >= _ENOUGH]
    own = [call for call in there if call.client == service]
    others = [call for call in there if call.client != service]
    if (
        not others
        or any(_share(call) > _WELL for call in others)
        or any(_share(call) < _LOST for call in own)
    ):
        return
    well = sum(call.count for call in others)
    reasons = (
        f"{failed.reason}, all of {service}: {failed.errors[0].type}",
        f"{well:.0f} calls of {', '.join(sorted(call.client for call in others))} to {exchange} did not fail",
    )
    here = [
        score for alert, score in first.items() if alert.labels.get("exchange_name", exchange) == exchange
    ]
    what = f"{service} does not reach {exchange}, which others do: its name resolution, proxy, network or version"
    yield Explanation(
        "way of a service", what, reasons, max(here, default=_ALONE) + 0.5, "ExchangeErrorsHigh"
    )


def _share(call: Call) -> float:
    return call.failed / call.count
