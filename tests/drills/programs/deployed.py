"""A service that is deployed anew: `deployed.py VERSION ADDRESS [HOW]` sends orders to the simulated Binance.

The second version is as good as the first, or `wrong`: all its orders have one id; or `falls`: it dies after some
seconds; or `greedy`: it fetches books as fast as it can.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import sys
import time
import uuid

import ccxt

import botobs
from botobs._demo.exchange_simulator.client import ccxt_config

_PAUSE = 0.4
#: Seconds that a version lives that falls: for some exports of metrics.
_LIVES = 8.0


def main() -> None:
    """Trade until SIGTERM, and say goodbye."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    version, address, *rest = sys.argv[1:]
    how = rest[0] if rest else ""
    os.environ["BOTOBS_SERVICE_VERSION"] = version
    botobs.init("scalper")
    client = ccxt.binance(ccxt_config("binance", address))
    client.load_markets()
    one = uuid.uuid4().hex[:20]
    began = time.monotonic()
    # By turns, or the demo's balance would be spent.
    for side in itertools.cycle(("buy", "sell")):
        with contextlib.suppress(ccxt.BaseError):
            name = one if how == "wrong" else uuid.uuid4().hex[:20]
            client.create_order("BTC/USDT", "market", side, 0.001, None, {"clientOrderId": name})
        if how == "falls" and time.monotonic() - began > _LIVES:
            os.abort()
        for _ in range(30 if how == "greedy" else 0):
            with contextlib.suppress(ccxt.BaseError):
                client.fetch_order_book("BTC/USDT")
        time.sleep(_PAUSE)


if __name__ == "__main__":
    main()
