"""What a call that submits orders writes to the journal, right before each of its requests is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opentelemetry.trace import Span

from ....semconv import exchange as semconv
from ...orders import current_witness
from ...orders.client_ids import client_order_ids
from ...orders.journal import JOURNAL, Entry
from ...orders.known import KNOWN
from ...safe import never_raise
from ...texts import text_of
from .order_details import order_attributes

#: Orders of one call that are written down one by one.
_MOST_ORDERS = 100


class JournalEntries:
    """The orders of one call, in the journal from the moment before they are sent until the call ends.

    Args:
        who: Exchange and client.
        name: The unified method.
        span: Of the call.
        order: What is known of the order.
        batch: The orders of a call that submits several, as they were given.
        values: Whether amounts and prices are written down.
    """

    __slots__ = ("_around", "_entries", "_order", "_orders", "_span", "_who")

    def __init__(
        self,
        who: tuple[str, str],
        name: str,
        span: Span,
        order: Mapping[str, Any],
        batch: list[Mapping[str, Any]] | None = None,
        values: bool = False,
    ) -> None:
        self._who = {semconv.NAME: who[0], semconv.CLIENT: who[1], semconv.OPERATION: name}
        self._order = order
        self._orders = (
            [dict(order)] if batch is None else [self._details(one, values) for one in batch[:_MOST_ORDERS]]
        )
        self._span = span
        witness = current_witness()
        self._around = witness.entry if witness is not None else None
        self._entries: dict[tuple[int, str], Entry] = {}

    def _details(self, order: Mapping[str, Any], values: bool) -> Mapping[str, Any]:
        known = order_attributes("create_order", (), order, values)
        for identity in client_order_ids(self._who[semconv.NAME], order)[:1]:
            known.setdefault(semconv.ORDER_CLIENT_ID, identity)
        return known

    @never_raise
    def requested(self, sent: Any) -> str:
        """A request of the call is about to be written.

        Args:
            sent: Its body, or its address where it has none, or a message that is about to be sent over a WebSocket.

        Returns:
            The client order id of the one order that it submits; empty where it has none, or there are several.
        """
        ids = client_order_ids(self._who[semconv.NAME], sent)
        if len(self._orders) == 1:
            self._identify(self._orders[0], ids[0] if ids else "")
        whole = len(ids) == len(self._orders)
        for number, order in enumerate(self._orders):
            self._write_down(number, order, ids[number] if whole else "")
        if len(self._orders) != 1:
            return ""
        return ids[0] if ids else str(self._orders[0].get(semconv.ORDER_CLIENT_ID) or "")

    def _identify(self, order: Mapping[str, Any], found: str) -> None:
        """Keep an id that the client library has made; one that the caller has given is there already."""
        if not found or semconv.ORDER_CLIENT_ID in order:
            return
        self._span.set_attribute(semconv.ORDER_CLIENT_ID, found)
        KNOWN.note(
            self._who[semconv.NAME], client_order_id=found, symbol=str(order.get(semconv.SYMBOL) or "")
        )
        if isinstance(self._order, dict):
            # The call's own: by it the order is doubted, and settled, when the call has ended.
            self._order.setdefault(semconv.ORDER_CLIENT_ID, found)

    def _write_down(self, number: int, order: Mapping[str, Any], found: str) -> None:
        known = {name: value if type(value) is str else text_of(value) for name, value in order.items()}
        known |= self._who
        identity = known.setdefault(semconv.ORDER_CLIENT_ID, found)
        around = self._around
        if around is not None and identity in ("", around.client_order_id):
            # This order is written down, perhaps without what is known here.
            JOURNAL.identified(around, known)
            return
        if (number, identity) in self._entries:
            # The same attempt once more, or another request on its way.
            return
        nameless = self._entries.pop((number, ""), None)
        if nameless is not None:
            JOURNAL.identified(nameless, known)
            self._entries[number, identity] = nameless
            return
        entry = JOURNAL.submitted(self._span.get_span_context(), known)
        if entry is not None:
            self._entries[number, identity] = entry

    @never_raise
    def ended(self) -> None:
        """The call has ended: its span records the rest."""
        for entry in self._entries.values():
            JOURNAL.answered(entry)
        self._entries.clear()
