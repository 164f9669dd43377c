"""Services with orders; its argument says which: `lost`, `settled elsewhere`, `filled later` or `in flight`."""

from __future__ import annotations

import sys
import threading
from contextlib import suppress

from opentelemetry import trace

import botobs
from botobs import trading


def _lost() -> None:
    """Three orders of two bots, none of which is answered."""
    botobs.init(metric_interval=1.0, span_interval=0.1)
    for bot, name in (("b1", "lost-1"), ("b1", "lost-2"), ("b2", "lost-3")):
        with trading.decision(bot) as decision:
            order = decision.order(name, exchange="binance", symbol="BTC/USDT", side="buy", type="limit")
            with suppress(TimeoutError), order.submission():
                raise TimeoutError
    botobs.flush(30)
    print("sent", flush=True)
    threading.Event().wait()


def _settled_elsewhere() -> None:
    """A service that knows nothing of the first: a person's routine has found out what became of one."""
    with botobs.init():
        trading.order("lost-2", exchange="binance").settled("canceled")


def _filled_later() -> None:
    with botobs.init() as handle:
        handle.flush()
        trading.order("lost-3", exchange="binance").filled(1, complete=True)


def _in_flight() -> None:
    """The submission of one is a span of no duration below one that never ends, as of a process that was killed."""
    with botobs.init():
        tracer = trace.get_tracer("test")
        names = {
            "exchange.name": "okx",
            "exchange.order.client_id": "in-flight",
            "exchange.symbol": "BTC/USDT",
        }
        never = tracer.start_span("create_order okx")
        tracer.start_span("order submitted", trace.set_span_in_context(never), attributes=names).end()
        with tracer.start_as_current_span("create_order okx"):
            tracer.start_span("order submitted", attributes={**names, "exchange.order.client_id": "ok"}).end()


if __name__ == "__main__":
    {
        "lost": _lost,
        "settled elsewhere": _settled_elsewhere,
        "filled later": _filled_later,
        "in flight": _in_flight,
    }[sys.argv[1]]()
