"""Writes the tables of the Helm charts' values, from the comments in `values.yaml`, and the schema of the settings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from botobs._ops.settings.setting import Setting
from botobs._ops.settings.table import TABLE

CHART = Path(__file__).parents[1] / "deploy" / "helm" / "botobs"
#: The same with its stores.
STACK = CHART.with_name("stack")
#: What stands above it in the README is written by hand.
_MARK = "<!-- Below: written by `make docs` from values.yaml; do not edit. -->"

_DOC = re.compile(r"\s*# -- (.*)")
_MORE = re.compile(r"\s*# (?!-- )(.*)")
_KEY = re.compile(r"(\s*)([\w.-]+):")


def pages() -> dict[Path, str]:
    """Content of the charts' READMEs, and of the schema, by path."""
    return {**dict(map(_readme, (CHART, STACK))), CHART / "values.schema.json": _schema()}


def _readme(chart: Path) -> tuple[Path, str]:
    path = chart / "README.md"
    head, _, _ = path.read_text(encoding="utf-8").partition(_MARK)
    text = (chart / "values.yaml").read_text(encoding="utf-8")
    values = yaml.safe_load(text)
    rows = [f"| `{key}` | `{_shown(values, key)}` | {doc} |" for key, doc in documented(text)]
    table = ["| key | default | meaning |", "| --- | --- | --- |", *rows, ""]
    return path, "\n".join([f"{head}{_MARK}\n", *table])


def _schema() -> str:
    """The schema of the values: written by hand, but for the texts of settings, which are those of the stack."""
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    schema["properties"]["environment"]["pattern"] = _pattern(TABLE["BOTOBS_ENVIRONMENT"])
    schema["properties"]["settings"] = {
        "type": "object",
        "additionalProperties": False,
        # An operator's own rules may have thresholds of their own.
        "patternProperties": {r"^BOTOBS_THRESHOLD_[A-Z0-9_]+$": {"type": ["string", "number"]}},
        "properties": {
            name: {
                "type": ["string", "number", "boolean"],
                "pattern": _pattern(setting),
                "description": setting.doc,
            }
            for name, setting in sorted(TABLE.items())
        },
    }
    return json.dumps(schema, indent=1) + "\n"


def _pattern(setting: Setting) -> str:
    pattern = setting.kind.as_it_is
    # What only Prometheus and Mimir read may have their days and weeks.
    return pattern if re.search(pattern, setting.default or "0s") else pattern.replace("[hms]", "[hmsdwy]")


def documented(text: str) -> Iterator[tuple[str, str]]:
    """The keys of a values file that have a comment `# -- ...` above them, with its text."""
    path: list[tuple[int, str]] = []
    doc: list[str] = []
    for line in text.splitlines():
        if begun := _DOC.match(line):
            doc = [begun[1]]
        elif doc and (more := _MORE.match(line)):
            doc.append(more[1])
        elif key := _KEY.match(line):
            path = [*((indent, name) for indent, name in path if indent < len(key[1])), (len(key[1]), key[2])]
            if doc:
                yield ".".join(name for _, name in path), " ".join(doc)
            doc = []
        else:
            doc = []


def _shown(values: Any, key: str) -> str:
    for name in key.split("."):
        values = values[name]
    return json.dumps(values).replace("|", r"\|")
