"""The instruments of the metrics API, each over its series."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from opentelemetry import metrics as api

from ...context import Context
from ...upstream import Gauge as ApiGauge
from ..callbacks import Observations, usable_callbacks
from ..constant import ConstantAttributes
from ..freeze import Attributes
from .cells import GaugeCell, HistogramCell, SumCell, UpDownCell, offer
from .series import Cardinality, Series


class FastInstrument:
    """Base class of the instruments.

    Attributes:
        name: Lower case, as names are compared without regard to case.
    """

    __slots__ = ("_shapes", "description", "name", "series", "unit")

    def __init__(self, name: str, unit: str, description: str, series: Series[Any]) -> None:
        self.name = name.lower()
        self.unit = unit
        self.description = description
        self.series = series
        self._shapes = series.shapes

    def measure(self, amount: float, attributes: Attributes = None, context: Context | None = None) -> None:
        """Take `amount` into the series of `attributes`: added, counted in its bucket, or as the last value.

        Counters and histograms take no negative one. What `Series.find` finds fastest is looked up here: a call less.
        """
        cell: Any = None
        if type(attributes) is dict:
            shape = self._shapes.get(len(attributes))
            if shape is not None:
                values_of, cells = shape
                try:
                    values = values_of(attributes)
                    # Of one name it is the value itself, whatever that is.
                    if type(values) is str:
                        cell = cells.get(values)
                    elif type(values) is tuple:
                        for value in values:
                            if type(value) is not str:
                                break
                        else:
                            cell = cells.get(values)
                except KeyError:
                    # Other names.
                    cell = None
        elif type(attributes) is ConstantAttributes:
            cell = attributes.cells.get(self.series) or self.series.find_constant(attributes)
        elif attributes is None:
            cell = self.series.bare
        if cell is None:
            cell = self.series.find(attributes)
        cell.measure(amount)
        if context is not None:
            offer(cell, amount, context)


class FastCounter(FastInstrument, api.Counter):
    """A sum that only grows."""

    def __init__(self, name: str, unit: str, description: str, cardinality: Cardinality) -> None:
        FastInstrument.__init__(self, name, unit, description, Series(name, SumCell, cardinality))

    add = FastInstrument.measure

    def bind(self, attributes: Attributes = None) -> SumCell:
        """The series of `attributes`, to add to without looking it up."""
        return self.series.find(attributes)  # type: ignore[no-any-return]


class FastUpDownCounter(FastInstrument, api.UpDownCounter):
    """A sum that grows and shrinks."""

    def __init__(self, name: str, unit: str, description: str, cardinality: Cardinality) -> None:
        FastInstrument.__init__(self, name, unit, description, Series(name, UpDownCell, cardinality))

    add = FastInstrument.measure

    def bind(self, attributes: Attributes = None) -> UpDownCell:
        """The series of `attributes`, to add to without looking it up."""
        return self.series.find(attributes)  # type: ignore[no-any-return]


class FastHistogram(FastInstrument, api.Histogram):
    """A distribution in explicit buckets."""

    def __init__(
        self, name: str, unit: str, description: str, cardinality: Cardinality, bounds: tuple[float, ...]
    ) -> None:
        FastInstrument.__init__(
            self, name, unit, description, Series(name, partial(HistogramCell, bounds=bounds), cardinality)
        )
        self.bounds = bounds

    record = FastInstrument.measure

    def bind(self, attributes: Attributes = None) -> HistogramCell:
        """The series of `attributes`, to record to without looking it up."""
        return self.series.find(attributes)  # type: ignore[no-any-return]


class FastGauge(FastInstrument, ApiGauge):
    """The last value that was set."""

    def __init__(self, name: str, unit: str, description: str, cardinality: Cardinality) -> None:
        FastInstrument.__init__(self, name, unit, description, Series(name, GaugeCell, cardinality))

    set = FastInstrument.measure

    def bind(self, attributes: Attributes = None) -> GaugeCell:
        """The series of `attributes`, to set without looking it up."""
        return self.series.find(attributes)  # type: ignore[no-any-return]


class FastObservable(FastInstrument):
    """An instrument whose callbacks are called at each collection."""

    def __init__(
        self,
        name: str,
        unit: str,
        description: str,
        cardinality: Cardinality,
        callbacks: Sequence[Any] | None,
    ) -> None:
        FastInstrument.__init__(self, name, unit, description, Series(name, GaugeCell, cardinality))
        self.callbacks = usable_callbacks(self.name, callbacks)

    def observed(self, observations: Observations) -> list[tuple[GaugeCell, float]]:
        """The observed values by series."""
        observed: dict[GaugeCell, float] = {}
        for callback in self.callbacks:
            for value, attributes, _ in observations.get(callback, ()):
                cell = self.series.find(attributes)
                observed[cell] = self._combine(observed.get(cell), value)
        return list(observed.items())

    @staticmethod
    def _combine(earlier: float | None, value: float) -> float:
        return value if earlier is None else earlier + value


class FastObservableCounter(FastObservable, api.ObservableCounter):
    """Observed totals that only grow."""


class FastObservableUpDownCounter(FastObservable, api.ObservableUpDownCounter):
    """Observed totals."""


class FastObservableGauge(FastObservable, api.ObservableGauge):
    """Observed values."""

    @staticmethod
    def _combine(earlier: float | None, value: float) -> float:  # noqa: ARG004
        return value
