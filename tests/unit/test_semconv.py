"""A metric that is declared is in its area's list, from which it is recorded and documented."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

import pytest

from botobs import semconv
from botobs.semconv import Metric

_AREAS = [
    import_module(f"botobs.semconv.{found.name}")
    for found in iter_modules(semconv.__path__)
    if not found.name.startswith("_")
]


@pytest.mark.parametrize("area", _AREAS, ids=lambda area: area.__name__.rpartition(".")[2])
def test_every_declared_metric_is_listed(area: ModuleType) -> None:
    declared = {value.name for value in vars(area).values() if isinstance(value, Metric)}
    assert declared
    assert {metric.name for metric in area.METRICS} == declared
