"""What the SDK does not have: a limit on the series of a metric, and series that are redacted before they are added up.

See `botobs._sdk.engine.cardinality` and `botobs._sdk.engine.values`.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

from ..cardinality import OVERFLOW, AttributeGuard
from ..values import is_short, plain_key, series_attributes
from .upstream import Measurement, MetricReaderStorage, ViewInstrumentMatch, series_key

if TYPE_CHECKING:
    from ...redaction import Redactor

#: Attributes whose series is remembered, those of all metrics together.
_MOST_REMEMBERED = 10_000


class LimitedStorage(MetricReaderStorage):
    """The SDK's storage of aggregations, which redacts attributes and limits the series of each metric."""

    def __init__(
        self, sdk_config: Any, temporality: Any, aggregation: Any, limit: int, redactor: Redactor
    ) -> None:
        super().__init__(sdk_config, temporality, aggregation)
        self._limit = limit
        self._redactor = redactor
        self._guard = AttributeGuard()
        self._cleaned: dict[Any, dict[str, Any]] = {}
        self._generation = redactor.generation
        self.overflows = 0

    @property
    def refused(self) -> int:
        """Attributes removed from measurements so far."""
        return self._guard.refused

    def consume_measurement(self, measurement: Measurement, should_sample_exemplar: bool = True) -> None:
        """Aggregate a measurement in its series, or in the overflow series."""
        if measurement.attributes:
            measurement = _with(measurement, self._clean(measurement.instrument.name, measurement.attributes))
        for match in self._get_or_init_view_instrument_match(measurement.instrument):
            series = match._attributes_aggregation
            if len(series) >= self._limit and not _known(match, measurement):
                self.overflows += 1
                match.consume_measurement(_with(measurement, OVERFLOW), should_sample_exemplar)
            else:
                match.consume_measurement(measurement, should_sample_exemplar)

    def _clean(self, metric: str, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
        """The attributes of a measurement's series, which are remembered: to redact them costs more than all else."""
        if self._generation != self._redactor.generation:
            self._cleaned, self._generation = {}, self._redactor.generation
        key = plain_key(attributes)
        known = None if key is None else self._cleaned.get(key)
        if known is not None:
            return known
        kept = self._guard.without_refused(metric, attributes)
        clean = series_attributes(kept, self._redactor)
        # What is refused is counted each time.
        short = (
            key is not None
            and kept is attributes
            and all(map(is_short, chain(attributes, attributes.values())))
        )
        if short and len(self._cleaned) < _MOST_REMEMBERED:
            self._cleaned[key] = clean
        return clean


def _with(measurement: Measurement, attributes: Mapping[str, Any]) -> Measurement:
    # `dataclasses.replace` would have the attributes checked and copied once more.
    changed: Measurement = object.__new__(type(measurement))
    changed.__dict__.update(measurement.__dict__, attributes=attributes)
    return changed


def _known(match: ViewInstrumentMatch, measurement: Measurement) -> bool:
    return series_key(dict(measurement.attributes or {})) in match._attributes_aggregation
