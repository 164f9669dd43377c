"""Does not know what became of three orders, and runs on."""

from __future__ import annotations

import threading

import botobs
import botobs.trading

botobs.init()
for number in range(3):
    botobs.trading.order(f"o{number}", exchange="binance").unknown("no answer")
print("ready", flush=True)
threading.Event().wait()
