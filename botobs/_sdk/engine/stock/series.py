"""What the SDK does not have: a limit on the series of a metric, and series that are redacted before they are added up.

See `botobs._sdk.engine.cardinality` and `botobs._sdk.engine.values`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..cardinality import OVERFLOW, AttributeGuard
from ..values import series_attributes
from .upstream import Measurement, MetricReaderStorage, ViewInstrumentMatch, series_key

if TYPE_CHECKING:
    from ...redaction import Redactor


class LimitedStorage(MetricReaderStorage):
    """The SDK's storage of aggregations, which redacts attributes and limits the series of each metric."""

    def __init__(
        self, sdk_config: Any, temporality: Any, aggregation: Any, limit: int, redactor: Redactor
    ) -> None:
        super().__init__(sdk_config, temporality, aggregation)
        self._limit = limit
        self._redactor = redactor
        self._guard = AttributeGuard()
        self.overflows = 0

    @property
    def refused(self) -> int:
        """Attributes removed from measurements so far."""
        return self._guard.refused

    def consume_measurement(self, measurement: Measurement, should_sample_exemplar: bool = True) -> None:
        """Aggregate a measurement in its series, or in the overflow series."""
        if measurement.attributes:
            given: Mapping[str, Any] = measurement.attributes
            kept = self._guard.without_refused(measurement.instrument.name, given)
            measurement = replace(measurement, attributes=series_attributes(kept, self._redactor))
        for match in self._get_or_init_view_instrument_match(measurement.instrument):
            series = match._attributes_aggregation
            if len(series) >= self._limit and not _known(match, measurement):
                self.overflows += 1
                match.consume_measurement(replace(measurement, attributes=OVERFLOW), should_sample_exemplar)
            else:
                match.consume_measurement(measurement, should_sample_exemplar)


def _known(match: ViewInstrumentMatch, measurement: Measurement) -> bool:
    return series_key(dict(measurement.attributes or {})) in match._attributes_aggregation
