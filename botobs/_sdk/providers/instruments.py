"""Proxies of instruments, which are created again on each target."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakSet

from opentelemetry.metrics import (
    CallbackT,
    Counter,
    Histogram,
    Meter,
    ObservableCounter,
    ObservableGauge,
    ObservableUpDownCounter,
    UpDownCounter,
)
from opentelemetry.util.types import Attributes

from ..engine.bound import Forwarding
from ..engine.callbacks import MOST_CALLBACKS, same
from ..engine.freeze import copy
from ..upstream import Gauge


class Switched:
    """A proxy of an instrument, which is created again on each target."""

    def __init__(self, create: Callable[[Meter], Any], meter: Meter) -> None:
        self._create = create
        self._bound: WeakSet[Forwarding] = WeakSet()
        self.switch(meter)

    def switch(self, meter: Meter) -> None:
        """Create it again on `meter`, and bind to it again what was bound."""
        self._real = self._create(meter)
        for bound in tuple(self._bound):
            bound.rebind(self._real)

    def bind(self, attributes: Attributes = None) -> Forwarding:
        """The instrument with attributes, which keeps working when the target changes; see `engine.bound`."""
        bound = Forwarding(self._real, copy(attributes))
        self._bound.add(bound)
        return bound


class SwitchCounter(Switched, Counter):
    """A counter; see `opentelemetry.metrics.Counter`."""

    def add(self, amount: float, attributes: Attributes = None, context: Any = None) -> None:
        self._real.add(amount, attributes, context)


class SwitchUpDownCounter(Switched, UpDownCounter):
    """A counter that also falls; see `opentelemetry.metrics.UpDownCounter`."""

    def add(self, amount: float, attributes: Attributes = None, context: Any = None) -> None:
        self._real.add(amount, attributes, context)


class SwitchHistogram(Switched, Histogram):
    """See `opentelemetry.metrics.Histogram`."""

    def record(self, amount: float, attributes: Attributes = None, context: Any = None) -> None:
        self._real.record(amount, attributes, context)


class SwitchGauge(Switched, Gauge):
    """A gauge that is set; see the SDK's."""

    def set(self, amount: float, attributes: Attributes = None, context: Any = None) -> None:
        self._real.set(amount, attributes, context)


class SwitchObservable(Switched):
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


class SwitchObservableCounter(SwitchObservable, ObservableCounter):
    """See `opentelemetry.metrics.ObservableCounter`."""


class SwitchObservableUpDownCounter(SwitchObservable, ObservableUpDownCounter):
    """See `opentelemetry.metrics.ObservableUpDownCounter`."""


class SwitchObservableGauge(SwitchObservable, ObservableGauge):
    """See `opentelemetry.metrics.ObservableGauge`."""
