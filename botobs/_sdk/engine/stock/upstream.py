"""What the stock engine uses of the SDK that the SDK keeps private.

Raises ImportError where a release has no such class; `create_engine` takes the fast engine then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opentelemetry.sdk.metrics._internal import _view_instrument_match
from opentelemetry.sdk.metrics._internal._view_instrument_match import (
    _ViewInstrumentMatch as ViewInstrumentMatch,
)
from opentelemetry.sdk.metrics._internal.exemplar import exemplar_reservoir
from opentelemetry.sdk.metrics._internal.measurement import Measurement
from opentelemetry.sdk.metrics._internal.metric_reader_storage import MetricReaderStorage
from opentelemetry.sdk.trace import _Span as RecordedSpan

from ...ids import RANDOM

__all__ = [
    "Measurement",
    "MetricReaderStorage",
    "RecordedSpan",
    "ViewInstrumentMatch",
    "series_key",
]

# The SDK draws which measurements become exemplars. From the global generator, that would change what a program draws
# that has seeded it.
if hasattr(exemplar_reservoir, "randrange"):
    exemplar_reservoir.randrange = RANDOM.randrange


def _items(attributes: Mapping[str, Any]) -> Any:
    """The key of a series until 1.44."""
    return frozenset(attributes.items())


#: The key of a series among those of a metric.
series_key: Callable[[Mapping[str, Any]], Any] = getattr(_view_instrument_match, "_hash_attributes", _items)
