"""The orders that one call submits: each is counted once, by its own response."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeGuard

from opentelemetry import trace

from ....semconv import exchange as semconv
from ... import orders
from ...orders.known import KNOWN
from .names import CLOSES_ALL, EDITS
from .order_details import client_order_id, client_order_ids
from .orders import OrderTracker, Who, bounded_side, bounded_type, order_id
from .series_attributes import of_submission
from .settling import settle_one

#: Where exchanges put the code of one order of a batch.
_CODES = ("code", "sCode", "retCode", "error_code", "errorCode", "err-code", "msgCode")
_CODE_NAMES = frozenset(_CODES)
_SUCCESS = frozenset({"", "0", "00000", "200", "200000", "None", "null"})
_LONGEST_CODE = 64
_LONGEST_ID = 128
#: Orders of one call that are counted one by one.
_MOST_ORDERS = 1000


class Submission:
    """What a call submits, from its beginning to its response.

    Args:
        tracker: Where orders are counted.
        who: Exchange and client.
        name: The unified method.
        order: What is known of the order, or of all orders of the call.
        batch: The orders of a call that submits several, as they were given.
        evidence: What the call's requests say.

    Attributes:
        evidence: As given.
        sent_as: The client order id of each request, in their sequence; empty for one without.
        replaces: The call ends an order and submits another, in requests of their own.
        trial: The exchange only checks what it is sent.
    """

    __slots__ = (
        "_awaited",
        "_batch",
        "_closes_all",
        "_edits",
        "_order",
        "_since",
        "_tickets",
        "_tracker",
        "_unchanged",
        "_who",
        "_witness",
        "evidence",
        "replaces",
        "sent_as",
        "trial",
    )

    def __init__(
        self,
        tracker: OrderTracker,
        who: Who,
        name: str,
        order: Mapping[str, Any],
        batch: list[Mapping[str, Any]] | None,
        evidence: orders.Evidence,
    ) -> None:
        self._tracker = tracker
        self._who = who
        self._order = order
        self._batch = batch
        self._closes_all = name == CLOSES_ALL
        self._edits = name in EDITS
        self.replaces = False
        self.trial = False
        self.evidence = evidence
        self.sent_as: list[str] = []
        self._unchanged: orders.Outcome | None = None
        self._witness = orders.current_witness()
        expected = 1 if batch is None else min(len(batch), _MOST_ORDERS)
        self._tickets = [tracker.begin(who) for _ in range(expected)]
        self._since = time.time()
        self._awaited = False
        for client_id, symbol in self._sent():
            if self._witness is None:
                self._witness = orders.witness_of(who[0], client_id)
            KNOWN.note(who[0], client_order_id=client_id, symbol=symbol)

    def _sent(self) -> list[tuple[str, str]]:
        """The client order ids and symbols that are about to be sent."""
        if self._batch is None:
            return [
                (
                    str(self._order.get(semconv.ORDER_CLIENT_ID) or ""),
                    str(self._order.get(semconv.SYMBOL) or ""),
                )
            ]
        return [
            (client_order_id(each.get("params")) or client_order_id(each), str(each.get("symbol") or ""))
            for each in self._batch[:_MOST_ORDERS]
        ]

    @property
    def sent_ids(self) -> list[str]:
        """The client order ids of its one order, one for each request; empty where it submits several."""
        if self._batch is not None:
            return []
        return [each for each in (*self.sent_as, str(self._order.get(semconv.ORDER_CLIENT_ID) or "")) if each]

    def begun(self) -> None:
        """Its end will be reported: until then it is not known how the user's block ends that submits."""
        if self._witness is not None:
            self._witness.await_answer()
            self._awaited = True

    def answered(self) -> None:
        """The call has returned or raised: nothing is in flight any more."""
        for ticket in self._tickets:
            self._tracker.end(ticket)

    def end(
        self, error: BaseException | None, result: Any, span: trace.SpanContext, answer: str
    ) -> list[orders.Outcome]:
        """Count the orders, each under what became of it.

        Args:
            error: What the call raised.
            result: What it returned.
            span: The call's.
            answer: The beginning of the last response's body.

        Returns:
            What became of each.
        """
        try:
            return self._end(error, result, span, answer)
        finally:
            if self._awaited and self._witness is not None:
                self._witness.answered()

    def _end(
        self, error: BaseException | None, result: Any, span: trace.SpanContext, answer: str
    ) -> list[orders.Outcome]:
        if self.trial:
            if self._witness is not None:
                self._witness.tried(error)
            return []
        if error is not None:
            each = verdicts = self._raised(error, answer)
        else:
            if self._edits and orders.replacement(self._who[0], answer) is not None:
                # One order was cancelled, and another one submitted.
                self.replaces = True
            elements = enumerate(self._elements(result))
            each = [self._returned(element, self._given(number), span) for number, element in elements]
            verdicts = list(each)
            if self._edits and not self.replaces:
                # As where it is raised: the order is there as it was.
                self._unchanged = _together(each)
                verdicts = [one for one in each if one in ("accepted", "unknown")]
            if orders.UNSETTLED.waiting:
                self._settle(each, result)
        doubts = [
            self._doubt(number, result, span) for number, verdict in enumerate(each) if verdict == "unknown"
        ]
        each = list(each)
        doubts = self._others(verdicts, doubts, span)
        for verdict in verdicts:
            if verdict != "accepted":
                self._tracker.count(self._who, verdict)
        if verdicts in (["rejected"], ["failed"]):
            KNOWN.refused(self._who[0], client_order_id=str(self._order.get(semconv.ORDER_CLIENT_ID) or ""))
        if not self._report(each, error, doubts, result):
            for order in doubts:
                orders.UNSETTLED.doubt(order)
        return verdicts

    def _others(
        self, verdicts: list[orders.Outcome], doubts: list[orders.UnsettledOrder], span: trace.SpanContext
    ) -> list[orders.UnsettledOrder]:
        """Tell requests apart that one call has sent: with another client order id, or none, each is another order.

        Args:
            verdicts: What became of the orders; those of earlier requests are added.
            doubts: The orders of unknown outcome.
            span: The call's.

        Returns:
            The orders of unknown outcome, those of earlier requests among them.
        """
        left = self.evidence.left_open()
        single = self._batch is None and len(verdicts) == 1 and not self._edits
        if not any(left) or not single or verdicts[0] not in ("accepted", "unknown"):
            return doubts
        names = [*self.sent_as, *[""] * len(left)][: len(left)]
        ids = dict.fromkeys(name for name, is_open in zip(names, left, strict=True) if is_open)
        if verdicts == ["accepted"]:
            # What was accepted settles the requests of its own id.
            ids = {name: None for name in ids if not name or name != names[-1]}
        elif ids:
            # By the id of a request that is open, and not of one that was refused.
            first = next(iter(ids))
            ids.pop(first)
            doubts = [replace(doubt, client_order_id=first or doubt.client_order_id) for doubt in doubts]
        verdicts += ["unknown"] * len(ids)
        plain = replace(self._doubt(0, None, span), order_id="")
        return doubts + [replace(plain, client_order_id=name, number=n) for n, name in enumerate(ids, 1)]

    def _report(
        self,
        verdicts: list[orders.Outcome],
        error: BaseException | None,
        doubts: list[orders.UnsettledOrder],
        result: Any,
    ) -> bool:
        """Report to the enclosing `submission()`; returns whether it passes the unknown orders on."""
        witness = self._witness
        if witness is None:
            return False
        outcome = self._of_block(verdicts, witness.client_order_id, result) or self._unchanged
        if outcome is None:
            return False
        accepted: list[str] = []
        if witness.doubts or doubts or orders.UNSETTLED.waiting:
            taken = [number for number, verdict in enumerate(verdicts) if verdict == "accepted"]
            accepted = [self._ids(number, result)[0] for number in taken]
        return witness.tell(outcome, error, doubts, accepted)

    def _of_block(
        self, verdicts: list[orders.Outcome], client_order_id: str, result: Any
    ) -> orders.Outcome | None:
        """What became of the order of the block around the call, of perhaps several that the call submits."""
        if len(set(verdicts)) < 2:
            return verdicts[0] if verdicts else None
        for number, verdict in enumerate(verdicts):
            if client_order_id and self._ids(number, result)[0] == client_order_id:
                return verdict
        # Any of them may be the block's: what holds for some of them is certain of none.
        return "unknown" if {"accepted", "unknown"} & set(verdicts) else "rejected"

    def _settle(self, verdicts: list[orders.Outcome], result: Any) -> None:
        """One that was accepted now may have been sent before, under the same id. That it was rejected says nothing."""
        for number, verdict in enumerate(verdicts):
            if verdict == "accepted":
                client_id, exchange_id = self._ids(number, result)
                settle_one(self._who[0], _element(result, number), "accepted", [client_id], exchange_id)

    def _doubt(self, number: int, result: Any, span: trace.SpanContext) -> orders.UnsettledOrder:
        client_id, exchange_id = self._ids(number, result)
        given = self._given(number)
        return orders.UnsettledOrder(
            self._who[0],
            client_order_id=client_id,
            order_id=exchange_id,
            symbol=str(given.get("symbol") or self._order.get(semconv.SYMBOL) or "")[:_LONGEST_ID],
            side=str(given.get("side") or self._order.get(semconv.ORDER_SIDE) or "").lower()[:_LONGEST_ID],
            trace_id=trace.format_trace_id(span.trace_id) if span.is_valid else "",
            span_id=trace.format_span_id(span.span_id) if span.is_valid else "",
            since=self._since,
            known_as=str(given.get("listClientOrderId") or "")[:_LONGEST_ID],
            number=number,
        )

    def _ids(self, number: int, result: Any) -> tuple[str, str]:
        """Client order id and the exchange's id of one of the orders: of the response, else as given."""
        answered, given = _element(result, number), self._given(number)
        found = (*client_order_ids(answered), *client_order_ids(given))
        # That of its list is none of its own.
        client_id = next((each for each in found if each != given.get("listClientOrderId")), "")
        exchange_id = order_id(answered) or ""
        if self._batch is None and len(self._tickets) == 1:
            client_id = client_id or str(self._order.get(semconv.ORDER_CLIENT_ID) or "")
            exchange_id = exchange_id or str(self._order.get(semconv.ORDER_ID) or "")
        return client_id, exchange_id

    def _given(self, number: int) -> Mapping[str, Any]:
        return self._batch[number] if self._batch is not None and number < len(self._batch) else {}

    def attributes(self, verdicts: list[orders.Outcome], transport: str) -> Mapping[str, Any]:
        """What the duration of the call is recorded with."""
        side = bounded_side(self._order.get(semconv.ORDER_SIDE))
        kind = bounded_type(self._order.get(semconv.ORDER_TYPE))
        return of_submission(*self._who, side, kind, transport, _together(verdicts))

    def _raised(self, error: BaseException, answer: str) -> list[orders.Outcome]:
        replaced = orders.replacement(self._who[0], answer) if self._edits else None
        outcome = replaced or self.evidence.outcome(error)
        stays = outcome == "failed" or (outcome == "rejected" and replaced is None)
        if self._edits and not self.replaces and stays:
            # The order is there as it was, and was counted when it was submitted.
            self._unchanged = outcome
            return []
        if outcome == "accepted":
            # The order that it replaces could not be cancelled.
            self._tracker.count(self._who, outcome)
        return [outcome] * len(self._tickets)

    def _elements(self, result: Any) -> list[Any]:
        if self._closes_all and isinstance(result, list):
            return result[:_MOST_ORDERS]
        if self._batch is None:
            # One call may submit several orders that belong together, such as the two of an OCO.
            return result if isinstance(result, list) and result else [result]
        found = result[:_MOST_ORDERS] if isinstance(result, list) else []
        return [*found, *[None] * (len(self._tickets) - len(found))]

    def _returned(self, element: Any, given: Mapping[str, Any], span: trace.SpanContext) -> orders.Outcome:
        verdict = self._verdict(element)
        if verdict != "accepted":
            return "unknown" if any(self.evidence.left_open()) else verdict
        if self._edits and not self.replaces and self._is_same(element, given):
            self._tracker.update(self._who[0], element, keep=False)
        else:
            self._tracker.acknowledge(self._who, element, span)
        return verdict

    def _is_same(self, element: Any, given: Mapping[str, Any]) -> bool:
        """Whether an edited order, of several the `given` one, is the one that was there, and no other in its place."""
        identity = order_id(given) or self._order.get(semconv.ORDER_ID)
        if identity is None and (client_order_ids(given) or self._order.get(semconv.ORDER_CLIENT_ID)):
            # It was named by the client order id, which another one would not have.
            return True
        return order_id(element) in (None, identity)

    def _verdict(self, element: Any) -> orders.Outcome:
        said = orders.classified(orders.Answer(self._who[0], result=element))
        if said is not None:
            return said
        if not _is_mapping(element):
            return self._answered(element)
        info = element.get("info")
        codes = (*_codes(element), *(_codes(info) if _is_mapping(info) else ()))
        if codes and not order_id(element):
            return orders.code_outcome(self._who[0], codes, str(element))
        if element.get("status") == "rejected":
            return "rejected"
        several = self._batch is not None or self._closes_all
        if several and (order_id(element) or element.get("clientOrderId")):
            return "accepted"
        return self._answered(element)

    def _answered(self, element: Any) -> orders.Outcome:
        """What became of an order of which the result tells nothing by itself."""
        seen = self.evidence.returned() or ("accepted" if _has_name(element) else "unknown")
        # That a call went well does not tell which of several orders were taken.
        return "unknown" if seen == "accepted" and self._batch is not None else seen


