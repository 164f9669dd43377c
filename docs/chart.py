"""Writes the table of the Helm chart's values into its README, from the comments in `values.yaml`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).parents[1] / "deploy" / "helm" / "botobs"
#: What stands above it in the README is written by hand.
_MARK = "<!-- Below: written by `make docs` from values.yaml; do not edit. -->"

_DOC = re.compile(r"\s*# -- (.*)")
_MORE = re.compile(r"\s*# (?!-- )(.*)")
_KEY = re.compile(r"(\s*)([\w.-]+):")


def pages() -> dict[Path, str]:
    """Content of the chart's README, by its path."""
    path = CHART / "README.md"
    head, _, _ = path.read_text(encoding="utf-8").partition(_MARK)
    text = (CHART / "values.yaml").read_text(encoding="utf-8")
    values = yaml.safe_load(text)
    rows = [f"| `{key}` | `{_shown(values, key)}` | {doc} |" for key, doc in documented(text)]
    return {
        path: "\n".join([f"{head}{_MARK}\n", "| key | default | meaning |", "| --- | --- | --- |", *rows, ""])
    }


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
