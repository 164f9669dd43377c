"""The global providers of OpenTelemetry while botobs runs: proxies whose target can change.

OpenTelemetry lets a global provider be set only once in a process. These are set once; `init`, `shutdown` and another
`init` change their target. Tracers and instruments that code keeps are proxies too, and change with them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from itertools import islice
from typing import Any
from weakref import WeakSet

from opentelemetry import metrics, trace
from opentelemetry.metrics import (
    CallbackOptions,
    CallbackT,
    Counter,
    Histogram,
    Meter,
    MeterProvider,
    NoOpMeterProvider,
    ObservableCounter,
    ObservableGauge,
    ObservableUpDownCounter,
    UpDownCounter,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.trace import Tracer, TracerProvider
from opentelemetry.util.types import Attributes

from .engine.bound import Forwarding
from .engine.callbacks import MOST_CALLBACKS, same
from .engine.disabled import DisabledTracerProvider
from .engine.freeze import copy
from .engine.scope import usable_scope
from .safe import let_pass, text_of
from .upstream import Gauge, global_provider

#: Sends what was recorded so far within some seconds; set while botobs runs.
_flush: Callable[[float], bool] | None = None


def flush(seconds: float) -> bool:
    """Send what was recorded so far; whether all of it was acknowledged, or there is nobody to send it."""
    return _flush is None or _flush(seconds)


def set_flush(function: Callable[[float], bool] | None) -> None:
    """Say how to send what was recorded; None when botobs has ended."""
    global _flush
    _flush = function


def _quietly(function: Callable[..., Any], *arguments: Any) -> Any:
    """What the processors of others raise must not reach who flushes."""
    try:
        return function(*arguments)
    except Exception:
        return False


def _key(scope: tuple[Any, ...]) -> tuple[Any, ...]:
    # The values of attributes may be lists, which cannot be part of a key.
    return (*scope[:3], repr(sorted(scope[3].items())) if scope[3] else None)


class SwitchTracer(Tracer):
    """A proxy of one scope's tracer of the current target."""

    def __init__(self, scope: tuple[Any, ...], provider: TracerProvider) -> None:
        self._scope = scope
        self.switch(provider)

    def switch(self, provider: TracerProvider) -> None:
        """Make the same scope's tracer of `provider` the target."""
        tracer = provider.get_tracer(*self._scope)
        # As instance attributes, so that a call costs no more than on the tracer itself.
        self.__dict__.update(start_span=tracer.start_span, start_as_current_span=tracer.start_as_current_span)

    def start_span(self, *args: Any, **kwargs: Any) -> Any:
        """Replaced in each instance; defined because the interface is abstract."""
        raise NotImplementedError

    def start_as_current_span(self, *args: Any, **kwargs: Any) -> Any:
        """Replaced in each instance; defined because the interface is abstract."""
        raise NotImplementedError


