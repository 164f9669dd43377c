"""What is left of an exchange's limits, as far as its responses to any client of this process said."""

from __future__ import annotations

import time
from dataclasses import dataclass

from ... import providers
from ..shared import made
from .telemetry import ExchangeTelemetry


@dataclass(frozen=True)
class Headroom:
    """What is left of the limits of one exchange.

    Attributes:
        banned_for: Seconds until the address is let in again; 0 where it is not banned.
        used: The used part of the limit that is nearest to its end; 0 where none is known.
    """

    banned_for: float = 0.0
    used: float = 0.0


def headroom(exchange: str) -> Headroom:
    """What is left of the limits of `exchange`."""
    telemetry = made(providers.meter_provider.target, ExchangeTelemetry)
    known = None if telemetry is None else telemetry.by_name.get(exchange)
    if known is None:
        return Headroom()
    now = time.time()
    current = [limit for limit in list(known.limits.scopes.values()) if limit.is_current(now)]
    used = max((limit.utilization or 0.0 for limit in current), default=0.0)
    return Headroom(max(0.0, known.limits.banned_until - now), used)
