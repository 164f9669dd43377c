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
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median, quantiles
from typing import Any

_ROOT = Path(__file__).parents[1]
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
    other, rounds = Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 15
    with ExitStack() as stack:

        def start(root: Path, *arguments: str) -> Any:
            environment = os.environ | {"PYTHONPATH": str(root)}
            process = subprocess.Popen(
                [sys.executable, *arguments],
                env=environment,
                cwd=root,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            stack.callback(process.wait)
            assert process.stdin is not None
            stack.callback(process.stdin.close)
            return process

        collector = start(_ROOT, "-m", "bench._collector")
        port = collector.stdout.readline().strip()
        for engine in ("fast", "stock"):
            pair = [start(root, __file__, "--work", engine, port) for root in (_ROOT, other)]
            for name in _WORK:
                _compare(engine, name, pair, rounds)


def _compare(engine: str, name: str, pair: list[Any], rounds: int) -> None:
    found: list[tuple[float, float]] = []
    for turn in range(rounds + 2):
        values = {}
        for process in pair if turn % 2 else pair[::-1]:
            print(name, file=process.stdin, flush=True)
            values[id(process)] = float(process.stdout.readline())
        found.append((values[id(pair[0])], values[id(pair[1])]))
    # The first two warm up.
    ratios = [here / there for here, there in found[2:]]
    low, _, high = quantiles(ratios, n=4)
    here, there = (median(column) for column in zip(*found[2:], strict=True))
    print(
        f"{engine:6}{name:13}{here:7.1f} µs to {there:7.1f} µs, ratio {median(ratios):.3f} ({low:.3f} to {high:.3f})"
    )


if __name__ == "__main__":
    if sys.argv[1] == "--work":
        work(*sys.argv[2:])
    else:
        main()
