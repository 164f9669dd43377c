"""Instruments bound to attributes, for code where every microsecond counts.

    orders = bind(counter, {"exchange.name": "binance"})
    orders.add(1)

The series is looked up once. On the fast engine a measurement is then an addition; on the stock engine, and where
nothing is recorded, a bound instrument calls the instrument with its attributes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, overload

from opentelemetry.metrics import Counter, Histogram, UpDownCounter

from ..upstream import Gauge
from .freeze import copy

Attributes = Mapping[str, Any] | None


class BoundCounter(Protocol):
    """A counter or up-down counter with its attributes."""

    @property
    def add(self) -> Callable[[float], None]:
        """Add an amount."""


class BoundHistogram(Protocol):
    """A histogram with its attributes."""

    @property
    def record(self) -> Callable[[float], None]:
        """Record an amount."""


class BoundGauge(Protocol):
    """A gauge with its attributes."""

    @property
    def set(self) -> Callable[[float], None]:
        """Replace the value."""


@overload
def bind(instrument: Counter | UpDownCounter, attributes: Attributes = None) -> BoundCounter: ...
@overload
def bind(instrument: Histogram, attributes: Attributes = None) -> BoundHistogram: ...
@overload
def bind(instrument: Gauge, attributes: Attributes = None) -> BoundGauge: ...
def bind(instrument: Any, attributes: Attributes = None) -> Any:
    """`instrument` with `attributes`, which are copied.

    Raises:
        TypeError: The instrument is observable, or no instrument.
    """
    own = getattr(instrument, "bind", None)
    return own(attributes) if own is not None else Forwarding(instrument, copy(attributes))


class Forwarding:
    """Calls an instrument with fixed attributes.

    Attributes:
        add: Of counters and up-down counters.
        record: Of histograms.
        set: Of gauges.
    """

    __slots__ = ("__weakref__", "_attributes", "add", "record", "set")

    def __init__(self, instrument: Any, attributes: dict[str, Any]) -> None:
        self._attributes = attributes
        self.rebind(instrument)

    def rebind(self, instrument: Any) -> None:
        """Call `instrument` from now on, which is another engine's after another `init`.

        Raises:
            TypeError: The instrument is observable, or no instrument.
        """
        bound = instrument.bind(self._attributes) if hasattr(instrument, "bind") else None
        methods = [name for name in ("add", "record", "set") if hasattr(instrument, name)]
        if not methods:
            raise TypeError(
                f"Only counters, histograms and gauges can be bound, got {type(instrument).__name__}"
            )
        for name in methods:
            setattr(
                self,
                name,
                getattr(bound, name) if bound is not None else self._call(getattr(instrument, name)),
            )

    def _call(self, method: Callable[..., None]) -> Callable[[float], None]:
        attributes = self._attributes
        return lambda amount: method(amount, attributes)
