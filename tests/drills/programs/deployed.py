"""A service that is deployed anew: `deployed.py VERSION ADDRESS [wrong]` sends orders to the simulated Binance.

What is wrong with the second version is that all its orders have one id.
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


def main() -> None:
    """Trade until SIGTERM, and say goodbye."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    version, address, *wrong = sys.argv[1:]
    os.environ["BOTOBS_SERVICE_VERSION"] = version
    botobs.init("scalper")
    client = ccxt.binance(ccxt_config("binance", address))
    client.load_markets()
    one = uuid.uuid4().hex[:20]
    # By turns, or the demo's balance would be spent.
    for side in itertools.cycle(("buy", "sell")):
        with contextlib.suppress(ccxt.BaseError):
            name = one if wrong else uuid.uuid4().hex[:20]
            client.create_order("BTC/USDT", "market", side, 0.001, None, {"clientOrderId": name})
        time.sleep(_PAUSE)


if __name__ == "__main__":
    main()
