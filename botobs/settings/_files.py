"""The settings that a project keeps in a file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ._table import Problem

#: Names the file, wherever it is.
VARIABLE = "BOTOBS_CONFIG"


def read(
    environ: Mapping[str, str], directory: Path | None
) -> tuple[Mapping[str, Any], str, tuple[Problem, ...]]:
    """Read `BOTOBS_CONFIG`, else `botobs.toml`, else `[tool.botobs]` of `pyproject.toml` in `directory`.

    Returns:
        The values by name, what to call their origin, and what was wrong with the file.
    """
    named = environ.get(VARIABLE, "").strip()
    try:
        directory = directory or Path.cwd()
    except FileNotFoundError:
        # The working directory has been removed; daemons live on in such.
        directory = Path("/")
    candidates = (
        [Path(named).expanduser()] if named else [directory / "botobs.toml", directory / "pyproject.toml"]
    )
    for path in candidates:
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            return {}, str(path), (Problem("config", f"{path} cannot be read ({error}); it is left out."),)
        if path.name == "pyproject.toml":
            content = content.get("tool", {}).get("botobs", {})
        if content or named:
            return content, str(path), ()
    if named:
        problem = Problem("config", f"{VARIABLE} names {named}, which does not exist; it is left out.")
        return {}, named, (problem,)
    return {}, "", ()
