"""The block of a service's code that submits an order: what is seen in it, and how it ends, say what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ContextDecorator
from types import TracebackType
from typing import Any, Generic, Protocol, TypeVar

from opentelemetry.trace import Span

from .._sdk import orders
from .._sdk.context import attach, current, leave
from .._sdk.orders.journal import Entry
from ._recorder import Recorder, SpanBlock


class Sends(Protocol):
    """What a block needs of the order that it sends; see `Order`."""

    _key: tuple[str, str]
    _entry: Entry | None
    _recorder: Recorder

    def _submitting(self) -> SpanBlock: ...
    def _sent(self, span: Span) -> Span | None: ...
    def _leave_journal(self) -> None: ...
    def _answered_by(self, error: BaseException | None, witness: orders.Witness) -> None: ...
    def _answered_late(self, witness: orders.Witness) -> None: ...
    def _sent_late(
        self, outcome: orders.Outcome, error: BaseException | None, doubts: Sequence[orders.UnsettledOrder]
    ) -> None: ...


OrderT = TypeVar("OrderT", bound=Sends)


class SubmissionBlock(ContextDecorator, Generic[OrderT]):
    """Runs a block that sends an order. No generator of `contextlib`: it would cost each order a twentieth more.

    Args:
        order: The order.
        scope: The key in the context by which the order is found by what is reported inside.
    """

    def __init__(self, order: OrderT, scope: str) -> None:
        self._order = order
        self._scope = scope

    def _recreate_cm(self) -> SubmissionBlock[OrderT]:
        """As a decorator: each call of the function sends the order."""
        return SubmissionBlock(self._order, self._scope)

    def __enter__(self) -> OrderT:
        """Write the order down, start its span, and look at what is sent from now on."""
        order = self._order
        self._block: SpanBlock = order._submitting()
        span = self._block.__enter__()
        try:
            self._first: Span | None = order._sent(span)
            self._witness = witness = orders.Witness(order._entry, order._key[1])
            orders.open_block(order._key, witness)
            entered = {**current(), self._scope: (order, span)}
            self._token: Any = attach(witness.join(entered))
        except BaseException as error:
            self._block.__exit__(type(error), error, error.__traceback__)
            raise
        return order

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Report what became of the order; an exception goes on as it is."""
        order, witness = self._order, self._witness
        orders.close_block(order._key, witness)
        try:
            if error is not None:
                order._answered_by(error, witness)
                witness.when_answered(lambda: order._answered_late(witness))
            elif not witness.when_answered(lambda: order._answered_by(None, witness)):
                order._answered_by(None, witness)
                if witness.blind:
                    witness.late = order._sent_late
        finally:
            try:
                leave(self._token)
                witness.close()
                if order._entry is not None and not witness.waiting:
                    order._leave_journal()
                if self._first is not None:
                    order._recorder.end(self._first)
            finally:
                self._block.__exit__(kind, error, traceback)
