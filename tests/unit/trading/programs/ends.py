"""Has a bot and a feed, and ends as its argument says: `returns`, `exits`, `ends by shutdown`, `raises` or `waits`."""

from __future__ import annotations

import os
import sys
import threading

import botobs
from botobs import trading

trading.bot("b1").state("running")
trading.feed("kraken", channel="trades")
botobs.init()
match sys.argv[1]:
    case "exits":
        sys.exit(0)
    case "ends by shutdown":
        botobs.shutdown()
        os._exit(0)
    case "raises":
        raise RuntimeError("no")
    case "waits":
        botobs.flush()
        print("ready", flush=True)
        threading.Event().wait()