class SwitchTracerProvider(TracerProvider):
    """A proxy of another provider; without a target, nothing is recorded."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._target: TracerProvider = DisabledTracerProvider()
        self._processors: list[Any] = []
        self._tracers: dict[tuple[Any, ...], SwitchTracer] = {}

    def get_tracer(
        self,
        instrumenting_module_name: str,
        instrumenting_library_version: str | None = None,
        schema_url: str | None = None,
        attributes: Attributes = None,
    ) -> Tracer:
        """The tracer of a scope; it keeps working when the target changes."""
        scope = usable_scope(instrumenting_module_name, instrumenting_library_version, schema_url, attributes)
        key = _key(scope)
        with self._lock:
            if key not in self._tracers:
                self._tracers[key] = SwitchTracer(scope, self._target)
            return self._tracers[key]

    # -- what the SDK's provider has beside the API, for who asks the global one ------------------------------------

    @property
    def id_generator(self) -> Any:
        """The target's id generator; None if it has none."""
        return getattr(self._target, "id_generator", None)

    @property
    def resource(self) -> Resource:
        """What all spans carry; empty while botobs is not running."""
        found = getattr(self._target, "resource", None)
        return found if isinstance(found, Resource) else Resource.get_empty()

    @property
    def sampler(self) -> Any:
        """The sampler of new traces; None while botobs is not running."""
        return getattr(self._target, "sampler", None)

    def add_span_processor(self, span_processor: Any) -> None:
        """Have a processor of the SDK's see every span, on the thread that ends it; another `botobs.init` keeps it."""
        with self._lock:
            self._processors.append(span_processor)
            self._add(span_processor)

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what was recorded so far, as `botobs.flush` does, and flush the processors that were added.

        Returns:
            Whether the collector has acknowledged all of it.
        """
        done = [_quietly(processor.force_flush, timeout_millis) for processor in tuple(self._processors)]
        return flush(timeout_millis / 1000) and all(result is not False for result in done)

    def shutdown(self) -> None:
        """Send what was recorded so far. botobs itself goes on: `botobs.shutdown` ends it."""
        self.force_flush()

    def _add(self, span_processor: Any) -> None:
        add = getattr(self._target, "add_span_processor", None)
        if add is not None:
            add(span_processor)

    def switch(self, target: TracerProvider | None) -> None:
        """Change the target; None for none."""
        with self._lock:
            self._target = target or DisabledTracerProvider()
            for processor in self._processors:
                self._add(processor)
            for tracer in self._tracers.values():
                tracer.switch(self._target)

    def after_fork(self) -> None:
        """Replace the lock in a forked child: a thread of the parent may have held it."""
        self._lock = threading.Lock()


class _Switched:
    """A proxy of an instrument, which is created again on each target."""

    def __init__(self, create: Callable[[Meter], Any], meter: Meter) -> None:
        self._create = create
        self._bound: WeakSet[Forwarding] = WeakSet()
        self.switch(meter)

    def switch(self, meter: Meter) -> None:
        self._real = self._create(meter)
        for bound in tuple(self._bound):
            bound.rebind(self._real)

    def bind(self, attributes: Attributes = None) -> Forwarding:
        """The instrument with attributes, which keeps working when the target changes; see `engine.bound`."""
        bound = Forwarding(self._real, copy(attributes))
        self._bound.add(bound)
        return bound


class _SwitchCounter(_Switched, Counter):
    def add(self, amount: float, attributes: Attributes = None, context: Any = None) -> None:
        self._real.add(amount, attributes, context)


class _SwitchUpDownCounter(_Switched, UpDownCounter):
    def add(self, amount: float, attributes: Attributes = None, context: Any = None) -> None:
        self._real.add(amount, attributes, context)


class _SwitchHistogram(_Switched, Histogram):
    def record(self, amount: float, attributes: Attributes = None, context: Any = None) -> None:
        self._real.record(amount, attributes, context)


class _SwitchGauge(_Switched, Gauge):
    def set(self, amount: float, attributes: Attributes = None, context: Any = None) -> None:
        self._real.set(amount, attributes, context)


class _SwitchObservable(_Switched):
    """A proxy of an observable instrument: who creates it once more adds callbacks to it."""

    def __init__(
        self, create: Callable[[Meter, list[CallbackT]], Any], meter: Meter, callbacks: list[CallbackT]
    ) -> None:
        self._callbacks = callbacks
        self._observe = create
        super().__init__(lambda target: create(target, self._callbacks), meter)

    def join(self, callbacks: list[CallbackT], meter: Meter) -> None:
        """Add the callbacks that are new."""
        new = [each for each in callbacks if not any(same(each, known) for known in self._callbacks)]
        new = new[: MOST_CALLBACKS - len(self._callbacks)]
        self._callbacks += new
        if new:
            self._observe(meter, new)


class _SwitchObservableCounter(_SwitchObservable, ObservableCounter):
    pass


class _SwitchObservableUpDownCounter(_SwitchObservable, ObservableUpDownCounter):
    pass


class _SwitchObservableGauge(_SwitchObservable, ObservableGauge):
    pass


class SwitchMeter(Meter):
    """A proxy of one scope's meter, which creates proxies of instruments."""

    def __init__(self, scope: tuple[Any, ...], provider: MeterProvider) -> None:
        super().__init__(scope[0], scope[1], scope[2])
        self._scope = scope
        self._switch_lock = threading.Lock()
        self._real = provider.get_meter(*scope)
        self._instruments: dict[tuple[str, ...], _Switched] = {}

    def switch(self, provider: MeterProvider) -> None:
        """Create all instruments again on the same scope's meter of `provider`."""
        with self._switch_lock:
            self._real = provider.get_meter(*self._scope)
            for instrument in self._instruments.values():
                instrument.switch(self._real)

    def after_fork(self) -> None:
        """Replace the lock in a forked child: a thread of the parent may have held it."""
        self._switch_lock = threading.Lock()

    def _make(self, kind: type[_Switched], create: Callable[[Meter], Any], *identity: str) -> Any:
        key = _identity(kind, *identity)
        with self._switch_lock:
            if key not in self._instruments:
                self._instruments[key] = kind(create, self._real)
            return self._instruments[key]

    def _observable(
        self,
        kind: type[_SwitchObservable],
        create: Callable[[Meter, list[CallbackT]], Any],
        callbacks: Sequence[CallbackT] | None,
        *identity: str,
    ) -> Any:
        given, key = _restartable(callbacks), _identity(kind, *identity)
        with self._switch_lock:
            known = self._instruments.get(key)
            if isinstance(known, _SwitchObservable):
                known.join(given, self._real)
            else:
                known = self._instruments[key] = kind(create, self._real, given)
            return known

    def create_counter(self, name: str, unit: str = "", description: str = "") -> Counter:
        """See `opentelemetry.metrics.Meter`."""
        name, unit, description = map(text_of, (name, unit, description))
        return self._make(  # type: ignore[no-any-return]
            _SwitchCounter,
            lambda meter: meter.create_counter(name, unit, description),
            name,
            unit,
            description,
        )

    def create_up_down_counter(self, name: str, unit: str = "", description: str = "") -> UpDownCounter:
        """See `opentelemetry.metrics.Meter`."""
        name, unit, description = map(text_of, (name, unit, description))
        return self._make(  # type: ignore[no-any-return]
            _SwitchUpDownCounter,
            lambda meter: meter.create_up_down_counter(name, unit, description),
            name,
            unit,
            description,
        )

    def create_histogram(
        self,
        name: str,
        unit: str = "",
        description: str = "",
        *,
        explicit_bucket_boundaries_advisory: Sequence[float] | None = None,
    ) -> Histogram:
        """See `opentelemetry.metrics.Meter`."""
        name, unit, description = map(text_of, (name, unit, description))
        return self._make(  # type: ignore[no-any-return]
            _SwitchHistogram,
            lambda meter: meter.create_histogram(
                name,
                unit,
                description,
                explicit_bucket_boundaries_advisory=explicit_bucket_boundaries_advisory,
            ),
            name,
            unit,
            description,
        )

    def create_gauge(self, name: str, unit: str = "", description: str = "") -> Gauge:
        """See `opentelemetry.metrics.Meter`."""
        name, unit, description = map(text_of, (name, unit, description))
        return self._make(  # type: ignore[no-any-return]
            _SwitchGauge, lambda meter: meter.create_gauge(name, unit, description), name, unit, description
        )

    def create_observable_counter(
        self, name: str, callbacks: Sequence[CallbackT] | None = None, unit: str = "", description: str = ""
    ) -> ObservableCounter:
        """See `opentelemetry.metrics.Meter`."""
        name, unit, description = map(text_of, (name, unit, description))
        return self._observable(  # type: ignore[no-any-return]
            _SwitchObservableCounter,
            lambda meter, given: meter.create_observable_counter(name, given, unit, description),
            callbacks,
            name,
            unit,
            description,
        )

    def create_observable_up_down_counter(
        self, name: str, callbacks: Sequence[CallbackT] | None = None, unit: str = "", description: str = ""
    ) -> ObservableUpDownCounter:
        """See `opentelemetry.metrics.Meter`."""
        name, unit, description = map(text_of, (name, unit, description))
        return self._observable(  # type: ignore[no-any-return]
            _SwitchObservableUpDownCounter,
            lambda meter, given: meter.create_observable_up_down_counter(name, given, unit, description),
            callbacks,
            name,
            unit,
            description,
        )

    def create_observable_gauge(
        self, name: str, callbacks: Sequence[CallbackT] | None = None, unit: str = "", description: str = ""
    ) -> ObservableGauge:
        """See `opentelemetry.metrics.Meter`."""
        name, unit, description = map(text_of, (name, unit, description))
        return self._observable(  # type: ignore[no-any-return]
            _SwitchObservableGauge,
            lambda meter, given: meter.create_observable_gauge(name, given, unit, description),
            callbacks,
            name,
            unit,
            description,
        )


