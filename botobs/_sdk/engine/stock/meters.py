"""OpenTelemetry's own meters, whose arguments are checked so that they never raise."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from time import time_ns
from typing import Any

from opentelemetry.context import get_current
from opentelemetry.metrics import CallbackOptions
from opentelemetry.metrics import Meter as ApiMeter
from opentelemetry.sdk.metrics import Counter, Histogram, Meter, MeterProvider
from opentelemetry.sdk.metrics.export import MetricsData

from ...context import is_plain
from ...safe import class_name, fits_int64, let_pass, number_of, sendable, text_of
from ..callbacks import Callback, Observations, join, usable_callbacks
from ..constant import ConstantAttributes
from ..faults import FAULTS
from ..instruments import or_none, usable_bounds
from ..scope import usable_scope
from ..values import sendable_attributes
from .upstream import Measurement


class SafeMeter(Meter):
    """The SDK's meter, whose instruments never raise."""

    @or_none
    def create_counter(self, name: str, unit: str = "", description: str = "") -> Any:
        """A sum that only grows."""
        return _recording(super().create_counter(*_texts(name, unit, description)), "add")

    @or_none
    def create_up_down_counter(self, name: str, unit: str = "", description: str = "") -> Any:
        """A sum that grows and shrinks."""
        return _recording(super().create_up_down_counter(*_texts(name, unit, description)), "add")

    @or_none
    def create_histogram(
        self,
        name: str,
        unit: str = "",
        description: str = "",
        *,
        explicit_bucket_boundaries_advisory: Sequence[float] | None = None,
    ) -> Any:
        """A distribution in explicit buckets."""
        name, unit, description = _texts(name, unit, description)
        advised = explicit_bucket_boundaries_advisory
        bounds = None if advised is None else usable_bounds(name, advised)
        created = super().create_histogram(
            name, unit, description, explicit_bucket_boundaries_advisory=bounds
        )
        return _recording(created, "record")

    @or_none
    def create_gauge(self, name: str, unit: str = "", description: str = "") -> Any:
        """The last value that was set."""
        return _recording(super().create_gauge(*_texts(name, unit, description)), "set")

    @or_none
    def create_observable_counter(
        self, name: str, callbacks: Any = None, unit: str = "", description: str = ""
    ) -> Any:
        """Totals that only grow, observed at each collection."""
        name, unit, description = _texts(name, unit, description)
        return _observing(super().create_observable_counter(name, (), unit, description), callbacks)

    @or_none
    def create_observable_up_down_counter(
        self, name: str, callbacks: Any = None, unit: str = "", description: str = ""
    ) -> Any:
        """Totals observed at each collection."""
        name, unit, description = _texts(name, unit, description)
        return _observing(super().create_observable_up_down_counter(name, (), unit, description), callbacks)

    @or_none
    def create_observable_gauge(
        self, name: str, callbacks: Any = None, unit: str = "", description: str = ""
    ) -> Any:
        """Values observed at each collection."""
        name, unit, description = _texts(name, unit, description)
        return _observing(super().create_observable_gauge(name, (), unit, description), callbacks)


class SafeMeterProvider(MeterProvider):
    """The SDK's provider, whose meters and instruments never raise."""

    def _handle_fork(self) -> None:
        """Do nothing, as `SafeTracerProvider` does: the engine resets everything in one order."""

    def get_meter(
        self, name: str, version: str | None = None, schema_url: str | None = None, attributes: Any = None
    ) -> ApiMeter:
        """The meter of an instrumentation scope."""
        meter = super().get_meter(*usable_scope(name, version, schema_url, attributes))
        if type(meter) is Meter:
            meter.__class__ = SafeMeter
        return meter

    def callbacks(self) -> list[Callback]:
        """The callbacks of all observable instruments."""
        observed = tuple(self._measurement_consumer._async_instruments)
        return [callback for instrument in observed for callback in instrument.__dict__.get("callbacks", ())]

    def provide(self, observations: Observations) -> None:
        """Set what the callbacks have observed, for the next collection."""
        for instrument in tuple(self._measurement_consumer._async_instruments):
            instrument.__dict__["observations"] = observations


def _texts(*given: Any) -> Any:
    # The SDK rejects an empty name.
    return [sendable(text_of(one)) if issubclass(type(one), str) else "" for one in given]


def _recording(instrument: Any, method: str) -> Any:
    """Let a synchronous instrument accept any amount and any attributes."""
    if method not in instrument.__dict__:
        least = 0.0 if isinstance(instrument, Counter | Histogram) else -math.inf
        setattr(instrument, method, _safely(instrument.name, getattr(instrument, method), least))
    return instrument


def _safely(metric: str, record: Callable[..., None], least: float) -> Callable[..., None]:
    def call(amount: Any, attributes: Any = None, context: Any = None) -> None:
        try:
            plain = _plain(amount)
            # The SDK ignores these too, and writes a line for each.
            if plain is None or plain < least:
                FAULTS.refuse(metric, amount)
                return
            if type(attributes) is ConstantAttributes:
                if attributes.sent is None:
                    attributes.sent = sendable_attributes(attributes)
                sent = attributes.sent
            else:
                sent = sendable_attributes(attributes)
            record(plain, sent, context if is_plain(context) else None)
        except BaseException as error:
            let_pass(error)
            FAULTS.lose(metric, "a measurement of %s failed: %s", metric, class_name(type(error)))

    return call


def _plain(amount: Any) -> int | float | None:
    if type(amount) is float:
        return amount if math.isfinite(amount) else None
    number = number_of(amount)
    return number if number is None or fits_int64(int(number)) or type(number) is float else float(number)


def _observing(instrument: Any, callbacks: Any) -> Any:
    """Have an observable instrument return what its callbacks have observed already."""
    if (known := instrument.__dict__.get("callbacks")) is not None:
        join(known, instrument.name, callbacks)
        return instrument
    own = instrument.__dict__["callbacks"] = usable_callbacks(instrument.name, callbacks)

    def observed(_: CallbackOptions) -> Iterable[Measurement]:
        observations: Observations = instrument.__dict__.get("observations", {})
        for callback in own:
            for value, attributes, context in observations.get(callback, ()):
                yield Measurement(
                    _plain(value) or 0,
                    time_unix_nano=time_ns(),
                    instrument=instrument,
                    context=context or get_current(),
                    attributes=sendable_attributes(attributes),
                )

    instrument.callback = observed
    return instrument


def make_encodable(data: MetricsData) -> None:
    """Turn sums that have outgrown 64 bits, as those of amounts in wei do, into doubles."""
    for resource in data.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                for point in metric.data.data_points:
                    for number in (point, *getattr(point, "exemplars", ())):
                        value = getattr(number, "value", None)
                        if type(value) is int and not fits_int64(value):
                            object.__setattr__(number, "value", float(value))
