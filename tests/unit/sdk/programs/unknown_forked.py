"""Parent and forked child do not know what became of an order each."""

from __future__ import annotations

import os

import botobs
import botobs.trading

botobs.init()
botobs.trading.order("mine", exchange="binance").unknown("no answer")
botobs.flush(30)
child = os.fork()
if not child:
    botobs.trading.order("the child's", exchange="binance").unknown("no answer")
    botobs.shutdown(30)
    os._exit(0)
os.waitpid(child, 0)
botobs.shutdown(30)
