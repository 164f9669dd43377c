"""The work that is measured, through the OpenTelemetry API: the same for all contenders."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

NAME = "create_order binance"
#: Eight attributes as an order's span has them.
SPAN: dict[str, str | bool | int | float] = {
    "exchange.name": "binance",
    "exchange.operation": "create_order",
    "exchange.symbol": "BTC/USDT",
    "exchange.order.side": "buy",
    "exchange.order.type": "limit",
    "server.port": 443,
    "exchange.order.amount": 0.25,
    "exchange.order.post_only": True,
}
METRIC = {"exchange.name": "binance", "exchange.operation": "create_order"}
Operation = Callable[[int], None]


class OpenTelemetry:
    """Work through the OpenTelemetry API; the subclasses say who is behind it."""

    def __init__(self, port: int) -> None:
        self.endpoint = f"http://127.0.0.1:{port}"
        self.set_up()

    tracer: Any
    meter: Any

    def set_up(self) -> None:
        """Make `tracer` and `meter`."""
        raise NotImplementedError

    def flush(self) -> None:
        """Send what was recorded."""
        raise NotImplementedError

    def bind(self, instrument: Any) -> Any:  # noqa: ARG002
        """`instrument` with its attributes, if that exists."""
        return None

    def span(self) -> Operation:
        """A current span with eight attributes."""
        tracer = self.tracer

        def run(times: int) -> None:
            for _ in range(times):
                with tracer.start_as_current_span(NAME, attributes=SPAN):
                    pass

        return run

    def own_span(self) -> Operation | None:
        """The same by an interface of its own, if there is one."""
        return None

    def child_span(self) -> Operation:
        """The same below another one."""
        tracer, run = self.tracer, self.span()

        def run_below(times: int) -> None:
            with tracer.start_as_current_span("outer"):
                run(times)

        return run_below

    def counter_add(self) -> Operation:
        """An addition with two attributes."""
        counter = self.meter.create_counter("orders")

        def run(times: int) -> None:
            for _ in range(times):
                counter.add(1, METRIC)

        return run

    def histogram_record(self) -> Operation:
        """A measurement with two attributes."""
        histogram = self.meter.create_histogram("order.duration", "s")

        def run(times: int) -> None:
            for _ in range(times):
                histogram.record(0.25, METRIC)

        return run

    def bound_counter_add(self) -> Operation | None:
        """An addition on a bound instrument."""
        bound = self.bind(self.meter.create_counter("bound.orders"))
        if bound is None:
            return None

        def run(times: int) -> None:
            for _ in range(times):
                bound.add(1)

        return run

    def bound_histogram_record(self) -> Operation | None:
        """A measurement on a bound instrument."""
        bound = self.bind(self.meter.create_histogram("bound.order.duration", "s"))
        if bound is None:
            return None

        def run(times: int) -> None:
            for _ in range(times):
                bound.record(0.25)

        return run

    def log_to(self, logger: logging.Logger) -> None:
        """Have the records of `logger` exported."""

    def log_record(self) -> Operation:
        """A record of the standard library's logger, with an order's id and three fields, within a span."""
        logger = logging.getLogger("bench.orders")
        logger.propagate = False
        logger.setLevel(logging.INFO)
        # A service prints it somewhere; that costs everybody the same.
        logger.addHandler(logging.NullHandler())
        self.log_to(logger)
        fields = {"symbol": "BTC/USDT", "side": "buy", "amount": 0.25}

        def run(times: int) -> None:
            for _ in range(times):
                logger.info("order %s is filled", time.monotonic_ns(), extra=fields)

        return run

    def order_path(self) -> Operation:
        """Two spans with eight attributes each, two additions and two measurements, bound where that exists."""
        tracer = self.tracer
        sent, done = self.meter.create_counter("path.sent"), self.meter.create_counter("path.done")
        waited, took = (
            self.meter.create_histogram("path.waited", "s"),
            self.meter.create_histogram("path.took", "s"),
        )
        bound = [self.bind(instrument) for instrument in (sent, done, waited, took)]
        if bound[0] is None:

            def run(times: int) -> None:
                for _ in range(times):
                    with tracer.start_as_current_span("order", attributes=SPAN):
                        sent.add(1, METRIC)
                        waited.record(0.001, METRIC)
                        with tracer.start_as_current_span(NAME, attributes=SPAN):
                            pass
                        took.record(0.25, METRIC)
                        done.add(1, METRIC)

            return run
        bound_sent, bound_done, bound_waited, bound_took = bound

        def run_bound(times: int) -> None:
            for _ in range(times):
                with tracer.start_as_current_span("order", attributes=SPAN):
                    bound_sent.add(1)
                    bound_waited.record(0.001)
                    with tracer.start_as_current_span(NAME, attributes=SPAN):
                        pass
                    bound_took.record(0.25)
                    bound_done.add(1)

        return run_bound
