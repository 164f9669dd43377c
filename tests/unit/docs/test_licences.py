"""What docs/licences.md says is what versions.toml and the installed packages say."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
#: What a part is called in the table, where that is not its name in versions.toml.
_CALLED = {"collector": "opentelemetry collector", "object-store": "versity s3 gateway", "front": "caddy"}
#: Our own.
_OURS = {"intake"}
#: Licences by the words with which packages name them.
_PERMISSIVE = re.compile(r"Apache|BSD|MIT|PSF|Python Software Foundation")


def test_every_program_that_is_run_stands_there_with_its_licence() -> None:
    parts = tomllib.loads((ROOT / "versions.toml").read_text(encoding="utf-8"))
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if "|" in line
    ]
    missing = []
    for name, part in parts.items():
        if "licence" not in part or name in _OURS:
            continue
        licence = part["licence"].removesuffix("-only")
        called = _CALLED.get(name, name)
        if not any(called in row[0].lower() and row[1] == licence for row in rows):
            missing.append((name, licence))
    assert missing == []


def _needed(name: str, extras: tuple[str, ...], found: dict[str, metadata.Distribution]) -> None:
    package = metadata.distribution(name)
    for text in package.requires or ():
        wanted = Requirement(text)
        if wanted.marker and not any(wanted.marker.evaluate({"extra": extra}) for extra in (*extras, "")):
            continue
        if wanted.name not in found:
            found[wanted.name] = metadata.distribution(wanted.name)
            _needed(wanted.name, tuple(wanted.extras), found)


def test_packages_of_another_licence_stand_there_by_name() -> None:
    found: dict[str, metadata.Distribution] = {}
    _needed("botobs", ("stack",), found)
    assert "httpx" in found
    others = set()
    for name, package in found.items():
        about = package.metadata.json
        named = str(about.get("license_expression") or about.get("license") or "")
        said = [named, *(each for each in about.get("classifier", ()) if each.startswith("License ::"))]
        if not any(_PERMISSIVE.search(each) for each in said) or "GPL" in named:
            others.add(name)
    assert others == {"certifi"}
    assert all(name in PAGE for name in others)
