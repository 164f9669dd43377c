"""A metric that is declared is in its area's list, from which it is recorded and documented."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

import pytest

from botobs import semconv
from botobs._sdk.redaction import Redactor
from botobs._sdk.redaction.rules import RULES
from botobs.semconv import Metric

_AREAS = [
    import_module(f"botobs.semconv.{found.name}")
    for found in iter_modules(semconv.__path__)
    if not found.name.startswith("_")
]

_OF_IDS = (".id", "_id", ".key", ".hash")


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


@pytest.mark.parametrize(
    "value",
    [
        "8f" * 32,
        "0x" + "ab12" * 16,
        "kQ3xV8zL1nK7bW5jR2yT9cH4gF6dS0aPoIuYtReWqAs",
        "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
    ],
)
def test_what_our_own_conventions_call_an_id_is_never_redacted(value: str) -> None:
    names = {
        name
        for area in _AREAS
        for name in vars(area).values()
        if type(name) is str and name.startswith(("botobs.", "exchange.")) and name.endswith(_OF_IDS)
    }
    assert len(names) >= 6
    assert names <= RULES.ids
    redactor = Redactor()
    assert {name: redactor.attribute(name, value) for name in names} == dict.fromkeys(names, value)
