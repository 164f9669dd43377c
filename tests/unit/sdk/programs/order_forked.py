"""A parent and its forked child each wait for the answer to an order."""

from __future__ import annotations

import os
import signal

import botobs
from botobs import trading

botobs.init()
with trading.order("parent", exchange="binance").submission():
    child = os.fork()
    if child == 0:
        with trading.order("child", exchange="binance").submission():
            print("child", flush=True)
            signal.pause()
    print("parent", flush=True)
    os.waitpid(child, 0)
    signal.pause()
