"""Orders: of which nobody knows what became of them, those that wait for an answer, and the newest of all."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

import httpx
from markupsafe import Markup

from ....semconv import exchange, trading
from ...errors import UserError
from ...orders import NAMED_FOR, Listing, read
from ...traces import Found, TempoClient
from ...traces.query import SUBMITTING, outcome, quote
from .. import frame
from ..request import Page, Request

#: Seconds between two looks: all that Tempo keeps is looked through.
_REFRESH = 60
#: Orders of the newest that are shown.
_NEWEST = 50
#: Of those that are unsettled: thousands of rows are no help, and hold a phone up.
_UNSETTLED = 200
_SELECTED = (
    "resource.service.name",
    *(
        f"span.{name}"
        for name in (
            exchange.NAME,
            exchange.ORDER_CLIENT_ID,
            exchange.ORDER_ID,
            exchange.ORDER_OUTCOME,
            exchange.ORDER_SIDE,
            exchange.SYMBOL,
            trading.BOT_ID,
            trading.ORDER_OUTCOME,
            trading.ORDER_STAGE,
        )
    ),
    "status",
)


def page(request: Request) -> Page:
    """Orders."""

    async def unsettled() -> Markup:
        return await unsettled_of(request)

    async def newest() -> Markup:
        return await newest_of(request, "")

    blocks = {"unsettled": unsettled, "newest": newest}
    return Page("Orders", "orders.html", "orders", blocks=blocks, refresh=_REFRESH)


async def unsettled_of(request: Request) -> Markup:
    """The orders of unknown outcome, and those without an answer yet."""
    # Of all that is kept, whatever the range: an order that is forgotten costs as much.
    listing = await request.ask(["tempo", "prometheus"], _read)
    return frame.block("orders-unsettled.html", listing=listing, most=_UNSETTLED)


async def newest_of(request: Request, bot: str) -> Markup:
    """The newest orders in the range, of one bot or, where it is empty, of all."""
    begin, end = request.range.moments(time.time())
    who = f" && span.{trading.BOT_ID} = {quote(bot)}" if bot else ""
    query = f'{{ name =~ "{SUBMITTING}"{who} }} | select({", ".join(_SELECTED)})'

    def ask(tempo: httpx.Client | None) -> Sequence[Found]:
        if tempo is None:
            raise UserError("Tempo is not part of the running stack.")
        # The client's span of a call, and the submission's above it.
        return TempoClient(tempo).spans(query, begin, end, 2 * _NEWEST)

    rows = _rows(await request.ask(["tempo"], ask))[:_NEWEST]
    return frame.block("orders-newest.html", orders=rows, most=_NEWEST)


def _read(tempo: httpx.Client | None, prometheus: httpx.Client | None) -> Listing:
    return read(tempo, prometheus, NAMED_FOR)


def _rows(found: Iterable[Found]) -> list[dict[str, object]]:
    """One row for each order, the newest first."""
    spans: dict[tuple[str, str], list[Found]] = {}
    for each in sorted(found, key=lambda each: each.start_ns):
        order = each.attributes.get(exchange.ORDER_CLIENT_ID) or each.span_id
        spans.setdefault((each.trace_id, str(order)), []).append(each)
    return [_row(trace_id, of_one) for (trace_id, _), of_one in reversed(spans.items())]


def _row(trace_id: str, spans: Sequence[Found]) -> dict[str, object]:
    names = {
        "service": "service.name",
        "bot": trading.BOT_ID,
        "exchange": exchange.NAME,
        "symbol": exchange.SYMBOL,
        "side": exchange.ORDER_SIDE,
        "client_order_id": exchange.ORDER_CLIENT_ID,
        "order_id": exchange.ORDER_ID,
    }
    attributes = {key: value for each in spans for key, value in each.attributes.items() if value}
    row: dict[str, object] = {key: str(attributes.get(name) or "") for key, name in names.items()}
    failed = any(each.attributes.get("status") == "error" for each in spans)
    sent = spans[0].start_ns / 1e9
    return row | {"trace_id": trace_id, "sent": sent, "outcome": outcome(attributes, failed)}
