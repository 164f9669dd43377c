"""Reconciles, and forks: the child must not go on with it."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import Any

import botobs
from botobs import trading


class Account:
    """An empty account that counts how often it is looked at, and by whom."""

    exchange = "kraken"
    interval = 0.0

    def __init__(self) -> None:
        self.looks: list[int] = []

    def open_orders(self, _: Any) -> list[Any]:
        self.looks.append(os.getpid())
        return []

    def trades(self, *_: Any) -> list[Any]:
        return []


def main() -> None:
    account = Account()
    running = trading.reconcile(account, every=0.1)
    if running.running:
        sys.exit("it looks before there is anybody to tell")
    botobs.init("forks")
    while len(account.looks) < 2:
        time.sleep(0.01)
    child = os.fork()
    if child == 0:
        names = {thread.name for thread in threading.enumerate()}
        # Long enough for several looks.
        time.sleep(0.5)
        own = os.getpid() in account.looks
        botobs.shutdown()
        os._exit(1 if own or running.running or "botobs-reconcile" in names else 0)
    _, status = os.waitpid(child, 0)
    before = len(account.looks)
    while len(account.looks) < before + 2:
        time.sleep(0.01)
    botobs.shutdown()
    after = len(account.looks)
    time.sleep(0.3)
    if len(account.looks) > after + 1 or running.running:
        sys.exit("it looks after the end")
    sys.exit(os.waitstatus_to_exitcode(status))


main()
