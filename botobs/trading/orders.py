"""Orders: from the decision to the fill, over sockets, processes and restarts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.trace import Link, Span, SpanContext

from .._sdk import orders
from .._sdk.context import attach, current, leave
from .._sdk.orders.journal import Entry
from .._sdk.safe import class_name, number_of, text_of
from ..semconv import trading as names
from ._doubts import unsettled_order
from ._never_raise import never_raise
from ._order_registry import OrderRegistry, order_ids
from ._recorder import Attributes, SpanBlock, logger
from ._stage_metrics import StageMetrics
from ._stages import (
    ANSWERS,
    OUTCOMES,
    OVERTAKEN,
    REFUSED,
    SETTLED,
    SETTLEMENTS,
    SETTLES,
    TAKEN,
    Settlement,
    Stage,
    newly_reached,
)
from ._submission_block import SubmissionBlock

Number = float | int | Decimal

#: The order, and its span, that the code now running is about.
_SCOPE = otel_context.create_key("botobs.trading.order")


class Order:
    """One order. Made by `Decision.order` or `botobs.trading.order`; safe to report on from several threads.

    Reports may come late, twice or in another order than things happened, as over sockets they do: each stage
    counts once, and what was overtaken is taken as it is.
    """

    def __init__(
        self,
        order_registry: OrderRegistry[Order],
        exchange: str,
        client_order_id: str,
        attributes: dict[str, str],
        bot_id: str | None = None,
        decided_at: float | None = None,
        account: str = "",
    ) -> None:
        self._order_registry = order_registry
        self._account = account
        self._recorder = order_registry.recorder
        self._attributes = {
            **attributes,
            names.EXCHANGE_NAME: exchange,
            names.ORDER_CLIENT_ID: client_order_id,
        }
        self._bot_id = bot_id
        self._metrics = StageMetrics(
            self._recorder,
            order_registry.rejections,
            exchange,
            bot_id,
            attributes.get(names.ORDER_TYPE),
            decided_at,
        )
        self._key = (exchange, client_order_id)
        self._reached: set[Stage] = set()
        self._answered = self._open_before = False
        self._ids = order_ids(exchange, client_order_id)
        self._first_span = self._ids.span_context()
        self._submission: SpanContext | None = None
        self._entry: Entry | None = None

    def submission(self) -> AbstractContextManager[Order, None]:
        """Send the order inside; its response is taken from how the block ends, unless it was reported inside.

        What was seen of the order's own requests decides: whether they were written, and what the exchange answered,
        raised by the client or returned. Where none was seen, a block that ends well acknowledges the order; where a
        watched client is still at it, in a task, a thread or over a WebSocket, its answer does so when it comes. An
        exception that says that the exchange refused it rejects it, one that says that it never left lets it fail;
        any other leaves it unknown, for the exchange may have taken it. Exceptions go on as they are.
        """
        return SubmissionBlock(self, _SCOPE)

    @contextmanager
    def update(self) -> Iterator[Order]:
        """Process news of the order inside: a span in the order's own trace, linked to its submission."""
        with self._updating() as span:
            token = attach({**current(), _SCOPE: (self, span)})
            try:
                yield self
            finally:
                leave(token)

    @never_raise
    def submitted(self) -> None:
        """Report that the order was sent over a socket on which the response comes later; else use `submission`."""
        with self._submitting() as span:
            first = self._sent(span)
            if first is not None:
                self._recorder.end(first)

    @never_raise
    def acknowledged(self, order_id: str | int | None = None) -> None:
        """Report that the exchange has taken the order.

        Args:
            order_id: The exchange's id of it.
        """
        if order_id is not None:
            self._attributes[names.ORDER_ID] = text_of(order_id)
        self._report("acknowledged", {} if order_id is None else {names.ORDER_ID: text_of(order_id)})

    @never_raise
    def answered(self, answer: object) -> None:
        """Report the exchange's response as the client returned it, where a refusal may be returned and not raised.

        Args:
            answer: Decoded JSON, its text, or an object of the client's. What it says decides: acknowledged, rejected
                or unknown.
        """
        outcome = orders.result_outcome(self._key[0], answer)
        if outcome == "accepted":
            self.acknowledged()
        else:
            self._report(outcome, {})

    @never_raise
    def rejected(self, reason: str = "") -> None:
        """Report that the exchange has refused the order, in its words."""
        self._report("rejected", {names.ORDER_REASON: reason})

    @never_raise
    def unknown(self, reason: BaseException | str = "") -> None:
        """Report that the outcome of the order is unknown.

        It stays unsettled, and the alert on it goes on, until an update comes or it is `settled`.
        """
        self._report("unknown", {names.ORDER_REASON: _words(reason)})
        if not self._reached & TAKEN:
            self._doubt()

    @never_raise
    def settled(self, outcome: Settlement) -> None:
        """Report the outcome of an unsettled order, which a person or a comparison has found out.

        It ends the alert on an order of unknown outcome, also on one that another process has sent, which may run no
        longer or on another host. Any later report on the order does the same; this one also says that it never came
        to the exchange.

        Args:
            outcome: `accepted` (it is open), `filled`, `canceled`, `expired`, `rejected`, or `failed` (it never came to
                the exchange).
        """
        if outcome not in SETTLEMENTS:
            self._recorder.misuse("order", "one was settled with an outcome that is none")
            return
        self._report("acknowledged" if outcome == "accepted" else outcome, {}, settles=False)
        self._order_registry.unsettled.declare(self._key[0], outcome, self._key[1])

    @never_raise
    def filled(self, amount: Number, price: Number | None = None, *, complete: bool) -> None:
        """Report a fill; its amount and price are recorded where the setting `order_values` allows it.

        Args:
            amount: What was filled now, in the base currency.
            price: At which price, in the quote currency.
            complete: Whether the whole order is filled now.
        """
        # What is no number is left out; that there was a fill counts all the same.
        given = {names.ORDER_AMOUNT: number_of(amount), names.ORDER_PRICE: number_of(price)}
        details = {name: float(value) for name, value in given.items() if value is not None}
        if len(details) < (1 if price is None else 2):
            self._recorder.misuse("order", "a fill has an amount or a price that is no number")
        values = details if self._order_registry.tells_values() else {}
        news = self._report("filled" if complete else "partially_filled", values)
        # The last fill is reported once; of several in part, each is another one.
        if news or not complete:
            symbol, side = self._attributes.get(names.SYMBOL), self._attributes.get(names.ORDER_SIDE)
            positions = self._order_registry.positions
            if not (symbol and side) and positions.symbols(self._key[0], self._account):
                self._recorder.misuse("order", "a fill without a symbol and a side changes no position")
            positions.fill(self._key[0], self._account, symbol, side, given[names.ORDER_AMOUNT])

    @never_raise
    def canceled(self) -> None:
        """Report that the order was canceled before it was filled completely."""
        self._report("canceled", {})

    @never_raise
    def expired(self) -> None:
        """Report that the exchange let the order expire."""
        self._report("expired", {})

    def _submitting(self) -> SpanBlock:
        """The span of the submission."""
        if "rejected" in self._reached:
            # It is sent again under its id: what becomes of it now is not known by that.
            with self._order_registry.lock:
                self._reached -= REFUSED
        self._answered = bool(self._reached & SETTLED)
        self._open_before = self._is_open()
        if not self._answered:
            self._order_registry.sent(self._key)
        return self._recorder.span("order submit", self._attributes, links=[Link(self._first_span)])

    def _sent(self, span: Span) -> Span | None:
        """Write the submission down and report it; the first span of the order's own trace, to be ended.

        An order that is sent again, after a time-out for instance, has its first span already: None.
        """
        again = "submitted" in self._reached
        self._submission = span.get_span_context()
        self._enter_journal()
        link = Link(self._submission)
        first = None if again else self._recorder.start_root("order", self._ids, self._attributes, [link])
        self._report("submitted", {}, span)
        return first

    def _enter_journal(self) -> None:
        if self._entry is not None:
            self._leave_journal()
        journal = self._order_registry.journal
        if journal is not None and self._submission is not None and not self._answered:
            self._entry = journal.submitted(self._submission, self._attributes)

    def _leave_journal(self) -> None:
        entry, journal = self._entry, self._order_registry.journal
        if entry is not None and journal is not None:
            self._entry = None
            journal.answered(entry)

    @contextmanager
    def _updating(self) -> Iterator[Span]:
        here = trace.get_current_span().get_span_context()
        links = [
            Link(context) for context in (self._submission, here) if context is not None and context.is_valid
        ]
        parent = trace.set_span_in_context(trace.NonRecordingSpan(self._first_span))
        with self._recorder.span("order update", self._attributes, parent=parent, links=links) as span:
            yield span

    @never_raise
    def _answered_by(self, error: BaseException | None, witness: orders.Witness) -> None:
        # It may have been reported inside, or updated over another socket meanwhile.
        if not self._answered:
            outcome = self._outcome_of(error, witness)
            if outcome == "accepted":
                self.acknowledged()
            else:
                # That it was refused now says nothing of the time before, which may be why.
                told = "unknown" if outcome == "rejected" and self._is_open() else outcome
                self._report(told, {} if error is None else {names.ORDER_REASON: _words(error)})
            if outcome == "unknown" and not witness.doubts:
                self._doubt()
        self._pass_on(witness)

    def _outcome_of(self, error: BaseException | None, witness: orders.Witness) -> orders.Outcome:
        exchange = self._key[0]
        try:
            return witness.returned(exchange) if error is None else witness.raised(error, exchange)
        except Exception as broken:
            # An exception that cannot even be looked at is no evidence, and the order may be there.
            logger.debug("an outcome was not found: %s", class_name(type(broken)))
            return "unknown"

    @never_raise
    def _answered_late(self, witness: orders.Witness) -> None:
        """What went on after the block had been given up has ended."""
        outcome = witness.returned(self._key[0])
        if outcome == "accepted" or (outcome != "unknown" and not self._open_before):
            self.settled(outcome)
        self._pass_on(witness)

    @never_raise
    def _sent_late(
        self, outcome: orders.Outcome, error: BaseException | None, doubts: Sequence[orders.UnsettledOrder]
    ) -> None:
        """What was sent only after the block had ended has ended: that the order was taken was not known."""
        if outcome == "accepted":
            return
        self._reached.discard("acknowledged")
        self._report(outcome, {} if error is None else {names.ORDER_REASON: _words(error)})
        for seen in doubts:
            self._doubt(seen)
        if outcome == "unknown" and not doubts:
            self._doubt()

    def _pass_on(self, witness: orders.Witness) -> None:
        """Mark the orders of watched clients as unsettled or settle them, each by the id it was sent with."""
        taken = bool(self._reached & TAKEN)
        if taken and self._order_registry.unsettled.waiting:
            # Of earlier blocks; what this one leaves open comes after.
            for client_order_id in witness.accepted or {self._key[1]}:
                self._settle("accepted", client_order_id)
        for seen in witness.doubts:
            # What the order was sent with by another id, or without one, is another order for the exchange.
            if taken and not seen.client_order_id:
                self._order_registry.unsettled.doubt(seen)
            elif not taken or seen.client_order_id not in (self._key[1], *witness.accepted):
                self._doubt(seen)

    def _is_open(self) -> bool:
        """Whether it was sent before with an unknown outcome, and nobody has settled that."""
        unsettled = self._order_registry.unsettled
        return "unknown" in self._reached and unsettled.holds(self._key[0], self._key[1])

    def _doubt(self, seen: orders.UnsettledOrder | None = None) -> None:
        """Mark the order, or what a watched client has sent for it, as of unknown outcome."""
        self._order_registry.unsettled.doubt(
            unsettled_order(self._key, self._attributes, self._bot_id, self._submission, seen)
        )

    def _settle(self, outcome: Settlement, client_order_id: str) -> None:
        self._order_registry.unsettled.settle(self._key[0], outcome, client_order_id=client_order_id)

    def _is_submitting(self) -> bool:
        """Whether the running code is in the block that submits the order.

        Its end says what became of it. What is said while it is sent once more says nothing of the last time.
        """
        scope = current().get(_SCOPE)
        return (
            isinstance(scope, tuple)
            and scope[0] is self
            and self._submission is not None
            and scope[1].get_span_context() == self._submission
        )

    def _report(
        self, stage: Stage, details: Attributes, span: Span | None = None, *, settles: bool = True
    ) -> set[Stage]:
        with self._order_registry.lock:
            news = newly_reached(self._reached, stage)
            self._reached |= news
            contradicted = not news and stage not in self._reached and stage not in OVERTAKEN
        if contradicted:
            self._recorder.misuse("order", f"one that has ended became {stage}")
        if stage != "acknowledged" and "acknowledged" in news:
            self._metrics.count("acknowledged", implied=True)
        if stage in news:
            self._metrics.count(stage)
        if stage in ANSWERS:
            self._answered = True
            self._order_registry.answered(self._key)
            if self._entry is not None:
                self._leave_journal()
        waiting = self._order_registry.unsettled.waiting
        if settles and waiting and stage in SETTLES and not self._is_submitting():
            self._settle(SETTLES[stage], self._key[1])
        self._order_registry.heard(stage, self._attributes, self._bot_id or "")
        self._tell(stage, details, span)
        return news

    @property
    def key(self) -> tuple[str, str]:
        """Exchange and client order id."""
        return self._key

    def decided(self) -> None:
        """Count the decision for this order."""
        self._reached.add("decided")
        self._metrics.count("decided")

    def _tell(self, stage: Stage, details: Attributes, span: Span | None) -> None:
        """Write the stage on the span that is about this order, or on a new one."""
        scope = current().get(_SCOPE)
        # What goes on after the block has ended has its context still.
        if span is None and isinstance(scope, tuple) and scope[0] is self and scope[1].is_recording():
            span = scope[1]
        if span is not None:
            self._write(span, stage, details)
            return
        with self._updating() as own:
            self._write(own, stage, details)

    def _write(self, span: Span, stage: Stage, details: Attributes) -> None:
        self._recorder.event(span, f"botobs.order.{stage}", details)
        known: dict[str, str | int | float | bool] = {names.ORDER_STAGE: stage}
        if stage in OUTCOMES:
            known[names.ORDER_OUTCOME] = stage
        if names.ORDER_ID in details:
            known[names.ORDER_ID] = details[names.ORDER_ID]
        span.set_attributes(known)


def _words(reason: BaseException | str) -> str:
    return reason if isinstance(reason, str) else class_name(type(reason))
