"""Names that begin with `BOTOBS_` and that nothing reads: most are misspelt."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from functools import cache

from ..._sdk.settings import TABLE as SDK_TABLE
from ..home import assets
from ..home.render import VARIABLE
from .table import TABLE

#: What Kubernetes puts into the environment for a service called `botobs` or `botobs-...`.
#: https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
_SERVICE_LINK = re.compile(
    r"BOTOBS_(?:[A-Z0-9_]+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT_[0-9]+_[A-Z_]+)"
)
_SERVICE_ADDRESS = re.compile(r"(?:tcp|udp|sctp)://.*", re.DOTALL)
#: Files of settings that the SDK reads beside its table.
_OTHERS = frozenset({"BOTOBS_CONFIG"})


@cache
def known() -> frozenset[str]:
    """Every name that the SDK, the stack or a template reads."""
    of_sdk = {f"BOTOBS_{name.upper()}" for name in SDK_TABLE}
    return frozenset(TABLE) | of_sdk | _OTHERS | in_templates()


@cache
def in_templates() -> frozenset[str]:
    """Every name that a template reads; an operator's own rule may read one that no table has."""
    root = assets.root()
    folders = ("collector", "prometheus", "tempo", "mimir", "alertmanager", "postgres", "grafana", "front")
    files = (
        file for folder in folders for file in (root / folder).rglob("*") if file.suffix in {".yaml", ".yml"}
    )
    return frozenset(
        found[1] for file in files for found in VARIABLE.finditer(file.read_text(encoding="utf-8"))
    )


def unknown(values: Mapping[str, str]) -> list[str]:
    """The names among `values` that nothing reads."""
    return sorted(
        name
        for name in values
        if name.startswith("BOTOBS_") and name not in known() and not _is_service_link(name, values[name])
    )


def _is_service_link(name: str, value: str) -> bool:
    if _SERVICE_LINK.fullmatch(name):
        return True
    return name.endswith("_PORT") and _SERVICE_ADDRESS.fullmatch(value) is not None


def sentences(names: Iterable[str]) -> list[str]:
    """A sentence for each unknown name, with the nearest one that there is."""
    return [f"{name} is no setting{_nearest(name)}" for name in names]


def _nearest(name: str) -> str:
    found = difflib.get_close_matches(name, sorted(known()), n=1, cutoff=0.75)
    return f"; did you mean {found[0]}?" if found else ""