def _identity(kind: type, name: str, *rest: str) -> tuple[str, ...]:
    """What makes two instruments of a scope the same one."""
    return kind.__name__, name.lower(), *rest


def _restartable(callbacks: Sequence[CallbackT] | None) -> list[CallbackT]:
    """Callbacks that several meters can use one after another: the SDK starts a generator for each instrument."""
    try:
        given = list(islice(callbacks or (), MOST_CALLBACKS))
    except BaseException as error:
        let_pass(error)
        return []
    return [_resume(callback) if isinstance(callback, Generator) else callback for callback in given]


def _resume(generator: Any) -> CallbackT:
    started = False

    def callback(options: CallbackOptions) -> Any:
        nonlocal started
        if not started:
            started = True
            next(generator)
        return generator.send(options)

    return callback


class SwitchMeterProvider(MeterProvider):
    """A proxy of another provider; without a target, nothing is recorded."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._target: MeterProvider = NoOpMeterProvider()
        self._meters: dict[tuple[Any, ...], SwitchMeter] = {}

    @property
    def target(self) -> MeterProvider:
        """Where measurements go now."""
        return self._target

    def get_meter(
        self,
        name: str,
        version: str | None = None,
        schema_url: str | None = None,
        attributes: Attributes = None,
    ) -> Meter:
        """The meter of a scope; it keeps working when the target changes."""
        scope = usable_scope(name, version, schema_url, attributes)
        key = _key(scope)
        with self._lock:
            if key not in self._meters:
                self._meters[key] = SwitchMeter(scope, self._target)
            return self._meters[key]

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        """Send what was measured so far, as `botobs.flush` does."""
        return flush(timeout_millis / 1000)

    def shutdown(self, timeout_millis: float = 30_000) -> None:
        """Send what was measured so far. botobs itself goes on: `botobs.shutdown` ends it."""
        flush(timeout_millis / 1000)

    def switch(self, target: MeterProvider | None) -> None:
        """Change the target; None for none."""
        with self._lock:
            self._target = target or NoOpMeterProvider()
            for meter in self._meters.values():
                meter.switch(self._target)

    def after_fork(self) -> None:
        """Replace the locks in a forked child: threads of the parent may have held them."""
        self._lock = threading.Lock()
        for meter in self._meters.values():
            meter.after_fork()


tracer_provider = SwitchTracerProvider()
meter_provider = SwitchMeterProvider()


def install_globally() -> list[str]:
    """Set the proxies as the global providers, once.

    Returns:
        The names of those that were already set by somebody else, such as `tracer provider`.
    """
    taken = []
    traces = global_provider(trace, "_TRACER_PROVIDER")
    if traces is None:
        trace.set_tracer_provider(tracer_provider)
    elif traces is not tracer_provider:
        taken.append("tracer provider")
    meters = global_provider(metrics, "_METER_PROVIDER")
    if meters is None:
        metrics.set_meter_provider(meter_provider)
    elif meters is not meter_provider:
        taken.append("meter provider")
    return taken
