"""The configuration files as they are shipped, and rendered as a stack renders them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from botobs._ops.home.render import render_text

ROOT = Path(__file__).parents[2]
PARTS = ("collector", "prometheus", "tempo", "mimir", "alertmanager", "postgres", "grafana")

#: The only variables without a default: every stack sets them.
VALUES = {"BOTOBS_DATA": "/data", "BOTOBS_SECRETS": "/secrets", "BOTOBS_CONFIG": "/config"}

#: The loader in C, where PyYAML has it: ten times as fast.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_NO_CONFIG = {"build", "rules", "tests"}


def config_files() -> list[Path]:
    """Every YAML and ini file that a part reads; neither build files nor rules."""
    files = (file for part in PARTS for file in sorted((ROOT / part).rglob("*")))
    return [
        file
        for file in files
        if file.suffix in (".yml", ".yaml", ".ini") and not _NO_CONFIG & set(file.relative_to(ROOT).parts)
    ]


def render(file: Path, values: Mapping[str, str] | None = None) -> str:
    """The text of `file`, rendered with `values` over those that every stack sets."""
    return render_text(file.read_text(encoding="utf-8"), {**VALUES, **(values or {})}, str(file))


def load(name: str, values: Mapping[str, str] | None = None) -> Any:
    """The parsed content of a YAML file, named from the root of the repository and rendered."""
    return parsed(render(ROOT / name, values))


def parsed(text: str) -> Any:
    """The content of YAML."""
    return yaml.load(text, _LOADER)


def strings(content: Any) -> list[str]:
    """Every string in parsed YAML, keys included."""
    if isinstance(content, dict):
        return [text for pair in content.items() for each in pair for text in strings(each)]
    if isinstance(content, list):
        return [text for each in content for text in strings(each)]
    return [content] if isinstance(content, str) else []
