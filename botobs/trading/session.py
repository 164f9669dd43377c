"""The live trading session, and simulated ones beside it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from opentelemetry import context as otel_context
from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import TracerProvider

from .._sdk import participants
from .._sdk.orders import UNSETTLED, Unsettled
from .._sdk.orders.journal import JOURNAL, Journal
from .._sdk.orders.known import KNOWN, KnownOrders
from . import _never_raise
from ._order_registry import OrderRegistry
from ._recorder import Recorder, silent_meter_provider, silent_tracer_provider
from .bots import SHUTDOWN, BotRegistry
from .feeds import FeedRegistry
from .orders import Order
from .positions import PositionBook
from .reconciliation import ReconciliationRegistry


class TradingSession:
    """Bots, orders and feeds that share one time and one place where they are reported.

    Args:
        recorder: That time and place.
        unsettled: Those of unknown outcome.
        known: The orders that are known of.
        journal: Keeps what has no response yet, in case the process is killed; None where no money is at stake.
    """

    def __init__(
        self, recorder: Recorder, unsettled: Unsettled, known: KnownOrders, journal: Journal | None = None
    ) -> None:
        self.recorder = recorder
        self.positions = PositionBook()
        self.order_registry: OrderRegistry[Order] = OrderRegistry(
            recorder, unsettled, known, self.positions, journal
        )
        self.reconciliations = ReconciliationRegistry(recorder, known, unsettled, self.positions)
        self.bots = BotRegistry(recorder, self.order_registry)
        self.feeds = FeedRegistry(recorder)

    def connect(self) -> None:
        """Report what exists already to the providers that are in force now."""
        self.recorder.connect()
        if self.order_registry.journal is not None:
            self.order_registry.journal.want()
        self.reconciliations.start()

    def goodbye(self) -> None:
        """Say goodbye for every bot and feed of this process."""
        self.bots.say_goodbye(SHUTDOWN)
        self.feeds.say_goodbye()
        self.reconciliations.say_goodbye()

    def forget(self) -> None:
        """Start over in a forked child: what the parent has is the parent's to report."""
        _never_raise.forget()
        self.recorder.forget()
        self.bots.forget()
        self.order_registry.forget()
        self.feeds.forget()
        self.positions.forget()
        self.reconciliations.forget()


_LIVE = TradingSession(Recorder(), UNSETTLED, KNOWN, JOURNAL)
participants.register(_LIVE)
_SESSION = otel_context.create_key("botobs.trading.world")

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_LIVE.forget)


def current() -> TradingSession:
    """The trading session that the running code is in."""
    session = otel_context.get_value(_SESSION)
    return session if isinstance(session, TradingSession) else _LIVE


def live() -> TradingSession:
    """The trading session in which money is at stake."""
    return _LIVE


def is_live() -> bool:
    """Whether the running code is in the trading session in which money is at stake."""
    return current() is _LIVE


def goodbye() -> None:
    """Say goodbye for every bot and feed of this process.

    For a service that shuts down on purpose; `botobs.shutdown()` calls it. Bots that failed get none.
    """
    _LIVE.goodbye()


@contextmanager
def simulated(
    clock: Callable[[], float] | None = None,
    *,
    tracer_provider: TracerProvider | None = None,
    meter_provider: MeterProvider | None = None,
) -> Iterator[None]:
    """Run a backtest: what is traded inside is kept apart from what is traded for real.

    Bots, orders and feeds that are made inside are silent, wherever they are used later, so that a bot of a
    backtest is never missed, counted or alerted on. To look at a backtest give it providers of its own; times
    are then those of its clock.

    Args:
        clock: The simulated time, in seconds since the epoch.
        tracer_provider: Where spans go; nowhere if it is omitted.
        meter_provider: Where measurements go; nowhere if it is omitted.
    """
    traces = tracer_provider or silent_tracer_provider()
    measurements = meter_provider or silent_meter_provider()
    session = TradingSession(
        Recorder(clock, lambda: traces, lambda: measurements, "botobs.trading.simulated"),
        Unsettled(),
        KnownOrders(),
    )
    token = otel_context.attach(otel_context.set_value(_SESSION, session))
    try:
        yield
    finally:
        otel_context.detach(token)
