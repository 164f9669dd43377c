"""Sends an order that is accepted, and one that is lost, and ends as it is told to."""

from __future__ import annotations

import os
import signal
import sys

import botobs
import botobs.trading as trading


def main(end: str) -> None:
    """Trade, then end."""
    botobs.init(span_interval=0.1)
    for name, answer in (("answered-1", None), ("lost-1", TimeoutError("no answer"))):
        with trading.decision("b1") as decision:
            order = decision.order(name, exchange="binance", symbol="BTC/USDT", side="buy", type="limit")
            try:
                with order.submission():
                    if answer is not None:
                        raise answer
                    order.acknowledged()
            except TimeoutError:
                print("lost", flush=True)
    if end == "kill":
        with trading.decision("b1") as decision:
            order = decision.order("killed-1", exchange="okx", symbol="BTC/USDT", side="buy", type="limit")
            with order.submission():
                os.kill(os.getpid(), signal.SIGKILL)
    if end == "wait":
        try:
            print("waits", flush=True)
            signal.pause()
        except KeyboardInterrupt:
            print("interrupted", flush=True)
            sys.exit(3)
    sys.exit(int(end))


if __name__ == "__main__":
    main(sys.argv[1])
