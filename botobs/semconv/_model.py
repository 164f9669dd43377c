"""What a metric is: its name, instrument, unit, attributes and meaning, in one value.

Code creates instruments from these values, the reference page in `docs/` is generated from them, and rules and
dashboards are checked against them, so that a name is written once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from opentelemetry.metrics import CallbackOptions, Meter, Observation

Kind = Literal[
    "counter",
    "updowncounter",
    "histogram",
    "gauge",
    "observable_counter",
    "observable_updowncounter",
    "observable_gauge",
]
Callback = Callable[[CallbackOptions], Iterable[Observation]]

_UNIT_SUFFIX = {"s": "_seconds", "By": "_bytes", "1": "_ratio"}
_MONOTONIC = ("counter", "observable_counter")

#: Boundaries, in seconds, of every duration. Those of the semantic conventions for HTTP and databases, with the
#: 0.25 s and 1 s objectives that the alert rules use among them and a tail long enough for a hanging exchange.
#: https://opentelemetry.io/docs/specs/semconv/http/http-metrics/
DURATION_BUCKETS: tuple[float, ...] = (
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
)


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric that botobs emits.

    Attributes:
        name: OpenTelemetry name, dots between words.
        kind: The instrument that records it.
        unit: UCUM unit; annotations such as `{request}` for counts.
        description: What it measures, and when it is emitted.
        attributes: Names of the attributes it may carry.
        buckets: Explicit boundaries in the metric's unit; histograms only.
    """

    name: str
    kind: Kind
    unit: str
    description: str
    attributes: tuple[str, ...] = ()
    buckets: tuple[float, ...] | None = None

    @property
    def prometheus_name(self) -> str:
        """The name in Prometheus under `UnderscoreEscapingWithSuffixes`; histograms without `_bucket` and the like."""
        name = self.name.replace(".", "_")
        # A unit "1" gives "_ratio" to gauges only.
        suffix = (
            ""
            if self.unit == "1" and self.kind != "gauge" and self.kind != "observable_gauge"
            else _UNIT_SUFFIX.get(self.unit, "")
        )
        if suffix and not name.endswith(suffix):
            name += suffix
        if self.kind in _MONOTONIC and not name.endswith("_total"):
            name += "_total"
        return name

    def create(self, meter: Meter, callbacks: Sequence[Callback] | None = None) -> Any:
        """Create the instrument on `meter`.

        Args:
            meter: Where it is created.
            callbacks: Required by the observable kinds, refused by the others.

        Raises:
            ValueError: Callbacks and kind do not fit.
        """
        if self.kind.startswith("observable_"):
            if not callbacks:
                raise ValueError(f"{self.name} is observable and needs callbacks")
            factory = getattr(meter, f"create_{self.kind.replace('updowncounter', 'up_down_counter')}")
            return factory(self.name, callbacks=callbacks, unit=self.unit, description=self.description)
        if callbacks:
            raise ValueError(f"{self.name} is a {self.kind} and takes no callbacks")
        if self.kind == "histogram":
            return meter.create_histogram(
                self.name,
                unit=self.unit,
                description=self.description,
                explicit_bucket_boundaries_advisory=self.buckets or DURATION_BUCKETS,
            )
        factory = getattr(meter, f"create_{self.kind.replace('updowncounter', 'up_down_counter')}")
        return factory(self.name, unit=self.unit, description=self.description)


def declared_in(names: Mapping[str, object]) -> tuple[Metric, ...]:
    """Every metric among the values of `names`, in their order.

    Args:
        names: The globals of a module that declares metrics. The module's list of metrics is built from them, so that
            none can be left out: a metric that is not in the list is never recorded.
    """
    return tuple(value for value in names.values() if isinstance(value, Metric))
