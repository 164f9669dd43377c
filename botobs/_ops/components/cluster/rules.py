"""Puts the rules into Mimir's ruler, which keeps them in the object store."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import yaml

from ...errors import StackError
from ...home.quoting import go_template

_API = "/prometheus/config/v1/rules"
#: What Prometheus adds as an external label to an alert that lacks it; Mimir has none.
_LABEL = "deployment_environment_name"
_DISCARDED = 'cortex_discarded_samples_total{{reason=~"{}"}}'
#: What a Prometheus says of itself, and how Mimir says it.
_OF_PROMETHEUS = {
    r"\bprometheus_tsdb_too_old_samples_total\b": _DISCARDED.format("sample-(timestamp-)?too-old"),
    r"\bprometheus_tsdb_out_of_bound_samples_total\b": _DISCARDED.format("sample-too-far-in-future"),
    r"\bprometheus_tsdb_": "cortex_ingester_tsdb_",
    r"\bprometheus_(rule|notifications)_": r"cortex_prometheus_\1_",
}


async def load(http: httpx.AsyncClient, mimir: str, folder: Path, tenant: str, environment: str) -> None:
    """Make the ruler's groups those of the rule files: add, replace, and take away.

    Args:
        http: A client that Mimir lets in.
        mimir: Its address.
        folder: Of the rendered rule files; each is a namespace.
        tenant: Whose rules they are.
        environment: Label of alerts that do not say which they are of.

    Raises:
        StackError: Mimir takes one of them not.
    """
    headers = {"X-Scope-OrgID": tenant}
    wanted = dict(groups(folder, environment))
    for (namespace, _), group in wanted.items():
        await _ask(http, "POST", f"{mimir}{_API}/{namespace}", headers, yaml.safe_dump(group))
    found = await _ask(http, "GET", f"{mimir}{_API}", headers)
    for namespace, held in (yaml.safe_load(found) or {}).items():
        for group in held:
            if (namespace, group["name"]) not in wanted:
                await _ask(http, "DELETE", f"{mimir}{_API}/{namespace}/{group['name']}", headers)


def groups(folder: Path, environment: str) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    """The groups of the rule files as the ruler gets them, each with its namespace and its name."""
    custom = folder.parent / "custom" / "rules"
    for file in (*sorted(folder.glob("*.yml")), *sorted(custom.glob("*.y*ml"))):
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]:
            for rule in group["rules"]:
                for theirs, ours in _OF_PROMETHEUS.items():
                    rule["expr"] = re.sub(theirs, ours, rule["expr"])
                if "alert" in rule:
                    other = go_template(environment)
                    own = f"{{{{ with $labels.{_LABEL} }}}}{{{{ . }}}}{{{{ else }}}}{other}{{{{ end }}}}"
                    rule["labels"] = {_LABEL: own, **rule.get("labels", {})}
            namespace = f"custom-{file.stem}" if file.parent == custom else file.stem
            yield (namespace, group["name"]), group


async def _ask(
    http: httpx.AsyncClient, method: str, url: str, headers: dict[str, str], body: str | None = None
) -> str:
    try:
        response = await http.request(
            method, url, headers={**headers, "Content-Type": "application/yaml"}, content=body, timeout=30
        )
    except httpx.HTTPError as error:
        raise StackError(
            f"Mimir's ruler does not respond at {url}: {error or type(error).__name__}"
        ) from None
    # Without any rule yet, there is nothing to list.
    if response.status_code == 404 and method == "GET":
        return ""
    if not response.is_success:
        raise StackError(f"Mimir's ruler refuses the rules at {url}: {response.text.strip()}")
    return response.text