def _element(result: Any, number: int) -> Mapping[str, Any]:
    """The part of the response about one of the orders."""
    found = result[number] if isinstance(result, list) and number < len(result) else result
    return found if _is_mapping(found) else {}


def _is_mapping(value: Any) -> TypeGuard[Mapping[str, Any]]:
    # A dict nearly always; asking an abstract class takes much longer.
    return type(value) is dict or isinstance(value, Mapping)


def _has_name(element: Any) -> bool:
    """Whether an answer is one about an order: a trial's, or half of one, names none."""
    if not _is_mapping(element):
        return False
    if order_id(element) or element.get("clientOrderId"):
        return True
    info = element.get("info", element)
    return isinstance(info, Mapping | list) and bool(info)


def _codes(element: Mapping[str, Any]) -> list[str]:
    if _CODE_NAMES.isdisjoint(element):
        return []
    found = [element.get(name) for name in _CODES]
    texts = [str(code)[:_LONGEST_CODE] for code in found if isinstance(code, str | int)]
    return [text for text in texts if text not in _SUCCESS]


def _together(verdicts: list[orders.Outcome]) -> orders.Outcome:
    """One word for all orders of a call: the one that most needs to be looked at."""
    for word in ("unknown", "rejected", "failed"):
        if word in verdicts:
            return word
    return "accepted"
