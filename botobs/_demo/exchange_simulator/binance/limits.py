"""Binance's limits: weight per minute, orders per ten seconds and per day, told in headers."""

from __future__ import annotations

import time

from aiohttp import web

from ..faults import Fault
from ..refusal import Reason, Refusal
from ..rest import EXCHANGE, Handler, operation_of
from .errors import refuse
from .words import ORDERS_PER_10_SECONDS, ORDERS_PER_DAY, WEIGHT_PER_MINUTE

#: Those of the real exchange; requests that are not named weigh one.
_WEIGHTS = {
    "fetch_markets": 20,
    "fetch_order_book": 25,
    "fetch_trades": 4,
    "fetch_recent_trades": 25,
    "fetch_ohlcv": 2,
    "fetch_ticker": 2,
    "fetch_balance": 20,
    "fetch_order": 4,
    "fetch_open_orders": 6,
    "fetch_orders": 20,
    "listen_key": 2,
}


class Window:
    """What was used in the current span of `seconds`."""

    def __init__(self, seconds: int, limit: int) -> None:
        self.used = 0
        self._seconds = seconds
        self._limit = limit
        self._span = 0

    def use(self, amount: int, now: float) -> None:
        """Add to what was used."""
        span = int(now // self._seconds)
        if span != self._span:
            self._span, self.used = span, 0
        self.used += amount

    def exceeded(self) -> bool:
        """Whether more was used than is allowed."""
        return self.used > self._limit

    def remaining(self, now: float) -> float:
        """Seconds until the span is over."""
        return self._seconds - now % self._seconds


class Limits:
    """The limits of one account, which is also one address."""

    def __init__(self) -> None:
        self._weight = Window(60, WEIGHT_PER_MINUTE)
        self._orders = (Window(10, ORDERS_PER_10_SECONDS), Window(86_400, ORDERS_PER_DAY))

    def use(self, operation: str, now: float) -> float | None:
        """Count a request; returns the seconds to wait when it is one too many."""
        self._weight.use(_WEIGHTS.get(operation, 1), now)
        windows = [self._weight]
        if operation == "create_order":
            windows += self._orders
            for window in self._orders:
                window.use(1, now)
        return max((window.remaining(now) for window in windows if window.exceeded()), default=None)

    def headers(self, operation: str, others: float = 0.0) -> dict[str, str]:
        """What the answer tells about it, when others at this address use the part `others` of the weight."""
        weight = self._weight.used + round(others * WEIGHT_PER_MINUTE)
        headers = {"X-MBX-USED-WEIGHT": f"{weight}", "X-MBX-USED-WEIGHT-1M": f"{weight}"}
        if operation == "create_order":
            short, day = self._orders
            headers |= {"X-MBX-ORDER-COUNT-10S": f"{short.used}", "X-MBX-ORDER-COUNT-1D": f"{day.used}"}
        return headers


LIMITS = web.AppKey("limits", Limits)


@web.middleware
async def weigh(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Keep the limits, and tell in the headers what was used."""
    operation = operation_of(request)
    if operation is None:
        return await handler(request)
    limits = request.app[LIMITS]
    wait = limits.use(operation, time.time())
    if wait is not None:
        response: web.StreamResponse = refuse(Refusal(Reason.RATE_LIMIT, f"{wait:.0f}"))
    else:
        response = await handler(request)
    others = request.app[EXCHANGE].faults.setting(Fault.LIMIT_USED)
    response.headers.update(limits.headers(operation, others.value if others else 0.0))
    return response
