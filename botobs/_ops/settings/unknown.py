"""Names that begin with `BOTOBS_` and that neither SDK, stack nor template reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from ..._sdk.settings import unknown as names
from ..home import assets
from ..home.render import VARIABLE
from .table import TABLE

_FOLDERS = ("collector", "prometheus", "tempo", "mimir", "alertmanager", "postgres", "grafana", "front")


@cache
def known() -> frozenset[str]:
    """Every name that the SDK, the stack or a template reads."""
    return frozenset(TABLE) | names.of_sdk() | in_templates()


@cache
def in_templates() -> frozenset[str]:
    """Every name that a template reads; an operator's own rule may read one that no table has."""
    root = assets.root()
    files = (
        file for folder in _FOLDERS for file in (root / folder).rglob("*") if file.suffix in {".yaml", ".yml"}
    )
    return frozenset(
        found[1] for file in files for found in VARIABLE.finditer(file.read_text(encoding="utf-8"))
    )


def unknown(values: Mapping[str, str]) -> list[str]:
    """The names among `values` that nothing reads."""
    return names.unknown(values, known())


def sentences(unknown_names: Iterable[str]) -> list[str]:
    """A sentence for each unknown name, with the nearest one that a person may set."""
    settable = [name for name in known() if name not in TABLE or not TABLE[name].decided]
    return [names.sentence(name, settable) for name in unknown_names]
