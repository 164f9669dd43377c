"""The status of an exchange and of our access to it, by its responses: maintenance, markets, listen keys, API keys.

Nothing is asked for it: it is read from what the program asks anyway, and from what is refused.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from ... import orders
from .names import CANCELS, EDITS, ORDER_QUERIES, SUBMITS

#: What an exchange does to a key, by ccxt's class of the refusal; any other refusal of a key is `refused`.
KeyReason = Literal["refused", "no_right", "suspended"]
_KEY_REASONS: dict[str, KeyReason] = {
    "AccountNotEnabled": "suspended",
    "AccountSuspended": "suspended",
    "PermissionDenied": "no_right",
}
_CLOSED_MARKET = frozenset({"ContractUnavailable", "MarketClosed"})

#: Calls that every exchange refuses without a key.
_PRIVATE = (
    SUBMITS
    | EDITS
    | CANCELS
    | ORDER_QUERIES
    | {
        f"fetch_{name}"
        for name in ("balance", "closed_orders", "my_trades", "open_orders", "orders", "positions")
    }
)

#: Seconds for which a status is believed that named no end, and a refusal for maintenance.
_STATED_FOR = 3600.0
_REFUSED_FOR = 300.0
#: Seconds for which a market is taken for closed that refused an order.
_CLOSED_FOR = 3600.0
#: Seconds after which a listen key that is not renewed is out of use: Binance forgets it after 60 minutes, and says so.
#: https://developers.binance.com/docs/binance-spot-api-docs/user-data-stream
_LISTEN_KEY_GONE = 5400.0
#: Endpoints, by their ends, that make a listen key (POST), renew it (PUT) and end it (DELETE).
_LISTEN_KEYS = ("/userDataStream", "/userDataStream/isolated", "/listenKey")
#: Binance's "This listenKey does not exist".
_NO_LISTEN_KEY = "-1125"
_MOST = 500
#: Characters of the event that says so, its stream's name included. Others are looked at no closer.
_LONGEST_EVENT = 400

#: Client, account, operation and endpoint.
Access = tuple[str, str, str, str]


class Standing:
    """The known status of one exchange. Times are seconds of `time.monotonic`, but for those of the exchange."""

    __slots__ = (
        "_closed",
        "_inactive",
        "_listen_keys",
        "_losses",
        "_maintenance_until",
        "_refusals",
        "_refused_at",
        "_traded",
        "known",
    )

    def __init__(self) -> None:
        self.known = False
        self._maintenance_until = 0.0
        self._refused_at = -math.inf
        self._inactive: frozenset[str] = frozenset()
        self._traded: dict[str, None] = {}
        self._closed: dict[str, float] = {}
        self._listen_keys: dict[str, float] = {}
        self._losses = {"event": 0, "refused": 0}
        self._refusals: dict[Access, KeyReason] = {}

    def stated(self, status: Mapping[str, Any]) -> None:
        """A unified status, as `fetch_status` returns it.

        Args:
            status: `status` is `ok`, or says what is wrong; `eta` is when it will be well, in milliseconds since the
                epoch.
        """
        word = status.get("status")
        if not isinstance(word, str):
            return
        self.known = True
        self._refused_at = -math.inf
        if word == "ok":
            self._maintenance_until = 0.0
            return
        eta = status.get("eta")
        ends = eta / 1000 if isinstance(eta, int | float) and eta else 0.0
        now = time.time()
        self._maintenance_until = ends if now < ends else now + _STATED_FOR

    def in_maintenance(self) -> bool:
        """Whether the exchange has said that it is not in service, and nothing since that it is."""
        return time.time() < self._maintenance_until or time.monotonic() - self._refused_at < _REFUSED_FOR

    def listed(self, markets: Any) -> None:
        """Unified markets, as `fetch_markets` returns them."""
        if isinstance(markets, list):
            known = (market for market in markets if isinstance(market, Mapping))
            self._inactive = frozenset(
                str(m["symbol"]) for m in known if m.get("active") is False and "symbol" in m
            )
            self._closed.clear()

    def suspended(self) -> int | None:
        """Markets that orders went to and that are closed; None where no order went to any."""
        if not self._traded:
            return None
        since = time.monotonic() - _CLOSED_FOR
        closed = {symbol for symbol, moment in list(self._closed.items()) if moment > since}
        return len(closed | (self._traded.keys() & self._inactive))

    def succeeded(self, access: Access, symbol: str, result: Any) -> None:
        """A call came back without an error."""
        operation = access[2]
        if operation in SUBMITS:
            self._refused_at = -math.inf
            self._trades(symbol)
            self._closed.pop(symbol, None)
        elif operation == "fetch_status" and isinstance(result, Mapping):
            self.stated(result)
        elif operation == "fetch_markets":
            self.listed(result)
        if self._refusals:
            self._let_through(access)

    def _let_through(self, access: Access) -> None:
        known = self._refusals.pop(access, None) is not None
        if known or access[2] in _PRIVATE:
            # A key that is let through is right, whichever client sends it; whether it has a right is said by that
            # call alone.
            for other, reason in list(self._refusals.items()):
                same = other[1] == access[1] if access[1] else other[:2] == access[:2]
                if same and reason != "no_right":
                    self._refusals.pop(other, None)

    def failed(self, access: Access, symbol: str, category: str, kinds: set[str]) -> None:
        """A call was refused.

        Args:
            access: Who asked for what.
            symbol: The market that it was about; or empty.
            category: `exchange.error.category`.
            kinds: ccxt's classes of the refusal.
        """
        if category == "maintenance":
            self.known = True
            self._refused_at = time.monotonic()
        elif category == "auth":
            reasons = [_KEY_REASONS[kind] for kind in kinds if kind in _KEY_REASONS]
            if len(self._refusals) < _MOST or access in self._refusals:
                self._refusals[access] = reasons[0] if reasons else "refused"
        if access[2] in SUBMITS:
            self._trades(symbol)
        if symbol and not _CLOSED_MARKET.isdisjoint(kinds) and len(self._closed) < _MOST:
            self._closed[symbol] = time.monotonic()

    def refused_keys(self) -> Iterator[tuple[str, str, str]]:
        """Client, account and reason of each operation that is refused to a key, until it is let through again."""
        for (client, account, _, _), reason in list(self._refusals.items()):
            yield client, account, reason

    def asked_for_listen_key(self, method: str, path: str, failed: bool, answer: str) -> None:
        """A request to an endpoint of listen keys ended."""
        if not failed and method == "DELETE":
            self._listen_keys.pop(path, None)
        elif not failed and method in ("POST", "PUT") and len(self._listen_keys) < _MOST:
            self._listen_keys[path] = time.monotonic()
        elif failed and _NO_LISTEN_KEY in orders.codes_in(answer):
            self._listen_keys.pop(path, None)
            self.lost_listen_key("refused")

    def lost_listen_key(self, reason: Literal["event", "refused"]) -> None:
        """Note that a listen key has expired without having been ended."""
        self._losses[reason] += 1

    def listen_key_losses(self) -> Iterator[tuple[str, int]]:
        """How many were lost, by how that became known; nothing where there are none."""
        if self._listen_keys or any(self._losses.values()):
            yield from list(self._losses.items())

    def listen_key_age(self) -> float | None:
        """Seconds since the one was made or renewed for which it is longest ago; None without one."""
        now = time.monotonic()
        ages = [now - moment for moment in list(self._listen_keys.values())]
        return max((age for age in ages if age < _LISTEN_KEY_GONE), default=None)

    def _trades(self, symbol: str) -> None:
        if symbol and symbol not in self._traded and len(self._traded) < _MOST:
            self._traded[symbol] = None


def is_listen_key(path: str) -> bool:
    """Whether an endpoint is one of listen keys."""
    return path.endswith(_LISTEN_KEYS)


def says_listen_key_expired(data: str | bytes | bytearray | memoryview) -> bool:
    """Whether a message that is still undecoded says that a listen key is not valid any more."""
    if len(data) > _LONGEST_EVENT:
        return False
    return '"listenKeyExpired"' in (data if isinstance(data, str) else bytes(data).decode("latin-1"))
