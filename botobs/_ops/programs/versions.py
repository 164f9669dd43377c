"""Reads `versions.toml`, the lock file of everything that is not Python."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ..home import assets


@dataclass(frozen=True)
class Release:
    """How upstream publishes a component's programs.

    Attributes:
        url: Of the archive; `{version}`, `{system}` and `{processor}` are filled in.
        members: Name of the file in it, by program.
        sha256: Checksums by machine, such as `linux-amd64`; what is not recorded is not fetched.
    """

    url: str
    members: Mapping[str, str]
    sha256: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Pin:
    """One component's version and how it is built.

    Attributes:
        name: The component, as in `versions.toml`.
        version: What the program says of itself.
        source: Folder of the committed go.mod and go.sum.
        packages: Go package by program name.
        on_path: Other names of the programs on PATH.
        tags: Go build tags.
        stamp: Linker variable that takes the version, or None.
        static: Linked with nothing of the machine that builds it.
        minutes: Length of a cold build on two cores.
        optional: Only built when asked for.
        archive: How upstream publishes it, or None.
        licence: By its SPDX name; empty for what is never passed on.
    """

    name: str
    version: str
    source: Path
    module: str
    module_version: str
    packages: Mapping[str, str]
    image: str
    minutes: float
    on_path: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    stamp: str | None = None
    static: bool = False
    optional: bool = False
    archive: Release | None = None
    licence: str = ""

    @property
    def cache_name(self) -> str:
        """Name of this build's folder in the cache.

        It holds a digest of the sources too: our collector's list of components can change within a version.
        """
        digest = hashlib.sha256()
        for file in sorted(self.source.rglob("*")):
            if file.suffix in {".go", ".mod", ".sum"}:
                digest.update(file.read_bytes())
        return f"{self.version}-{digest.hexdigest()[:8]}"


@cache
def pins() -> dict[str, Pin]:
    """Everything that can be built from Go here, in the order of the file.

    A wheel has the sources of the stack's components alone, a checkout those of what checks the project too.
    """
    base = assets.root()
    table = tomllib.loads((base / "versions.toml").read_text(encoding="utf-8"))
    found = {name: _pin(base, name, raw) for name, raw in table.items() if "module" in raw}
    return {name: pin for name, pin in found.items() if pin.source.is_dir()}


def _pin(base: Path, name: str, raw: dict[str, object]) -> Pin:
    values = dict(raw)
    source = base / str(values.pop("build", f"{name}/build"))
    tags = values.pop("tags", ())
    archive = values.pop("archive", None)
    release = Release(**archive) if isinstance(archive, dict) else None
    return Pin(name=name, source=source, tags=tuple(tags), archive=release, **values)  # type: ignore[arg-type]
