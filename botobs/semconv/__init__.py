"""Every metric and attribute that botobs emits: name, unit, kind, meaning."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from ._model import DURATION_BUCKETS, Metric

__all__ = ["DURATION_BUCKETS", "Metric", "all_metrics"]


@cache
def all_metrics() -> tuple[Metric, ...]:
    """The metrics of every area, each module of this package being one.

    Raises:
        ValueError: Two areas name a metric alike.
    """
    areas = sorted(module.name for module in iter_modules(__path__) if not module.name.startswith("_"))
    found: dict[str, Metric] = {}
    for area in areas:
        for metric in import_module(f"{__name__}.{area}").METRICS:
            if metric.name in found:
                raise ValueError(f"{metric.name} is named twice, the second time by {area}")
            found[metric.name] = metric
    return tuple(found.values())
