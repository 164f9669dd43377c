"""Waits for the answer to an order until its input is closed."""

from __future__ import annotations

import sys

import botobs
import botobs.trading

botobs.init("waiting")
with botobs.trading.decision("slow-bot") as decision:
    order = decision.order("client-1", exchange="binance", symbol="BTC/USDT", side="buy", type="market")
    with order.submission():
        sys.stdin.read()
        order.acknowledged("exchange-1")
botobs.shutdown()
