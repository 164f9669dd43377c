"""A program that trades on a simulated exchange of its own and is reconciled, while something is wrong in its account.

`python -m tests.support.reconciled WHAT` makes it wrong, and right again when its input is closed; WHAT is `orphaned`,
`ghost` or `drift`, or `unknown` for answers that are cut off, which reconcile settles when the input is closed.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from typing import Any

import ccxt
from aiohttp import web

import botobs
from botobs import trading
from botobs._demo.exchange_simulator.app import create_app
from botobs._demo.exchange_simulator.client import ccxt_config
from botobs._demo.exchange_simulator.control import EXCHANGES
from botobs._demo.exchange_simulator.exchange import Behaviour, Exchange
from botobs._demo.exchange_simulator.faults import Fault
from botobs._demo.exchange_simulator.orders import Request
from tests.support.waiting import eventually

SYMBOL = "BTC/USDT"


class Account:
    """The simulated exchange, and what happens in the account without the program."""

    def __init__(self) -> None:
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._exchange: Exchange
        ready = threading.Event()
        threading.Thread(target=self._serve, args=(ready,), daemon=True).start()
        ready.wait()

    def place(self, client_order_id: str, price: int | None) -> None:
        """Place an order in the account that the service does not know of; a price makes it a limit order."""
        instrument = self._exchange.market(SYMBOL).instrument
        limit = None if price is None else Decimal(price)
        kind = "market" if price is None else "limit"
        request = Request(client_order_id, instrument, "buy", kind, Decimal("0.02"), limit)  # type: ignore[arg-type]
        self._do(lambda: self._exchange.place(request))

    def fill(self, client_order_id: str) -> None:
        """Fill an open order completely."""
        self._do(lambda: self._exchange.fill(self._exchange.orders.find(None, client_order_id)))

    @contextmanager
    def dropping_answers(self) -> Iterator[None]:
        """Orders are placed, and their answers cut off."""
        self._do(lambda: self._exchange.faults.set(Fault.DROP_ACKS))
        yield
        self._do(lambda: self._exchange.faults.clear(Fault.DROP_ACKS))

    def cancel(self, client_order_id: str) -> None:
        """Somebody else cancels an order."""
        self._do(lambda: self._exchange.cancel(self._exchange.orders.find(None, client_order_id)))

    def _do(self, what: Callable[[], Any]) -> None:
        async def run() -> None:
            what()

        asyncio.run_coroutine_threadsafe(run(), self._loop).result()

    def _serve(self, ready: threading.Event) -> None:
        async def start() -> None:
            app = create_app(Behaviour(reject_share=0.0, step=3600.0))
            self._exchange = app[EXCHANGES]["binance"]
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            ready.set()

        self._loop.run_until_complete(start())
        self._loop.run_forever()


def main(wrong: str) -> None:
    """Run until the input is closed."""
    botobs.init("reconciled")
    account = Account()
    config = ccxt_config("binance", account.url)
    running = _lose_and_find(account, config) if wrong == "unknown" else _disagree(account, config, wrong)
    # The look that was under way may have begun before.
    _looked(running, 2)
    botobs.flush()
    botobs.shutdown()


def _lose_and_find(account: Account, config: dict[str, Any]) -> trading.Reconciliation:
    """Nobody knows what became of three orders, of which one is filled and one canceled meanwhile."""
    client = ccxt.binance(config)
    client.load_markets()
    with account.dropping_answers():
        for client_order_id in ("waits", "fills", "ends"):
            order = trading.order(
                client_order_id, exchange="binance", symbol=SYMBOL, side="buy", type="limit"
            )
            with suppress(ccxt.NetworkError), order.submission():
                client.create_order(SYMBOL, "limit", "buy", 0.01, 10_000, {"clientOrderId": client_order_id})
    account.fill("fills")
    account.cancel("ends")
    sys.stdin.read()
    return _reconcile(config)


def _reconcile(config: dict[str, Any]) -> trading.Reconciliation:
    return trading.reconcile(ccxt.binance({**config, "rateLimit": 0.1}), every=0.5, grace=1.0)


def _looked(running: trading.Reconciliation, times: int) -> None:
    """Wait until the account was looked at so many times from now on."""
    worker = running._worker
    assert worker is not None
    for _ in range(times):
        before = worker.last_complete
        eventually(lambda before=before: worker.last_complete != before)  # type: ignore[misc]


def _disagree(account: Account, config: dict[str, Any], wrong: str) -> trading.Reconciliation:
    """What the service reports and what the account holds differ until the input is closed."""
    client = ccxt.binance(config)
    order = trading.order("mine", exchange="binance", symbol=SYMBOL, side="buy", type="limit")
    with order.submission():
        client.create_order(SYMBOL, "limit", "buy", 0.01, 10_000, {"clientOrderId": "mine"})
    position = trading.position("binance", symbol=SYMBOL)
    position.set(client.fetch_balance()["BTC"]["total"])
    running = _reconcile(config)
    # The first look takes what is there for what was there.
    _looked(running, 1)
    if wrong == "orphaned":
        account.place("by-hand", 10_000)
    elif wrong == "ghost":
        account.cancel("mine")
    else:
        position.set(position.amount * 1.5)
    sys.stdin.read()
    if wrong == "orphaned":
        account.cancel("by-hand")
    elif wrong == "ghost":
        order.canceled()
    else:
        position.set(client.fetch_balance()["BTC"]["total"])
    return running


if __name__ == "__main__":
    main(sys.argv[1])
