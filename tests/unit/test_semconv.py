"""A metric that is declared is in its area's list, from which it is recorded and documented."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

import pytest

from botobs import semconv
from botobs._sdk.redaction import Redactor
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


def test_no_attribute_is_taken_for_a_secret_by_its_name() -> None:
    """Its value would be redacted, and series that differ in it alone would be one."""
    snapshot = Path(__file__).parents[1] / "snapshots" / "attributes.txt"
    names = {line.partition(" | ")[0] for line in snapshot.read_text(encoding="utf-8").splitlines()}
    redactor = Redactor()
    assert len(names) > 50
    assert [name for name in sorted(names) if redactor.attribute(name, "refused") != "refused"] == []
