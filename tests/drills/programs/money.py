"""Finds out, on demand, what is wrong: the process of the drills that measure how long it takes until it is told.

Called with its name, what it finds out and the exchanges at which it does. For each line on its standard input it makes
the fault at the next exchange and prints, once it holds the evidence, when that was, in seconds since the epoch.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

import botobs
from botobs import trading
from botobs._sdk import providers
from botobs._sdk.instrument.base import Telemetry
from botobs._sdk.instrument.exchange import updates
from botobs._sdk.instrument.exchange.ratelimit import LimitState
from botobs._sdk.instrument.exchange.state import CROSSED_REPORTED_AFTER, FROZEN_AFTER, Connection
from botobs._sdk.instrument.exchange.telemetry import ExchangeTelemetry

#: Seconds before the evidence is complete at which a wrong book is first seen, and between two updates of it: until it
#: is, and later, when hundreds of books stand side by side.
_SOON = 0.3
_PAUSE, _LATER = 0.1, 1.0
#: Seconds between two comparisons, and for which a drift has to last.
_EVERY, _GRACE = 0.5, 1.0
#: Seconds after which an order has waited for its answer for too long; the alert's threshold.
_TOO_LONG = 30.0
_SYMBOL = "BTC/USDT"

_handle = botobs.init(sys.argv[1])
_exchanges = ExchangeTelemetry(
    Telemetry(providers.tracer_provider, _handle.engine.meter_provider, _handle.settings)
)


def _unknown(exchange: str) -> float:
    evidence = time.time()
    trading.order(f"lost-{exchange}", exchange=exchange).unknown("no answer")
    return evidence


def _another(bot: str) -> float:
    """An order of another bot at one exchange."""
    with trading.decision(_bots[bot]) as decision:
        evidence = time.time()
        decision.order(f"lost-{bot}", exchange="shared").unknown("no answer")
    return evidence


def _rejected(exchange: str) -> float:
    for number in range(4):
        trading.order(f"refused-{exchange}-{number}", exchange=exchange).rejected("no funds")
    evidence = time.time()
    trading.order(f"refused-{exchange}-4", exchange=exchange).rejected("no funds")
    return evidence


def _banned(exchange: str) -> float:
    evidence = time.time()
    _exchanges.exchange(exchange).limits.read_headers(418, {"Retry-After": "60"}, "")
    return evidence


def _crossed(exchange: str) -> float:
    return _wrong_book(exchange, bid=101.0, known_after=CROSSED_REPORTED_AFTER, moves=True)


def _stale(exchange: str) -> float:
    return _wrong_book(exchange, bid=99.0, known_after=FROZEN_AFTER, moves=False)


def _wrong_book(exchange: str, bid: float, known_after: float, moves: bool) -> float:
    """A book that has been wrong for all but a moment of the time after which that is sure, and stays so."""
    connection = _exchanges.connection(None, exchange, "ccxt.pro", "localhost")
    connection.state = "open"
    first = time.monotonic() - known_after + _SOON

    def update(now: float) -> None:
        stamp = time.time() * 1000 if moves else 1_700_000_000_000
        book = {"bids": [[bid, 1.0]], "asks": [[100.0, 1.0]], "timestamp": stamp}
        updates.updated(_exchanges, connection, "book", book, now)

    def go_on() -> None:
        while True:
            update(time.monotonic())
            time.sleep(_PAUSE if time.monotonic() < first + known_after + 2 * _SOON else _LATER)

    update(first)
    threading.Thread(target=go_on, daemon=True).start()
    return time.time() + _SOON


class _Account:
    """Holds one bitcoin and the one order that is reported; from a moment on not as it is reported."""

    interval = 0.001

    def __init__(self, exchange: str) -> None:
        self.exchange = exchange
        self.wrong = ""
        self.looked = threading.Event()
        self.compared = threading.Event()
        self.decided_at = 0.0
        self._first = 0.0

    def open_orders(self, symbols: Collection[str]) -> Iterable[Mapping[str, Any]]:
        ours, nobodys = self._order("ours", "open"), self._order("nobodys", "open")
        if self.wrong == "ghost":
            return []
        return [ours, nobodys] if self.wrong == "orphan" else [ours]

    def trades(self, symbols: Collection[str], since: int) -> Iterable[Mapping[str, Any]]:
        return []

    def find_order(self, order_id: str, client_order_id: str, symbol: str) -> Mapping[str, Any] | None:
        return self._order(order_id, "canceled")

    def holdings(self, names: Collection[str]) -> Mapping[str, float]:
        now = time.time()
        self.looked.set()
        if self.wrong and not self._first:
            self._first = now
        if self._first and now >= self._first + _GRACE and not self.decided_at:
            self.decided_at = now
            self.compared.set()
        return dict.fromkeys(names, 0.5 if self.wrong == "drift" else 1.0)

    def _order(self, name: str, status: str) -> Mapping[str, Any]:
        return {"id": name, "symbol": _SYMBOL, "side": "buy", "status": status, "filled": 0}


_connections: dict[str, Connection] = {}
_bots: dict[str, trading.Bot] = {}


def _differs(exchange: str, what: str) -> float:
    """Compare an account, in which all is well at first."""
    account = _Account(exchange)
    trading.reconcile(account, every=_EVERY, grace=_GRACE)
    account.looked.wait()
    account.wrong = what
    account.compared.wait()
    return account.decided_at


def _report(exchange: str) -> None:
    """A position and an open order."""
    trading.position(exchange, symbol=_SYMBOL).set(1.0)
    trading.order(f"open-{exchange}", exchange=exchange, symbol=_SYMBOL).acknowledged("ours")


def _waiting(exchange: str) -> float:
    """An order that is never answered; too long once it has waited for half a minute."""

    def wait() -> None:
        with trading.order(f"sent-{exchange}", exchange=exchange).submission():
            threading.Event().wait()

    threading.Thread(target=wait, daemon=True).start()
    return time.time() + _TOO_LONG


def _key(exchange: str) -> float:
    evidence = time.time()
    access = ("ccxt", "account", "fetch_balance", "/balance")
    _exchanges.exchange(exchange).standing.failed(access, "", "auth", set())
    return evidence


def _clock(exchange: str) -> float:
    evidence = time.time()
    _exchanges.exchange(exchange).clock.add(evidence, evidence, evidence - 30)
    return evidence


def _limit(exchange: str) -> float:
    evidence = time.time()
    _exchanges.exchange(exchange).limits.state(LimitState("requests", used=99, limit=100))
    return evidence


def _cut(exchange: str) -> float:
    evidence = time.time()
    _connections[exchange].state = "closed"
    return evidence


def _connect(exchange: str) -> None:
    _connections[exchange] = connection = _exchanges.connection(None, exchange, "ccxt.pro", "localhost")
    connection.state = "open"


_FAULTS: dict[str, Callable[[str], float]] = {
    "unknown": _unknown,
    "another": _another,
    "rejected": _rejected,
    "banned": _banned,
    "crossed": _crossed,
    "stale": _stale,
    "drift": lambda exchange: _differs(exchange, "drift"),
    "orphan": lambda exchange: _differs(exchange, "orphan"),
    "ghost": lambda exchange: _differs(exchange, "ghost"),
    "waiting": _waiting,
    "key": _key,
    "clock": _clock,
    "limit": _limit,
    "cut": _cut,
}
#: What has to be there before a fault.
_PREPARED: dict[str, Callable[[str], None]] = {
    "drift": _report,
    "orphan": _report,
    "ghost": _report,
    "cut": _connect,
    "another": lambda name: _bots.update({name: trading.bot(name, exchange="shared")}),
}


def _prepare(what: str, exchanges: Iterable[str]) -> Iterator[trading.Bot]:
    """A running bot at each exchange, and what the fault needs."""
    for exchange in exchanges:
        bot = trading.bot(f"bot-{exchange}", exchange=exchange)
        bot.state("running")
        yield bot
        if what in _PREPARED:
            _PREPARED[what](exchange)


def main(what: str, *exchanges: str) -> None:
    """Make the faults, one for each line of standard input."""
    bots = list(_prepare(what, exchanges))
    print("ready", flush=True)
    for exchange, _ in zip(exchanges, sys.stdin, strict=False):
        print(json.dumps(_FAULTS[what](exchange)), flush=True)
    sys.stdin.read()
    del bots


main(*sys.argv[2:])
