"""The global meter provider: a proxy whose target can change, and its meters."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from itertools import islice
from typing import Any

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
from opentelemetry.util.types import Attributes

from ..engine.callbacks import MOST_CALLBACKS
from ..engine.scope import scope_key, usable_scope
from ..safe import let_pass, text_of
from ..upstream import Gauge
from .flushing import flush
from .instruments import (
    SwitchCounter,
    Switched,
    SwitchGauge,
    SwitchHistogram,
    SwitchObservable,
    SwitchObservableCounter,
    SwitchObservableGauge,
    SwitchObservableUpDownCounter,
    SwitchUpDownCounter,
)


class SwitchMeter(Meter):
    """A proxy of one scope's meter, which creates proxies of instruments."""

    def __init__(self, scope: tuple[Any, ...], provider: MeterProvider) -> None:
        super().__init__(scope[0], scope[1], scope[2])
        self._scope = scope
        self._switch_lock = threading.Lock()
        self._real = provider.get_meter(*scope)
        self._instruments: dict[tuple[str, ...], Switched] = {}

    def switch(self, provider: MeterProvider) -> None:
        """Create all instruments again on the same scope's meter of `provider`."""
        with self._switch_lock:
            self._real = provider.get_meter(*self._scope)
            for instrument in self._instruments.values():
                instrument.switch(self._real)

    def after_fork(self) -> None:
        """Replace the lock in a forked child: a thread of the parent may have held it."""
        self._switch_lock = threading.Lock()

    def _make(self, kind: type[Switched], create: Callable[[Meter], Any], *identity: str) -> Any:
        key = _identity(kind, *identity)
        with self._switch_lock:
            if key not in self._instruments:
                self._instruments[key] = kind(create, self._real)
            return self._instruments[key]

    def _observable(
        self,
        kind: type[SwitchObservable],
        create: Callable[[Meter, list[CallbackT]], Any],
        callbacks: Sequence[CallbackT] | None,
        *identity: str,
    ) -> Any:
        given, key = _restartable(callbacks), _identity(kind, *identity)
        with self._switch_lock:
            known = self._instruments.get(key)
            if isinstance(known, SwitchObservable):
                known.join(given, self._real)
            else:
                known = self._instruments[key] = kind(create, self._real, given)
            return known

    def create_counter(self, name: str, unit: str = "", description: str = "") -> Counter:
        """See `opentelemetry.metrics.Meter`."""
        name, unit, description = map(text_of, (name, unit, description))
        return self._make(  # type: ignore[no-any-return]
            SwitchCounter,
            lambda meter: meter.create_counter(name, unit, description),
            name,
            unit,
            description,
        )

    def create_up_down_counter(self, name: str, unit: str = "", description: str = "") -> UpDownCounter:
        """See `opentelemetry.metrics.Meter`."""
        name, unit, description = map(text_of, (name, unit, description))
        return self._make(  # type: ignore[no-any-return]
            SwitchUpDownCounter,
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
            SwitchHistogram,
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
            SwitchGauge, lambda meter: meter.create_gauge(name, unit, description), name, unit, description
        )

    def create_observable_counter(
        self, name: str, callbacks: Sequence[CallbackT] | None = None, unit: str = "", description: str = ""
    ) -> ObservableCounter:
        """See `opentelemetry.metrics.Meter`."""
        name, unit, description = map(text_of, (name, unit, description))
        return self._observable(  # type: ignore[no-any-return]
            SwitchObservableCounter,
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
            SwitchObservableUpDownCounter,
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
            SwitchObservableGauge,
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
        key = scope_key(scope)
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
