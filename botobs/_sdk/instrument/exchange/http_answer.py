"""What the response to an HTTP request says of limits and of the clock, whichever client has asked."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ....semconv import exchange as semconv
from .telemetry import ExchangeTelemetry

#: Characters of a response's body that are searched for what it says of limits.
_HEAD = 300
#: Statuses by which the limits of an exchange, or of what stands before it, are stated.
STATED = (403, 418, 429)


class HttpAnswer:
    """The response to one request, from the moment before it is sent.

    Args:
        exchanges: Where it is reported.
        who: Exchange and client.
        endpoint: The path that is asked, for exchanges that limit each endpoint by itself.
        account: The keyed hash of the API key that it is asked with; empty without one.
    """

    __slots__ = ("_account", "_endpoint", "_exchanges", "_who", "sent_at")

    def __init__(
        self, exchanges: ExchangeTelemetry, who: tuple[str, str], endpoint: str, account: str = ""
    ) -> None:
        self._exchanges = exchanges
        self._who = who
        self._endpoint = endpoint
        self._account = account
        self.sent_at = time.time()

    def read(self, status: int | None, headers: Mapping[str, str], body: str) -> None:
        """Read status, headers and body of the response; the body may be its beginning only."""
        exchange = self._exchanges.exchange(self._who[0])
        head = body[:_HEAD]
        exchange.limits.read_headers(status or 0, headers, head, self._endpoint, self._account)
        for name in ("Date", "date"):
            if name in headers and "Age" not in headers:
                exchange.clock.add_date_header(self.sent_at, time.time(), headers[name], time.monotonic())
                break
        if '"rateLimits"' in body[:4000]:
            exchange.limits.read_exchange_info(body)
        self._count_rejection(status, head)

    def refused(self, category: str, status: int | None) -> None:
        """The response says that there were too many requests, or that the address is banned."""
        attributes: dict[str, Any] = {semconv.NAME: self._who[0], semconv.ERROR_CATEGORY: category}
        if status is not None:
            attributes[semconv.HTTP_STATUS] = status
        self._exchanges.rejections.add(1, attributes)

    def _count_rejection(self, status: int | None, head: str) -> None:
        if status not in STATED:
            return
        banned = status == 418 or "banned until" in head
        if status == 403 and not banned:
            return
        self.refused("ban" if banned else "rate_limit", status)
