"""What the exchange and the service disagree about, once it has lasted."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from opentelemetry import context as otel_context
from opentelemetry.context import Context
from opentelemetry.trace import Link, Status, StatusCode

from ..._sdk.urgent import report_soon
from ...semconv import trading as names
from .._order_registry import order_ids
from .._recorder import Recorder

Kind = Literal["orphaned", "ghost", "drift"]

#: Findings of one kind that are kept; further ones are not looked at before some of these are over.
MOST_FINDINGS = 1000

_SPANS: dict[Kind, tuple[str, str]] = {
    "orphaned": ("order orphaned", "on the exchange, not known to the service"),
    "ghost": ("order ghost", "open to the service, not to the exchange"),
    "drift": ("position drift", "the exchange's position is another one than the service's"),
}


@dataclass(slots=True)
class Suspicion:
    """What one look has found.

    Attributes:
        attributes: What a span says of it.
        bot: The bot's id, empty where it is not known.
        ratio: How far a position is off, in parts of the larger of the two, and negative where the account holds
            less; for drift alone.
    """

    attributes: dict[str, str | float]
    bot: str = ""
    ratio: float = 0.0

    @property
    def symbol(self) -> str:
        """The market; empty where it is not known."""
        return str(self.attributes.get(names.SYMBOL, ""))


@dataclass(slots=True)
class _Finding:
    suspicion: Suspicion
    first: float = field(default_factory=time.monotonic)
    reported: bool = False


class Findings:
    """The findings of one account: suspicions that last through every look of the grace time. Each becomes a span.

    Args:
        recorder: Where spans go.
        grace: Seconds.
    """

    def __init__(self, recorder: Recorder, grace: float) -> None:
        self._recorder = recorder
        self._grace = grace
        self._found: dict[Kind, dict[str, _Finding]] = {kind: {} for kind in _SPANS}

    def look(
        self, kind: Kind, suspected: Mapping[str, Suspicion], undecided: Collection[str] = frozenset()
    ) -> None:
        """Take what a look has found into account.

        Args:
            kind: What it looked for.
            suspected: By order id or name of the position.
            undecided: What the look could not decide; it stays as it was.
        """
        found = self._found[kind]
        for key in found.keys() - suspected.keys() - set(undecided):
            del found[key]
        for key, suspicion in suspected.items():
            known = found.get(key)
            if known is not None and known.suspicion.ratio * suspicion.ratio < 0:
                # Too much, then too little: fills that were under way.
                known = None
            if known is None and len(found) >= MOST_FINDINGS:
                continue
            if known is None:
                known = found[key] = _Finding(suspicion)
            elif not known.reported and abs(known.suspicion.ratio) < abs(suspicion.ratio):
                # What is under way differs from look to look; what stays is a drift.
                suspicion.ratio = known.suspicion.ratio
            known.suspicion = suspicion
            if not known.reported and time.monotonic() - known.first >= self._grace:
                known.reported = True
                self._report(kind, suspicion)

    def pending(self) -> bool:
        """Whether something is suspected that has not lasted for the grace time yet."""
        return any(not finding.reported for found in self._found.values() for finding in found.values())

    def reported(self, kind: Kind) -> Iterator[tuple[str, Suspicion]]:
        """The findings of a kind that have been reported and last."""
        for key, finding in list(self._found[kind].items()):
            if finding.reported:
                yield key, finding.suspicion

    def _report(self, kind: Kind, suspicion: Suspicion) -> None:
        name, meaning = _SPANS[kind]
        attributes = suspicion.attributes
        exchange, client_order_id = (
            attributes.get(names.EXCHANGE_NAME),
            attributes.get(names.ORDER_CLIENT_ID),
        )
        links = []
        if client_order_id:
            links = [Link(order_ids(str(exchange), str(client_order_id)).span_context())]
        # A new trace, which is kept even if that of the look is not sampled.
        token = otel_context.attach(Context())
        try:
            with self._recorder.span(name, attributes, links=links) as span:
                span.set_status(Status(StatusCode.ERROR, meaning))
        finally:
            otel_context.detach(token)
        report_soon()
