"""Every value of the Helm chart is explained, and its schema knows it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import yaml

from botobs._ops.settings.table import TABLE
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
    # What is global is of other charts too.
    assert schema.get("additionalProperties", True) is (path == "global"), path
    for key, value in schema["properties"].items():
        yield from _described(value, f"{path}.{key}".lstrip("."))


def test_the_schema_has_every_value_and_no_other() -> None:
    """But for what the chart itself does not read: whether another one has it as a part."""
    assert set(_described(_SCHEMA)) - {"enabled"} == set(_DOCUMENTED)


def _settings_are_valid(settings: dict[str, Any]) -> bool:
    schema = {"$schema": _SCHEMA["$schema"], **_SCHEMA["properties"]["settings"]}
    return bool(jsonschema.Draft202012Validator(schema).is_valid(settings))


def test_the_chart_takes_every_default_of_the_stack() -> None:
    assert _settings_are_valid({name: setting.default for name, setting in TABLE.items() if setting.default})
    assert _settings_are_valid({"BOTOBS_SMTP_PORT": 587, "BOTOBS_SMTP_REQUIRE_TLS": True})
    assert _settings_are_valid({"BOTOBS_THRESHOLD_MY_EXPOSURE": 5})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(
            ("BOTOBS_SMTP_USERNAME", text)
            for text in (r"CORP\svc", '"x"', "a: b", "a #b", "a\nb", "a$b", "[a]", "a:")
        ),
        ("BOTOBS_ALERT_RECEIVER", "pigeon"),
        ("BOTOBS_HORIZON", "1d"),
        ("BOTOBS_SMTP_HOST", "::1"),
        ("BOTOBS_ALERT_RECIEVER", "email"),
    ],
)
def test_the_chart_refuses_what_it_would_have_to_quote_or_does_not_know(name: str, text: str) -> None:
    """It puts texts in as they are; what a stack on one machine quotes or rewrites is refused here."""
    assert not _settings_are_valid({name: text})
