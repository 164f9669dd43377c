"""Switches for what goes wrong. Each can end by itself, so that nobody has to remember to undo it."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What an exchange can be made to do."""

    DROP = "drop"
    """Every WebSocket is cut off, and new ones are refused."""
    HALF_OPEN = "half_open"
    """WebSockets stay open, but nothing is sent or read."""
    SILENCE = "silence"
    """WebSockets answer pings and requests, but bring no data."""
    SEQUENCE_GAP = "sequence_gap"
    """Without a share, one change of each book is left out; with one, that share of the changes."""
    RATE_LIMIT = "rate_limit"
    """Requests are answered with 429; `value` is the seconds to wait in `Retry-After`."""
    BAN = "ban"
    """Requests are answered as a banned address' are; `value` is the seconds for which each answer says it lasts."""
    LIMIT_USED = "limit_used"
    """Others at our address use the part `value` of the rate limit, where an exchange tells what is used."""
    SERVER_ERROR = "server_error"
    """Requests are answered with the status `value`."""
    LATENCY = "latency"
    """Requests take `value` seconds longer."""
    CLOCK_SKEW = "clock_skew"
    """The exchange's clock is `value` seconds ahead."""
    CROSSED_BOOK = "crossed_book"
    """Bids stand above asks."""
    REJECT_ORDERS = "reject_orders"
    """Orders are rejected for want of balance."""


_VALUES = {
    Fault.RATE_LIMIT: 5.0,
    Fault.BAN: 60.0,
    Fault.LIMIT_USED: 0.9,
    Fault.SERVER_ERROR: 503.0,
    Fault.LATENCY: 1.0,
    Fault.CLOCK_SKEW: 5.0,
}


@dataclass(frozen=True, slots=True)
class Setting:
    """How a fault is set.

    Attributes:
        ends: When it ends, on the clock of `Faults`; None for never.
        share: Probability with which it strikes, or None for always.
        value: How much, where that makes sense.
    """

    ends: float | None
    share: float | None
    value: float


class Faults:
    """The faults of one exchange."""

    def __init__(self, rng: random.Random, clock: Callable[[], float] = time.monotonic) -> None:
        self._rng = rng
        self._clock = clock
        self._settings: dict[Fault, Setting] = {}
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
        self._settings[fault] = Setting(ends, share, _VALUES.get(fault, 0.0) if value is None else value)
        self._wake()

    def clear(self, fault: Fault | None = None) -> None:
        """Turn one fault off, or all."""
        if fault is None:
            self._settings.clear()
        else:
            self._settings.pop(fault, None)
        self._wake()

    def setting(self, fault: Fault) -> Setting | None:
        """How `fault` is set, or None when it is off."""
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

    def strikes(self, fault: Fault) -> Setting | None:
        """How `fault` is set if it is on and chance lets it strike now, else None."""
        setting = self.setting(fault)
        if setting is None or (setting.share is not None and self._rng.random() >= setting.share):
            return None
        return setting

    def describe(self) -> dict[str, dict[str, float | None]]:
        """The faults that are on, with the seconds that remain."""
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
