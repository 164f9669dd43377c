"""What a Grafana should have: the dashboards that travel with botobs, and the data sources of a stack's home."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..errors import StackError
from ..home import assets
from ..home.home import Home
from ..home.private import read_lines, read_secret

_FILE = re.compile(r"\$__file\{([^{}]+)\}")


@dataclass(frozen=True)
class Wanted:
    """Everything that is pushed.

    Attributes:
        sources: Data sources as the API takes them, secrets included.
        correlations: Links between data sources, by the uid that each starts from.
        dashboards: Contents of the dashboards.
    """

    sources: list[dict[str, Any]]
    correlations: list[tuple[str, dict[str, Any]]]
    dashboards: list[dict[str, Any]]

    @classmethod
    def read(cls, home: Home | None, addresses: Mapping[str, str | None], own: Sequence[Path] = ()) -> Wanted:
        """Read the wanted state from files.

        Args:
            home: Of the stack that the data sources lead to; None for dashboards alone.
            addresses: Addresses by uid of a data source, over those of the stack.
            own: Files of a person's own dashboards.

        Raises:
            StackError: The home has no data sources, because its stack was never started.
        """
        sources = [] if home is None else _sources(home)
        correlations = [
            (source["uid"], each) for source in sources for each in source.pop("correlations", ())
        ]
        for source in sources:
            source["url"] = addresses.get(source["uid"]) or source["url"]
        folder = assets.root() / "grafana" / "dashboards"
        every = (*sorted(folder.glob("*.json")), *own)
        return cls(sources, correlations, [json.loads(file.read_text(encoding="utf-8")) for file in every])


def _sources(home: Home) -> list[dict[str, Any]]:
    folder = home.config / "grafana" / "provisioning" / "datasources"
    provisioned = sorted(folder.glob("*.yaml"))
    if not provisioned:
        raise StackError(
            f"there are no data sources in {folder}",
            "Start the stack once with botobs up, name its folder with --home, or push with --dashboards-only.",
        )
    found = []
    for file in provisioned:
        for source in yaml.safe_load(file.read_text(encoding="utf-8"))["datasources"]:
            # In Grafana's files a dollar is written twice, and `editable` says who may change what a file has made.
            made = json.loads(json.dumps(source).replace("$$", "$"))
            made.pop("editable", None)
            secrets = made.get("secureJsonData", {})
            made["secureJsonData"] = {name: _secret(value or "", home) for name, value in secrets.items()}
            found.append(made)
    return found


def _secret(value: str, home: Home) -> str:
    """The text of the file that `$__file{...}` names; of a container's path its name in the home's folder counts."""
    match = _FILE.fullmatch(value)
    if match is None:
        return value
    path = Path(match[1])
    file = path if path.exists() else home.secrets / path.name
    return read_lines(file) if file.suffix in (".pem", ".key") else read_secret(file)
