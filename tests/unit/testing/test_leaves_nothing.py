"""What was captured is forgotten: whoever captures in each of a thousand tests keeps none of it."""

from __future__ import annotations

import gc

import ccxt
import pytest

from botobs._sdk.instrument.exchange.telemetry import ExchangeTelemetry
from botobs._sdk.patching.patch import Patches
from botobs.testing import capture


@pytest.mark.parametrize("kind", [ExchangeTelemetry, Patches])
def test_nothing_of_it_stays(kind: type) -> None:
    with capture():
        ccxt.binance()
    before = _alive(kind)
    for _ in range(2):
        with capture():
            ccxt.binance()
    assert _alive(kind) <= before


def _alive(kind: type) -> int:
    gc.collect()
    return sum(type(found) is kind for found in gc.get_objects())
