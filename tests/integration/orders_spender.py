"""Submits orders with one key: `orders_spender.py URL KEY COUNT`."""

import sys

import botobs
from tests.support.ccxt_at_desk import ORDER, binance_at

with botobs.init():
    exchange = binance_at(sys.argv[1], apiKey=sys.argv[2])
    for _ in range(int(sys.argv[3])):
        exchange.create_order(*ORDER)
