"""The meter and its provider."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, TypeVar

from opentelemetry.metrics import Instrument, NoOpMeter
from opentelemetry.metrics import Meter as ApiMeter
from opentelemetry.metrics import MeterProvider as ApiMeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from ....semconv import DURATION_BUCKETS
from ...safe import sendable, text_of
from ..callbacks import Callback, join
from ..faults import FAULTS
from ..freeze import Attributes
from ..instruments import or_none, usable_bounds
from ..scope import usable_scope
from .instruments import (
    FastCounter,
    FastGauge,
    FastHistogram,
    FastInstrument,
    FastObservable,
    FastObservableCounter,
    FastObservableGauge,
    FastObservableUpDownCounter,
    FastUpDownCounter,
)
from .series import Cardinality

if TYPE_CHECKING:
    from ...redaction import Redactor

_I = TypeVar("_I", bound=FastInstrument)

# Upstream instrumentors bring other boundaries, or none; alert rules need theirs in every duration.
_DURATIONS = ("http.*.duration", "db.*.duration")
#: https://opentelemetry.io/docs/specs/otel/metrics/sdk/#explicit-bucket-histogram-aggregation
_DEFAULT_BOUNDS = (
    0.0,
    5.0,
    10.0,
    25.0,
    50.0,
    75.0,
    100.0,
    250.0,
    500.0,
    750.0,
    1000.0,
    2500.0,
    5000.0,
    7500.0,
    10000.0,
)


def bucket_bounds(name: str, advised: Sequence[float] | None) -> tuple[float, ...]:
    """The bucket boundaries of the histogram `name`: those of durations, the advised ones, or the default."""
    if any(fnmatchcase(name.lower(), pattern) for pattern in _DURATIONS):
        return DURATION_BUCKETS
    if advised is None:
        return _DEFAULT_BOUNDS
    bounds = usable_bounds(name, advised)
    return _DEFAULT_BOUNDS if bounds is None else bounds


class Meter(ApiMeter):
    """Creates the instruments of one instrumentation scope."""

    def __init__(self, scope: InstrumentationScope, cardinality: Cardinality) -> None:
        super().__init__(scope.name, version=scope.version, schema_url=scope.schema_url)
        self.scope = scope
        self._cardinality = cardinality
        self._instruments: dict[tuple[str, Any, str, str], FastInstrument] = {}
        self._lock = threading.RLock()

    def callbacks(self) -> list[Callback]:
        """The callbacks of all observable instruments."""
        observables = (one for one in self.instruments() if isinstance(one, FastObservable))
        return [callback for instrument in observables for callback in instrument.callbacks]

    def instruments(self) -> list[FastInstrument]:
        """All instruments, in the order of their creation."""
        with self._lock:
            return list(self._instruments.values())

    def reset_after_fork(self) -> None:
        """Start all metrics from zero in a forked child, with new locks."""
        self._lock = threading.RLock()
        for instrument in self.instruments():
            instrument.series.reset_after_fork()

    def _create(self, kind: Callable[..., _I], name: str, unit: str, description: str, *rest: Any) -> _I:
        """The instrument of this identity, which is created only once.

        Raises:
            ValueError: The specification does not allow the name or the unit.
        """
        name, unit, description = (
            sendable(text_of(given)) if issubclass(type(given), str) else ""
            for given in (name, unit, description)
        )
        checked = Instrument._check_name_unit_description(name, unit, description)
        if checked["name"] is None:
            raise ValueError(
                f"An instrument's name starts with a letter and has at most 255 of a-z 0-9 _ . - /, got {name[:300]!r}"
            )
        if checked["unit"] is None:
            raise ValueError(f"An instrument's unit has at most 63 ASCII characters, got {unit[:300]!r}")
        unit, description = checked["unit"], checked["description"] or ""
        identity = (name.lower(), kind, unit, description)
        with self._lock:
            instrument = self._instruments.get(identity)
            if instrument is None:
                if any(known[0] == identity[0] for known in self._instruments):
                    FAULTS.log_once(
                        name, "%s is created a second time, with another kind, unit or description", name
                    )
                instrument = self._instruments[identity] = kind(
                    name, unit, description, self._cardinality, *rest
                )
            elif isinstance(instrument, FastObservable):
                join(instrument.callbacks, instrument.name, *rest)
        return instrument  # type: ignore[return-value]

    @or_none
    def create_counter(self, name: str, unit: str = "", description: str = "") -> FastCounter:
        """A sum that only grows."""
        return self._create(FastCounter, name, unit, description)

    @or_none
    def create_up_down_counter(self, name: str, unit: str = "", description: str = "") -> FastUpDownCounter:
        """A sum that grows and shrinks."""
        return self._create(FastUpDownCounter, name, unit, description)

    @or_none
    def create_histogram(
        self,
        name: str,
        unit: str = "",
        description: str = "",
        *,
        explicit_bucket_boundaries_advisory: Sequence[float] | None = None,
    ) -> FastHistogram:
        """A distribution in explicit buckets."""
        bounds = bucket_bounds(name, explicit_bucket_boundaries_advisory)
        return self._create(FastHistogram, name, unit, description, bounds)

    @or_none
    def create_gauge(self, name: str, unit: str = "", description: str = "") -> FastGauge:
        """The last value that was set."""
        return self._create(FastGauge, name, unit, description)

    @or_none
    def create_observable_counter(
        self, name: str, callbacks: Sequence[Any] | None = None, unit: str = "", description: str = ""
    ) -> FastObservableCounter:
        """Totals that only grow, observed at each collection."""
        return self._create(FastObservableCounter, name, unit, description, callbacks)

    @or_none
    def create_observable_up_down_counter(
        self, name: str, callbacks: Sequence[Any] | None = None, unit: str = "", description: str = ""
    ) -> FastObservableUpDownCounter:
        """Totals observed at each collection."""
        return self._create(FastObservableUpDownCounter, name, unit, description, callbacks)

    @or_none
    def create_observable_gauge(
        self, name: str, callbacks: Sequence[Any] | None = None, unit: str = "", description: str = ""
    ) -> FastObservableGauge:
        """Values observed at each collection."""
        return self._create(FastObservableGauge, name, unit, description, callbacks)


class MeterProvider(ApiMeterProvider):
    """Creates meters.

    Args:
        resource: The process that the metrics come from.
        series: Series of one metric before its overflow series is used.
        redactor: Replaces secrets in attributes.
    """

    def __init__(self, resource: Resource, series: int, redactor: Redactor) -> None:
        self.resource = resource
        self.cardinality = Cardinality(series, redactor)
        self._meters: dict[tuple[InstrumentationScope], Meter] = {}
        self._lock = threading.RLock()
        self._open = True

    def get_meter(
        self,
        name: str,
        version: str | None = None,
        schema_url: str | None = None,
        attributes: Attributes = None,
    ) -> ApiMeter:
        """The meter of an instrumentation scope, always the same one."""
        name, version, schema_url, attributes = usable_scope(name, version, schema_url, attributes)
        if not self._open or not name:
            return NoOpMeter(name, version=version, schema_url=schema_url)
        scope = InstrumentationScope(name, version, schema_url, attributes)
        with self._lock:
            return self._meters.setdefault((scope,), Meter(scope, self.cardinality))

    def meters(self) -> list[Meter]:
        """All meters, in the order of their creation."""
        with self._lock:
            return list(self._meters.values())

    def reset_after_fork(self, resource: Resource) -> None:
        """Start all metrics from zero in a forked child, as those of `resource`."""
        self._lock = threading.RLock()
        self.resource = resource
        self.cardinality.reset()
        for meter in self.meters():
            meter.reset_after_fork()

    def shutdown(self, timeout_millis: float = 30_000) -> None:  # noqa: ARG002
        """Return only no-op meters from now on."""
        self._open = False

    def force_flush(self, timeout_millis: float = 10_000) -> bool:  # noqa: ARG002
        """Metrics are collected by the engine; there is nothing to flush."""
        return True
