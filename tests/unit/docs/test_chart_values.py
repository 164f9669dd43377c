"""Every value of the Helm chart is explained, and its schema knows it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import yaml

from docs.chart import CHART, documented

_TEXT = (CHART / "values.yaml").read_text(encoding="utf-8")
_SCHEMA = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))


def _leaves(content: Any, path: str = "") -> Iterator[str]:
    """Keys that hold no others, or that hold what somebody chose."""
    for key, value in content.items():
        here = f"{path}.{key}".lstrip(".")
        if isinstance(value, dict) and value and here not in _DOCUMENTED:
            yield from _leaves(value, here)
        else:
            yield here


_DOCUMENTED = dict(documented(_TEXT))


def test_every_value_is_explained() -> None:
    assert set(_leaves(yaml.safe_load(_TEXT))) == set(_DOCUMENTED)


def _described(schema: Any, path: str = "") -> Iterator[str]:
    schema = _SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if path in _DOCUMENTED or "properties" not in schema:
        yield path
        return
    assert schema["additionalProperties"] is False, path
    for key, value in schema["properties"].items():
        yield from _described(value, f"{path}.{key}".lstrip("."))


def test_the_schema_has_every_value_and_no_other() -> None:
    assert set(_described(_SCHEMA)) - {"global"} == set(_DOCUMENTED)
