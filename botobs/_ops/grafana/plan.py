"""Compares what a Grafana has with what it should have; each difference is a step that can be shown and taken."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .api import Grafana
from .wanted import Wanted

FOLDER = "botobs"
Action = Literal["create", "update", "same", "provisioned"]
#: Secrets are never shown; Grafana says only that there is one.
_UNSEEN = "secureJsonData"


@dataclass(frozen=True)
class Step:
    """One thing in Grafana.

    Attributes:
        kind: Such as `folder`.
        name: Its name.
        action: What has to be done; `provisioned` things belong to Grafana's files and are left alone.
        difference: Lines of a unified diff.
        take: Does it.
    """

    kind: str
    name: str
    action: Action
    difference: tuple[str, ...]
    take: Callable[[], object]

    @property
    def changes(self) -> bool:
        """Whether the step changes anything."""
        return self.action in ("create", "update")


def plan(grafana: Grafana, wanted: Wanted, secrets: bool = False) -> list[Step]:
    """What there is to do, in an order in which it can be done.

    Args:
        grafana: What is compared.
        wanted: With what.
        secrets: Send secrets again even where nothing else differs.

    Raises:
        StackError: Grafana cannot be asked.
    """
    steps = [_folder(grafana)]
    steps += [_source(grafana, source, secrets) for source in wanted.sources]
    steps += [_correlation(grafana, uid, each) for uid, each in wanted.correlations]
    return steps + [_dashboard(grafana, dashboard) for dashboard in wanted.dashboards]


def _folder(grafana: Grafana) -> Step:
    body = {"uid": FOLDER, "title": FOLDER}
    if grafana.get(f"/api/folders/{FOLDER}") is not None:
        return _same("folder", FOLDER)
    return Step("folder", FOLDER, "create", (), lambda: grafana.tell("POST", "/api/folders", body))


def _source(grafana: Grafana, wanted: Mapping[str, Any], secrets: bool) -> Step:
    kind, name, path = "data source", str(wanted["name"]), f"/api/datasources/uid/{wanted['uid']}"
    current = grafana.get(path)
    if current is None:
        return Step(kind, name, "create", (), lambda: grafana.tell("POST", "/api/datasources", wanted))
    if current.get("readOnly"):
        return Step(kind, name, "provisioned", (), _nothing)
    seen = {key: value for key, value in wanted.items() if key != _UNSEEN}
    difference = _difference(current, seen)
    known = current.get("secureJsonFields", {})
    sent = [key for key, value in wanted[_UNSEEN].items() if value and (secrets or not known.get(key))]
    difference += tuple(f"+{key}: a secret" for key in sent)
    return _update(kind, name, difference, lambda: grafana.tell("PUT", path, wanted))


def _correlation(grafana: Grafana, uid: str, wanted: Mapping[str, Any]) -> Step:
    kind, name, path = "link", str(wanted["label"]), f"/api/datasources/uid/{uid}/correlations"
    # Of a data source that does not exist yet there is none either.
    known = grafana.get(path) or []
    current = next((each for each in known if each.get("label") == wanted["label"]), None)
    if current is None:
        return Step(kind, name, "create", (), lambda: grafana.tell("POST", path, wanted))
    if current.get("provisioned"):
        return Step(kind, name, "provisioned", (), _nothing)
    # The target cannot be changed, and is part of what names it.
    body = {key: value for key, value in wanted.items() if key != "targetUID"}
    return _update(
        kind,
        name,
        _difference(current, wanted),
        lambda: grafana.tell("PATCH", f"{path}/{current['uid']}", body),
    )


def _dashboard(grafana: Grafana, wanted: Mapping[str, Any]) -> Step:
    kind, name = "dashboard", str(wanted["title"])
    current = grafana.get(f"/api/dashboards/uid/{wanted['uid']}")
    body = {"dashboard": {**wanted, "id": None}, "folderUid": FOLDER, "overwrite": True, "message": "botobs"}

    def save() -> object:
        return grafana.tell("POST", "/api/dashboards/db", body)

    if current is None:
        return Step(kind, name, "create", (), save)
    if current["meta"].get("provisioned"):
        return Step(kind, name, "provisioned", (), _nothing)
    difference = _difference(current["dashboard"], wanted)
    if current["meta"].get("folderUid") != FOLDER:
        difference += (f"-folder: {current['meta'].get('folderUid')}", f"+folder: {FOLDER}")
    return _update(kind, name, difference, save)


def _update(kind: str, name: str, difference: tuple[str, ...], take: Callable[[], object]) -> Step:
    return Step(kind, name, "update", difference, take) if difference else _same(kind, name)


def _same(kind: str, name: str) -> Step:
    return Step(kind, name, "same", (), _nothing)


def _nothing() -> None:
    """Do nothing: it is as it should be."""


def _difference(current: Any, wanted: Any) -> tuple[str, ...]:
    """A unified diff; what Grafana has added by itself is no difference."""
    before, after = (
        json.dumps(content, indent=1, sort_keys=True).splitlines()
        for content in (_restricted(current, wanted), wanted)
    )
    if before == after:
        return ()
    return tuple(list(difflib.unified_diff(before, after, "grafana", "botobs", lineterm="", n=1))[2:])


def _restricted(current: Any, wanted: Any) -> Any:
    """`current` without the keys that are not in `wanted`."""
    if isinstance(current, dict) and isinstance(wanted, dict):
        return {key: _restricted(current[key], value) for key, value in wanted.items() if key in current}
    if isinstance(current, list) and isinstance(wanted, list) and len(current) == len(wanted):
        return [_restricted(mine, theirs) for mine, theirs in zip(current, wanted, strict=True)]
    return current
