"""Says on behalf of a service what became of one of its orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import botobs

from ..._sdk.orders import UNSETTLED, UnsettledOrder
from ..errors import StackError
from ._listing import Order


def find(known: Sequence[Order], identity: str, exchange: str, service: str | None) -> Order | None:
    """Find an order in a listing.

    Args:
        known: Those that traces name.
        identity: The client order id, or the exchange's id.
        exchange: Its exchange.
        service: Its service; None for any.

    Raises:
        StackError: There are several.
    """
    found = [
        order
        for order in known
        if identity in (order.client_order_id, order.order_id)
        and order.exchange == exchange
        and service in (None, order.service)
    ]
    if len({order.service for order in found}) > 1:
        services = ", ".join(sorted({order.service for order in found}))
        raise StackError(
            f"several services have sent an order {identity}: {services}", "Name one with --service."
        )
    return found[0] if found else None


def settle(
    order: Order | None,
    identity: str,
    exchange: str,
    outcome: str,
    service: str | None,
    environ: Mapping[str, str],
) -> None:
    """Write the settlement through the stack's collector, as the service itself would have done it.

    Args:
        order: What traces know of the order; None where they know nothing.
        identity: Its client order id, or the exchange's id of an order that traces know.
        exchange: Its exchange.
        outcome: `accepted`, `rejected`, `failed`, `filled`, `canceled` or `expired`.
        service: Its service, where that is given.
        environ: Variables from which the stack is found.

    Raises:
        StackError: The collector has not taken it.
    """
    name = service or (order.service if order is not None else "") or "botobs-orders"
    environment = order.environment if order is not None else ""
    with botobs.init(
        name, environment=environment or None, disabled_instrumentations=["all"], environ=environ
    ) as handle:
        if handle.settings.endpoint is None:
            raise StackError("no collector is known that would take it", "Start a stack with: botobs up")
        if order is None:
            UNSETTLED.declare(exchange, outcome, identity)
        else:
            UNSETTLED.take_over([_unsettled(order)], ())
            UNSETTLED.settle(
                exchange, outcome, client_order_id=order.client_order_id, order_id=order.order_id
            )
        if not handle.flush():
            raise StackError("the collector did not take it", "See what runs with: botobs status")


def _unsettled(order: Order) -> UnsettledOrder:
    return UnsettledOrder(
        order.exchange,
        order.client_order_id,
        order.order_id,
        order.symbol,
        order.side,
        order.bot,
        order.trace_id,
        order.span_id,
        order.submitted,
        unknown_since=order.submitted,
    )
