"""What exchanges say about their limits: headers, and Binance's `exchangeInfo`.

Utilization is derived only where an exchange states both sides: the client's own token bucket is not its limit.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ...urgent import report_soon
from .limit_scope import Per, Scope, binance_per

#: Scopes per exchange; further ones are ignored, whatever the headers say.
_MAXIMUM_SCOPES = 64
_LONGEST_BAN = 30 * 86400.0
#: Seconds after which a value is no longer true whose window the exchange did not state.
_UNSTATED_WINDOW = 60.0
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}

_BINANCE_USED = re.compile(r"x-(?:mbx|sapi)-(used(?:-ip|-uid)?-weight|order-count)-(\d{1,4})([smhd])$")
_BINANCE_LIMIT = re.compile(
    r'"rateLimitType":"(REQUEST_WEIGHT|ORDERS)","interval":"(SECOND|MINUTE|HOUR|DAY)","intervalNum":(\d{1,4}),"limit":(\d{1,9})'
)
#: What Binance's WebSocket API counts, by our word for it.
_SOCKET_KINDS = {
    "CONNECTIONS": "connections",
    "ORDERS": "orders",
    "RAW_REQUESTS": "raw",
    "REQUEST_WEIGHT": "weight",
}
_BANNED_UNTIL = re.compile(r"banned until (\d{12,14})")


@dataclass(frozen=True, slots=True)
class LimitState:
    """What a response says about one limit; None where it does not say it.

    Attributes:
        scope: What is counted, such as `weight`, `orders` or `requests`.
        used: How much is used of it.
        limit: How much there is.
        remaining: How much is left.
        window: Seconds in which it is counted, from one multiple to the next; 0 where it is not known.
        reset_at: When it starts over, in seconds since the epoch.
        per: Who shares it: `address`, `account`, `endpoint`, or `group` of endpoints.
    """

    scope: str
    used: float | None = None
    limit: float | None = None
    remaining: float | None = None
    window: float = 0.0
    reset_at: float | None = None
    per: Per = "address"


@dataclass(slots=True)
class Limit:
    """One limit as the exchange last stated it; None where it did not state it.

    Attributes:
        window: Seconds in which the exchange counts; it starts from zero at each multiple. 0 where it is not known.
        stated_at: When it was stated, in seconds since the epoch.
    """

    used: float | None = None
    limit: float | None = None
    remaining: float | None = None
    reset_at: float | None = None
    window: float = 0.0
    stated_at: float = 0.0

    def exhausted_in(self, now: float) -> float | None:
        """Seconds until it is used up at the pace of its window so far; None if the window is over before that.

        Only where the window is known: what is used of a limit is no pace without the time in which it was.
        """
        left = self._left()
        if not self.window or not self.used or left is None:
            return None
        elapsed = self.stated_at % self.window
        seconds = left / (self.used / elapsed) if elapsed else 0.0
        ends_in = self.window - elapsed
        return max(0.0, seconds - (now - self.stated_at)) if seconds < ends_in else None

    def _left(self) -> float | None:
        if self.remaining is not None or self.limit is None or self.used is None:
            return self.remaining
        return max(0.0, self.limit - self.used)

    def is_current(self, now: float) -> bool:
        """Whether the window that was spoken of is not over yet. A clock that was set back ends it, too."""
        if now < self.stated_at:
            return False
        if self.window:
            # https://developers.binance.com/docs/binance-spot-api-docs/rest-api/limits: aligned to the clock.
            return now // self.window == self.stated_at // self.window
        if self.reset_at is not None and self.reset_at > self.stated_at:
            return now < self.reset_at
        return now - self.stated_at < _UNSTATED_WINDOW

    @property
    def utilization(self) -> float | None:
        """Used over limit, if both are known."""
        if not self.limit:
            return None
        used = self.used
        if used is None and self.remaining is not None:
            used = self.limit - self.remaining
        return None if used is None else max(0.0, used / self.limit)


def _epoch_milliseconds(value: float, now: float) -> float:  # noqa: ARG001 - the signature of all the reset readers
    return value / 1000


def _epoch_seconds(value: float, now: float) -> float:  # noqa: ARG001 - as above
    return value


def _milliseconds_left(value: float, now: float) -> float:
    return now + value / 1000


def _guessed(value: float, now: float) -> float:
    """The generic `reset` header: vendors use seconds left and both epochs, which differ by magnitude."""
    if value > 1e11:
        return value / 1000
    return value if value > 1e8 else now + value


#: Headers of what remains that speak of one endpoint; what another endpoint has left is another number.
#: https://bybit-exchange.github.io/docs/v5/rate-limit, https://www.gate.com/docs/developers/apiv4/en/#rate-limit
_BY_ENDPOINT = frozenset({"x-bapi-limit-status", "x-gate-ratelimit-requests-remain"})

#: (limit, remaining, reset, meaning of reset), lower case, by the exchanges that send them.
_DIALECTS: tuple[tuple[str, str, str, Callable[[float, float], float]], ...] = (
    # Bybit's "status" is the rest. https://bybit-exchange.github.io/docs/v5/rate-limit
    ("x-bapi-limit", "x-bapi-limit-status", "x-bapi-limit-reset-timestamp", _epoch_milliseconds),
    ("gw-ratelimit-limit", "gw-ratelimit-remaining", "gw-ratelimit-reset", _milliseconds_left),
    (
        "x-gate-ratelimit-limit",
        "x-gate-ratelimit-requests-remain",
        "x-gate-ratelimit-reset-timestamp",
        _epoch_seconds,
    ),
    (
        "bitvavo-ratelimit-limit",
        "bitvavo-ratelimit-remaining",
        "bitvavo-ratelimit-resetat",
        _epoch_milliseconds,
    ),
    ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", _guessed),
    ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", _guessed),
    ("x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset", _guessed),
)


class RateLimits:
    """The limits of one exchange, by scope."""

    __slots__ = ("_allowed", "banned_until", "scopes", "seen")

    def __init__(self) -> None:
        self.scopes: dict[Scope, Limit] = {}
        self._allowed: dict[str, float] = {}
        self.banned_until = 0.0
        self.seen = False

    def read_headers(
        self, status: int, headers: Mapping[str, str], body: str, endpoint: str = "", account: str = ""
    ) -> None:
        """Take a response's headers into account; what cannot be read is ignored.

        Args:
            status: HTTP status.
            headers: As the client library hands them over, in any case.
            body: The beginning of the body, where Binance writes the end of a ban.
            endpoint: The path that was asked, for exchanges that limit each endpoint by itself.
            account: The keyed hash of the API key that it was asked with; empty without one.
        """
        now = time.time()
        self.seen = True
        lower = {str(name).lower(): value for name, value in headers.items()}
        for name, value in lower.items():
            if name.startswith(("x-mbx-", "x-sapi-")):
                self._read_binance(name, value, now, account)
        for limit, remaining, reset, meaning in _DIALECTS:
            if remaining in lower:
                scope = _remaining_scope(remaining, endpoint, account)
                self._read_remaining(
                    scope, lower.get(limit), lower[remaining], lower.get(reset), meaning, now
                )
                break
        if status in (418, 429, 403):
            self._read_ban(status, lower.get("retry-after"), body, now)

    def state(self, stated: LimitState, account: str = "") -> None:
        """Take what a response's body says about one limit into account; it was asked for `account`."""
        scope = self._scope(Scope.of(stated.scope, stated.per, account))
        if scope is None:
            return
        self.seen = True
        scope.used, scope.remaining = stated.used, stated.remaining
        scope.window, scope.reset_at = stated.window, stated.reset_at
        scope.limit = scope.limit if stated.limit is None else stated.limit
        scope.stated_at = time.time()

    def read_socket(self, message: Mapping[str, Any], account: str = "") -> bool:
        """Take a response of Binance's WebSocket API into account, whose limits are those of its REST API.

        https://developers.binance.com/docs/binance-spot-api-docs/websocket-api/rate-limits

        Returns:
            Whether it refuses the request for its rate, or because the address is banned.
        """
        entries = message.get("rateLimits")
        for entry in entries if isinstance(entries, list) else ():
            self._read_entry(entry, account)
        if message.get("status") not in (418, 429):
            return False
        self.seen = True
        error = message.get("error")
        data = error.get("data") if isinstance(error, Mapping) else None
        until = number(data.get("retryAfter")) if isinstance(data, Mapping) else None
        if message["status"] == 418 and until is not None:
            self._ban(until / 1000, time.time())
        return True

    def _read_entry(self, entry: Any, account: str) -> None:
        kind = _SOCKET_KINDS.get(str(entry.get("rateLimitType"))) if isinstance(entry, Mapping) else None
        unit = str(entry.get("interval"))[:1].lower() if kind else ""
        count, used = (number(entry.get(name)) for name in ("intervalNum", "count")) if kind else (None, None)
        if kind is None or unit not in _UNITS or count is None or used is None:
            return
        name, window = f"{kind}_{count:.0f}{unit}", count * _UNITS[unit]
        limit = number(entry.get("limit"))
        self.state(LimitState(name, used, limit, None, window, per=binance_per(name)), account)

    def read_exchange_info(self, body: str) -> None:
        """Learn Binance's limits from its `exchangeInfo` answer (only the head of it is looked at)."""
        for kind, interval, number, limit in _BINANCE_LIMIT.findall(body[:2000].replace(" ", "")):
            prefix = "weight" if kind == "REQUEST_WEIGHT" else "orders"
            self._allow(f"{prefix}_{number}{interval[0].lower()}", float(limit))

    def _allow(self, name: str, limit: float) -> None:
        """A limit is the same for all accounts, whatever is used of it."""
        if name in self._allowed or len(self._allowed) < _MAXIMUM_SCOPES:
            self._allowed[name] = limit
        known = [found for scope, found in list(self.scopes.items()) if scope.name == name]
        first = self._scope(Scope(name, binance_per(name))) if not known else None
        for found in (*known, first):
            if found is not None:
                found.limit = limit

    def _scope(self, scope: Scope) -> Limit | None:
        if scope not in self.scopes and len(self.scopes) >= _MAXIMUM_SCOPES:
            return None
        return self.scopes.setdefault(scope, Limit(limit=self._allowed.get(scope.name)))

    def _read_binance(self, name: str, value: str, now: float, account: str) -> None:
        match = _BINANCE_USED.match(name)
        used = number(value)
        if match is None or used is None:
            return
        kind, count, unit = match.groups()
        prefix = "orders" if kind == "order-count" else kind.removeprefix("used-").replace("-", "_")
        name = f"{prefix}_{count}{unit}"
        scope = self._scope(Scope.of(name, binance_per(name), account))
        if scope is not None:
            scope.used = used
            scope.window = float(count) * _UNITS[unit]
            scope.stated_at = now

    def _read_remaining(
        self,
        name: Scope,
        limit: str | None,
        remaining: str,
        reset: str | None,
        meaning: Callable[[float, float], float],
        now: float,
    ) -> None:
        left = number(remaining)
        scope = self._scope(name) if left is not None else None
        if scope is None:
            return
        scope.remaining = left
        scope.stated_at = now
        scope.limit = number(limit)
        moment = number(reset)
        scope.reset_at = None if moment is None else meaning(moment, now)

    def _read_ban(self, status: int, retry_after: str | None, body: str, now: float) -> None:
        until = _BANNED_UNTIL.search(body)
        if until is not None:
            end = int(until.group(1)) / 1000
        elif status == 429:
            # A wait that is asked for after one request too many is no ban yet.
            return
        else:
            seconds = number(retry_after)
            if seconds is None:
                return
            end = now + seconds
        self._ban(end, now)

    def _ban(self, until: float, now: float) -> None:
        """The exchange refuses all requests before `until`; metrics are exported at once when a ban begins."""
        was_banned = self.banned_until > now
        self.banned_until = min(until, now + _LONGEST_BAN)
        if not was_banned and self.banned_until > now:
            report_soon()


def _remaining_scope(remaining: str, endpoint: str, account: str) -> Scope:
    """What a header of what remains speaks of; without a key it can only be the address."""
    if endpoint and remaining in _BY_ENDPOINT:
        return Scope(endpoint, "endpoint", account)
    return Scope("requests", "account" if account else "address", account)


def number(value: object) -> float | None:
    """`value` as a finite number that is not negative; None for anything else."""
    try:
        result = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return result if math.isfinite(result) and result >= 0 else None
