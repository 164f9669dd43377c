"""Binance's rate limits: weight per minute, orders per ten seconds and per day, reported in headers."""

from __future__ import annotations

import time

from aiohttp import web

from ..faults import Fault
from ..rejection import Reason, Rejection
from ..rest import EXCHANGE, Handler, operation_of
from .errors import error_response
from .payloads import ORDERS_PER_10_SECONDS, ORDERS_PER_DAY, WEIGHT_PER_MINUTE

#: Weights of the real exchange; other requests have the weight 1.
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
    "fetch_my_trades": 20,
    "listen_key": 2,
}


class UsageWindow:
    """What was used in the current interval of `seconds`."""

    def __init__(self, seconds: int, limit: int) -> None:
        self.used = 0
        self._seconds = seconds
        self._limit = limit
        self._span = 0

    def use(self, amount: int, now: float) -> None:
        """Add `amount`; `now` is in seconds since the epoch."""
        span = int(now // self._seconds)
        if span != self._span:
            self._span, self.used = span, 0
        self.used += amount

    def exceeded(self) -> bool:
        """Whether the limit is exceeded."""
        return self.used > self._limit

    def remaining(self, now: float) -> float:
        """Seconds until the next interval."""
        return self._seconds - now % self._seconds


class RateLimits:
    """The rate limits of the account, whose clients all have one IP address."""

    def __init__(self) -> None:
        self._weight = UsageWindow(60, WEIGHT_PER_MINUTE)
        self._orders = (UsageWindow(10, ORDERS_PER_10_SECONDS), UsageWindow(86_400, ORDERS_PER_DAY))

    def use(self, operation: str, now: float) -> float | None:
        """Count a request; returns the seconds to wait when it exceeds a limit, else None."""
        self._weight.use(_WEIGHTS.get(operation, 1), now)
        windows = [self._weight]
        if operation == "create_order":
            windows += self._orders
            for window in self._orders:
                window.use(1, now)
        return max((window.remaining(now) for window in windows if window.exceeded()), default=None)

    def headers(self, operation: str, others: float = 0.0) -> dict[str, str]:
        """The headers of a response, when other clients at this IP address use the share `others` of the weight."""
        weight = self._weight.used + round(others * WEIGHT_PER_MINUTE)
        headers = {"X-MBX-USED-WEIGHT": f"{weight}", "X-MBX-USED-WEIGHT-1M": f"{weight}"}
        if operation == "create_order":
            short, day = self._orders
            headers |= {"X-MBX-ORDER-COUNT-10S": f"{short.used}", "X-MBX-ORDER-COUNT-1D": f"{day.used}"}
        return headers


RATE_LIMITS = web.AppKey("limits", RateLimits)


@web.middleware
async def rate_limit_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Enforce the limits, and report their use in headers."""
    operation = operation_of(request)
    if operation is None:
        return await handler(request)
    limits = request.app[RATE_LIMITS]
    wait = limits.use(operation, time.time())
    if wait is not None:
        response: web.StreamResponse = error_response(Rejection(Reason.RATE_LIMIT, f"{wait:.0f}"))
    else:
        response = await handler(request)
    others = request.app[EXCHANGE].faults.setting(Fault.LIMIT_USED)
    response.headers.update(limits.headers(operation, others.value if others else 0.0))
    return response
