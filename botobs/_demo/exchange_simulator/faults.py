"""Faults that can be turned on, for good or for some seconds."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """The faults of an exchange."""

    DROP = "drop"
    """Every WebSocket is aborted, and new ones are refused."""
    HALF_OPEN = "half_open"
    """WebSockets stay open, but nothing is sent or read."""
    SILENCE = "silence"
    """WebSockets respond to pings and requests, but send no data."""
    SEQUENCE_GAP = "sequence_gap"
    """Without a share, one update of each order book is left out; with one, that share of the updates."""
    RATE_LIMIT = "rate_limit"
    """Requests get status 429; `value` is `Retry-After` in seconds."""
    BAN = "ban"
    """Requests get the response for a banned IP address; `value` is `Retry-After` in seconds."""
    LIMIT_USED = "limit_used"
    """Other clients at the same IP address use the share `value` of the rate limit, where the API reports its use."""
    SERVER_ERROR = "server_error"
    """Requests get the status `value`."""
    MAINTENANCE = "maintenance"
    """Requests get the response of an exchange in maintenance; its status endpoint reports it, too."""
    KEY_REFUSED = "key_refused"
    """Signed requests get the response to an API key that is not valid."""
    MARKETS_SUSPENDED = "markets_suspended"
    """Markets are closed: the list of markets says so, and no order is taken."""
    LATENCY = "latency"
    """Requests take `value` seconds longer."""
    CLOCK_SKEW = "clock_skew"
    """The exchange's clock is `value` seconds ahead."""
    CROSSED_BOOK = "crossed_book"
    """Bids are above asks."""
    REJECT_ORDERS = "reject_orders"
    """Orders are rejected with "insufficient balance"."""
    DROP_ACKS = "drop_acks"
    """Orders are placed, and the connection is cut before the response."""
    ORDER_SILENCE = "order_silence"
    """Streams send no updates of orders."""


_VALUES = {
    Fault.RATE_LIMIT: 5.0,
    Fault.BAN: 60.0,
    Fault.LIMIT_USED: 0.9,
    Fault.SERVER_ERROR: 503.0,
    Fault.LATENCY: 1.0,
    Fault.CLOCK_SKEW: 5.0,
}


@dataclass(frozen=True, slots=True)
class ActiveFault:
    """A fault that is on.

    Attributes:
        ends: When it ends, in seconds of the clock of `Faults`; None for never.
        share: Probability that it applies to one request or message, or None for always.
        value: Its parameter; 0 for faults without one.
    """

    ends: float | None
    share: float | None
    value: float


class Faults:
    """The faults of one exchange."""

    def __init__(self, rng: random.Random, clock: Callable[[], float] = time.monotonic) -> None:
        self._rng = rng
        self._clock = clock
        self._settings: dict[Fault, ActiveFault] = {}
        self._changed = asyncio.Event()

    def set(
        self,
        fault: Fault,
        seconds: float | None = None,
        share: float | None = None,
        value: float | None = None,
    ) -> None:
        """Turn a fault on, for `seconds` or until it is cleared."""
        ends = None if seconds is None else self._clock() + seconds
        self._settings[fault] = ActiveFault(ends, share, _VALUES.get(fault, 0.0) if value is None else value)
        self._wake()

    def clear(self, fault: Fault | None = None) -> None:
        """Turn one fault off, or all."""
        if fault is None:
            self._settings.clear()
        else:
            self._settings.pop(fault, None)
        self._wake()

    def setting(self, fault: Fault) -> ActiveFault | None:
        """The active fault, or None when it is off."""
        setting = self._settings.get(fault)
        if setting is not None and setting.ends is not None and self._clock() >= setting.ends:
            del self._settings[fault]
            return None
        return setting

    def active(self, fault: Fault) -> bool:
        """Whether `fault` is on."""
        return self.setting(fault) is not None

    async def over(self, fault: Fault) -> None:
        """Wait until `fault` is off."""
        while (setting := self.setting(fault)) is not None:
            remaining = None if setting.ends is None else setting.ends - self._clock()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(remaining):
                    await self._changed.wait()

    def strikes(self, fault: Fault) -> ActiveFault | None:
        """The active fault if it applies this time (it is on, and chance has chosen), else None."""
        setting = self.setting(fault)
        if setting is None or (setting.share is not None and self._rng.random() >= setting.share):
            return None
        return setting

    def describe(self) -> dict[str, dict[str, float | None]]:
        """The active faults as JSON, with the seconds that remain."""
        settings = {fault: setting for fault in Fault if (setting := self.setting(fault))}
        return {
            fault: {
                "seconds": None if setting.ends is None else round(setting.ends - self._clock(), 3),
                "share": setting.share,
                "value": setting.value,
            }
            for fault, setting in settings.items()
        }

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
