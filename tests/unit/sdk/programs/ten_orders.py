"""Sends ten orders that never get an answer, and says when all of them are sent."""

from __future__ import annotations

import threading

import botobs
from botobs import trading

botobs.init()
_sent = threading.Barrier(11)


def _send(number: int) -> None:
    order = trading.order(f"mine-{number}", exchange="binance", symbol="BTC/USDT", side="buy", type="limit")
    with order.submission():
        _sent.wait()
        threading.Event().wait()


for number in range(10):
    threading.Thread(target=_send, args=(number,), daemon=True).start()
_sent.wait()
print("sent", flush=True)
threading.Event().wait()
