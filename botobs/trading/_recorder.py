"""Where the domain calls take the time from and send what they saw."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any

from opentelemetry import metrics, trace
from opentelemetry.context import Context
from opentelemetry.metrics import CallbackOptions, MeterProvider, Observation
from opentelemetry.trace import Link, NoOpTracerProvider, Span, Status, StatusCode, TracerProvider

from .._sdk.context import SPAN_KEY, attach, current, leave
from .._sdk.delays import record_delays
from .._sdk.ids import Ids, given, honours_given_ids
from .._sdk.safe import Log, class_name, described, let_pass, nanoseconds, never_raise, number_of, text_of
from .._version import __version__
from ..semconv import Metric
from ..semconv import trading as names

logger = Log("botobs.trading")

Attributes = Mapping[str, str | int | float | bool]
Observe = Callable[[], Iterable[Observation]]


class Recorder:
    """Makes spans and measurements in one time, real or simulated.

    Instruments are created on the meter provider that is in force, and again when another one takes its place, so
    that calls before `botobs.init()` do nothing and calls after it count, whatever was imported first.
    """

    def __init__(
        self,
        clock: Callable[[], float] | None = None,
        tracer_provider: Callable[[], TracerProvider] = trace.get_tracer_provider,
        meter_provider: Callable[[], MeterProvider] = metrics.get_meter_provider,
        scope: str = "botobs.trading",
    ) -> None:
        self.follow(clock)
        self._scope = scope
        self._tracer_provider = tracer_provider
        self._meter_provider = meter_provider
        self._observed: list[tuple[Metric, Observe]] = []
        self._instruments: dict[str, Any] = {}
        self._connected: MeterProvider | None = None
        self._tracers: tuple[TracerProvider, trace.Tracer] | None = None
        self._warned: set[tuple[str, ...]] = set()
        self._lock = threading.Lock()

    def follow(
        self,
        clock: Callable[[], float] | None,
        elapsed: Callable[[], float] | None = None,
        stamp_spans: bool = True,
    ) -> None:
        """Take the time from `clock`, in seconds since the epoch; None for the real time.

        Durations are differences of `elapsed`, if it is given. Spans are stamped with the clock's time, unless
        their recorder must use the same clock.
        """
        self.now: Callable[[], float] = time.time if clock is None else _safe_clock(clock)
        # Wall clocks are set, and jump; durations must not.
        own = elapsed or clock
        self.elapsed: Callable[[], float] = time.perf_counter if own is None else _safe_clock(own)
        self._real = clock is None
        self._stamps = clock is not None and stamp_spans

    def forget(self) -> None:
        """Start over: warnings are given again, and the lock is a new one."""
        self._warned = set()
        self._lock = threading.Lock()

    def observe(self, metric: Metric, observe: Observe) -> None:
        """Have `observe` asked for the values of an observable metric at every collection."""
        self._observed.append((metric, observe))

    def connect(self) -> None:
        """Create the instruments, unless the meter provider in force has them already."""
        provider = self._meter_provider()
        if provider is self._connected:
            return
        with self._lock:
            if provider is not self._connected:
                self._instruments = {} if _is_placeholder(provider) else self._create(provider)
                self._connected = provider

    @property
    def connected(self) -> bool:
        """Whether there is somewhere to report to."""
        return bool(self._instruments)

    def add(self, metric: Metric, attributes: Attributes, amount: int = 1) -> None:
        """Add `amount` to a counter."""
        if self._meter_provider() is not self._connected:
            self.connect()
        if (instrument := self._instruments.get(metric.name)) is not None:
            instrument.add(amount, attributes)

    def record(self, metric: Metric, value: float, attributes: Attributes) -> None:
        """Record a duration; one that a clock set back has made negative is 0."""
        if self._meter_provider() is not self._connected:
            self.connect()
        if (instrument := self._instruments.get(metric.name)) is not None:
            instrument.record(max(0.0, value), attributes)

    def misuse(self, subject: str, *what: str) -> None:
        """Count a call that makes no sense, and say so the first time."""
        self.add(names.MISUSES, {names.SUBJECT: subject})
        if (subject, *what) not in self._warned and len(self._warned) < _WARNINGS:
            self._warned.add((subject, *what))
            logger.warning("%s: %s", subject, " ".join(what))

    def span(
        self,
        name: str,
        attributes: Attributes,
        *,
        parent: Context | None = None,
        links: Sequence[Link] = (),
    ) -> SpanBlock:
        """A block that runs in a span; an exception marks it and goes on."""
        return SpanBlock(self, name, attributes, parent, links)

    def start(self, name: str, parent: Context | None, attributes: Attributes, links: Sequence[Link]) -> Span:
        """Start a span below `parent`; None for the current one."""
        try:
            return self._tracer().start_span(
                name, context=parent, attributes=attributes, links=links, start_time=self._nanoseconds()
            )
        except Exception as error:
            # A provider of the service's own, or its clock.
            logger.debug("%s is not recorded: %s", name, described(error))
            return trace.INVALID_SPAN

    def start_root(self, name: str, ids: Ids, attributes: Attributes, links: Sequence[Link]) -> Span:
        """Start a span that has `ids`; where ids cannot be given it is a child of the one that would have them."""
        known = honours_given_ids(self._tracer_provider())
        parent = Context()
        if not known:
            parent = trace.set_span_in_context(trace.NonRecordingSpan(ids.span_context()), parent)
        with given(ids if known else None):
            return self.start(name, parent, attributes, links)

    @never_raise
    def event(self, span: Span, name: str, attributes: Attributes) -> None:
        """Add an event to a span."""
        span.add_event(name, attributes, timestamp=self._nanoseconds())

    @never_raise
    def mark_failed(self, span: Span, error: BaseException) -> None:
        """Record on a span why it failed."""
        span.record_exception(error, timestamp=self._nanoseconds())
        span.set_attribute(names.ERROR_TYPE, class_name(type(error)))
        span.set_status(Status(StatusCode.ERROR, f"{class_name(type(error))}: {text_of(error)}"))

    @never_raise
    def end(self, span: Span) -> None:
        """End a span; one on the real clock notes what kept it waiting."""
        try:
            if self._real:
                record_delays(span)
        finally:
            span.end(self._nanoseconds())

    def _tracer(self) -> trace.Tracer:
        provider = self._tracer_provider()
        known = self._tracers
        if known is None or known[0] is not provider:
            self._tracers = known = (provider, provider.get_tracer(self._scope, __version__))
        return known[1]

    def _nanoseconds(self) -> int | None:
        return nanoseconds(self.now() * 1e9) if self._stamps else None

    def _create(self, provider: MeterProvider) -> dict[str, Any]:
        meter = provider.get_meter(self._scope, __version__)
        for metric, observe in self._observed:
            metric.create(meter, [_callback(observe)])
        observed = {metric.name for metric, _ in self._observed}
        return {metric.name: metric.create(meter) for metric in names.METRICS if metric.name not in observed}


#: What ends a task or a generator: no failure.
_ENDS = (asyncio.CancelledError, GeneratorExit)


class SpanBlock:
    """Runs a block in a span, from entering it on. No generator: what an order is submitted in costs it time.

    Args:
        recorder: Starts and ends the span.
        name: The span's.
        attributes: The span's.
        parent: Where its parent is, if it is not the current span.
        links: The span's.
    """

    __slots__ = ("_recorder", "_span", "_start", "_token")

    def __init__(
        self,
        recorder: Recorder,
        name: str,
        attributes: Attributes,
        parent: Context | None,
        links: Sequence[Link],
    ) -> None:
        self._recorder = recorder
        self._start = (name, parent, attributes, links)

    def __enter__(self) -> Span:
        """Start the span, and make it current."""
        self._span = span = self._recorder.start(*self._start)
        # The block keeps what else the caller's context holds, even when the span's parent is elsewhere.
        self._token = attach({**current(), SPAN_KEY: span})
        return span

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        """End the span; an exception marks it as failed."""
        # By its class: of an exception of the service's, `isinstance` may call code.
        if error is not None and not issubclass(kind or type(error), _ENDS):
            self._recorder.mark_failed(self._span, error)
        leave(self._token)
        self._recorder.end(self._span)


#: How many different warnings are given; each is one of few combinations, unless callers make up words.
_WARNINGS = 100


def silent_tracer_provider() -> TracerProvider:
    """A tracer provider whose spans are dropped."""
    return _SILENT_TRACES


def silent_meter_provider() -> MeterProvider:
    """A meter provider whose measurements are dropped."""
    return _SILENT_METRICS


_SILENT_TRACES = NoOpTracerProvider()
_SILENT_METRICS = metrics.NoOpMeterProvider()


def _safe_clock(clock: Callable[[], float]) -> Callable[[], float]:
    """Wrap a service's own clock: where it raises or returns no number, its last time is returned."""
    last = 0.0

    def read() -> float:
        nonlocal last
        try:
            now = number_of(clock())
        except BaseException as error:
            let_pass(error)
            now = None
        last = last if now is None else now
        return last

    return read


def _is_placeholder(provider: MeterProvider) -> bool:
    """Whether this is one of the API's own providers: the no-op one, or the one that stands in before `init`."""
    return type(provider).__module__.startswith("opentelemetry.metrics")


def _callback(observe: Observe) -> Callable[[CallbackOptions], Iterable[Observation]]:
    def callback(_: CallbackOptions) -> Iterable[Observation]:
        return observe()

    return callback
