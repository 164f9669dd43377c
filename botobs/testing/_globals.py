"""What is global in a process, put in the capture's hands and given back."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from unittest.mock import patch

import opentelemetry.sdk.trace
from opentelemetry import metrics, trace
from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import TracerProvider

from .._sdk import providers as _providers
from .._sdk import start
from .._sdk.instrument.base import Telemetry
from .._sdk.instrument.registry import Instrumentations
from .._sdk.orders import UNSETTLED
from .._sdk.orders.settlement import SCOPE, SettlementTelemetry
from .._sdk.settings import Settings
from ..trading import session
from ._determinism import FakeClock


@contextmanager
def providers(traces: TracerProvider, measurements: MeterProvider) -> Iterator[None]:
    """Make these the global providers, also for tracers and meters that code has kept."""
    before = trace._TRACER_PROVIDER, metrics._internal._METER_PROVIDER
    _providers.install_globally()
    # Where others are set already; OpenTelemetry has no way to put a global provider in another's place.
    trace._TRACER_PROVIDER = _providers.tracer_provider
    metrics._internal._METER_PROVIDER = _providers.meter_provider
    _providers.tracer_provider.switch(traces)
    _providers.meter_provider.switch(measurements)
    try:
        yield
    finally:
        running = start.current()
        _providers.tracer_provider.switch(running.engine.tracer_provider if running else None)
        _providers.meter_provider.switch(running.engine.meter_provider if running else None)
        if before[0] is not None:
            trace._TRACER_PROVIDER = before[0]
        if before[1] is not None:
            metrics._internal._METER_PROVIDER = before[1]


@contextmanager
def clock(fake: FakeClock) -> Iterator[None]:
    """Let spans and `botobs.trading` have the time from `fake`."""
    recorder = session.live().recorder
    recorder.follow(fake, fake.elapsed, stamp_spans=False)
    try:
        with patch.object(opentelemetry.sdk.trace, "time_ns", fake.time_ns):
            yield
    finally:
        recorder.follow(None)


@contextmanager
def fresh_trading() -> Iterator[None]:
    """Let the test begin without the bots, orders and feeds of others, and leave none behind."""
    session.live().forget()
    UNSETTLED.forget()
    try:
        yield
    finally:
        session.live().reconciliations.say_goodbye()
        session.live().forget()
        UNSETTLED.forget()


@contextmanager
def settlements(measurements: MeterProvider) -> Iterator[None]:
    """Report orders of unknown outcome, unless a running botobs does so already."""
    telemetry = SettlementTelemetry(_providers.tracer_provider.get_tracer(SCOPE), lambda: None)
    if start.current() is None:
        telemetry.start(measurements.get_meter(SCOPE))
    try:
        yield
    finally:
        telemetry.stop()


@contextmanager
def no_second_botobs(environ: MutableMapping[str, str]) -> Iterator[None]:
    """Keep `botobs.init()` from sending what is captured to a real collector."""
    name = "OTEL_SDK_DISABLED"
    before = environ.get(name)
    environ[name] = "true"
    try:
        yield
    finally:
        if before is None:
            del environ[name]
        else:
            environ[name] = before


@contextmanager
def instrumentations(measurements: MeterProvider) -> Iterator[None]:
    """Watch the libraries, unless a running botobs does so already."""
    if start.current() is not None:
        yield
        return
    # What a person should know of a service says nothing of its tests.
    watched = Instrumentations(warn=lambda *_: None)
    watched.install(Telemetry(_providers.tracer_provider, measurements, Settings()))
    try:
        yield
    finally:
        watched.uninstall()
