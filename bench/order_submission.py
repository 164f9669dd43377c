"""What an order costs the thread that sends it, here and in another checkout, side by side.

    python -m bench.order_submission /path/to/another/checkout [rounds]

`submission` is `trading.order(…).submission()` around nothing; `create_order` is ccxt's, with the exchange's answer at
hand instead of a socket; `both` is one in the other. Counted is the CPU time of the calling thread; processes take
turns, and the ratio is taken round by round.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_TIMES = 200
_WORK = ("submission", "create_order", "both")
_ANSWER = {
    "symbol": "BTCUSDT",
    "orderId": 7,
    "clientOrderId": "x",
    "status": "NEW",
    "side": "BUY",
    "type": "LIMIT",
}


def work(engine: str, port: str) -> None:
    """Obey until the input ends: each line names what to do, the answer is microseconds."""
    import ccxt

    import botobs
    from botobs import trading

    folder = tempfile.mkdtemp()
    home = {"HOME": folder}
    endpoint = f"http://127.0.0.1:{port}"
    handle = botobs.init("bench", endpoint=endpoint, engine=engine, compression="none", environ=home)  # type: ignore[arg-type]
    client = ccxt.binance({"apiKey": "key", "secret": "secret", "enableRateLimit": False})
    client.set_markets([_market()])
    _answer_at_once(client)
    number = 0

    def submission(inside: Callable[[], Any] = lambda: None) -> None:
        nonlocal number
        number += 1
        order = trading.order(
            f"bot-{number}", exchange="binance", symbol="BTC/USDT", side="buy", type="limit"
        )
        with order.submission():
            inside()

    def create_order() -> None:
        client.create_order("BTC/USDT", "limit", "buy", 1, 100)

    does = {"submission": submission, "create_order": create_order, "both": lambda: submission(create_order)}
    for line in sys.stdin:
        run = does[line.strip()]
        begin = time.thread_time_ns()
        for _ in range(_TIMES):
            run()  # type: ignore[no-untyped-call]
        print((time.thread_time_ns() - begin) / _TIMES / 1000, flush=True)
        handle.flush()
    shutil.rmtree(folder)
    os._exit(0)


def _answer_at_once(client: Any) -> None:
    """Put an answer in the place of the HTTP library's; what botobs watches is above it."""

    import requests

    class AtOnce(requests.adapters.HTTPAdapter):
        def send(self, request: Any, **_: Any) -> Any:  # type: ignore[override]
            response = requests.Response()
            response.status_code, response._content, response.request = (
                200,
                json.dumps(_ANSWER).encode(),
                request,
            )
            return response

    client.session.mount("https://", AtOnce())


def _market() -> dict[str, Any]:
    nothing: dict[str, Any] = {"min": None, "max": None}
    return {
        **dict.fromkeys(("margin", "swap", "future", "option", "contract", "index"), False),
        **dict.fromkeys(("settle", "linear", "inverse", "contractSize", "expiry")),
        "id": "BTCUSDT",
        "symbol": "BTC/USDT",
        "base": "BTC",
        "quote": "USDT",
        "type": "spot",
        "spot": True,
        "active": True,
        "precision": {"amount": 1e-5, "price": 1e-2},
        "limits": {"amount": nothing, "price": nothing, "cost": nothing},
        "info": {"orderTypes": ["LIMIT"]},
    }


def main() -> None:
    """Measure both checkouts, and print the ratios."""
    # The other checkout, where this file runs too, may not have it.
    from bench import _checkouts

    other, rounds = Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 15
    with _checkouts.collector() as port:
        for engine in ("fast", "stock"):
            with _checkouts.pair(other, __file__, "--work", engine, port) as both:
                for name in _WORK:
                    print(f"{engine:6}{name:13}{both.compare(name, rounds)}", flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "--work":
        work(*sys.argv[2:])
    else:
        main()
