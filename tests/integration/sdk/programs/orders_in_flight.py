"""Sends one order that is answered when its input says so, and ten that never are. Its argument is the engine."""

from __future__ import annotations

import os
import sys
import threading

import botobs
from botobs import trading

engine = sys.argv[1]
handle = botobs.init(f"killed-{engine}", environ={**os.environ, "BOTOBS_ENGINE": engine})
print(handle.instance_id, flush=True)
with trading.order("answered", exchange="binance").submission():
    input()
_sent = threading.Barrier(11)


def _send(number: int) -> None:
    with trading.order(f"mine-{number}", exchange="binance", symbol="BTC/USDT", side="buy").submission():
        _sent.wait()
        threading.Event().wait()


for number in range(10):
    threading.Thread(target=_send, args=(number,), daemon=True).start()
_sent.wait()
print("sent", flush=True)
threading.Event().wait()
