"""The settings that a project keeps in a file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..files import read_small
from ..safe import text_of
from ._table import Problem

#: Names the file, wherever it is.
VARIABLE = "BOTOBS_CONFIG"


def read(
    environ: Mapping[str, str], directory: Path | None
) -> tuple[Mapping[str, Any], str, tuple[Problem, ...]]:
    """Read `BOTOBS_CONFIG`, else `botobs.toml`, else `[tool.botobs]` of `pyproject.toml` in `directory`; never raises.

    Returns:
        The values by name, what to call their origin, and what was wrong with the file.
    """
    named = environ.get(VARIABLE, "").strip()
    for path in [Path(named)] if named else _in_directory(directory):
        try:
            content = _settings_in(path.expanduser())
        except FileNotFoundError:
            continue
        except Exception as error:
            # Whatever is in it, or in its place: a folder, a pipe, another encoding, brackets without end.
            why = text_of(error)[:200] or type(error).__name__
            return {}, str(path), (Problem("config", f"{path} cannot be read ({why}); it is left out."),)
        if content or named:
            return content, str(path), ()
    if named:
        problem = Problem("config", f"{VARIABLE} names {named}, which does not exist; it is left out.")
        return {}, named, (problem,)
    return {}, "", ()


def _in_directory(directory: Path | None) -> list[Path]:
    try:
        directory = directory or Path.cwd()
    except OSError:
        # The working directory has been removed, or may not be looked at; daemons live on in such.
        directory = Path("/")
    return [directory / "botobs.toml", directory / "pyproject.toml"]


def _settings_in(path: Path) -> Mapping[str, Any]:
    """The table of botobs in a file.

    Raises:
        OSError: It cannot be read, or is no small regular file.
        ValueError: It is not TOML, or has something else in the table's place.
        RecursionError: It is nested too deeply.
    """
    content = tomllib.loads(read_small(path).decode("utf-8"))
    if path.name != "pyproject.toml":
        return content
    for name in ("tool", "botobs"):
        content = content.get(name, {})
        if not isinstance(content, dict):
            raise ValueError(f"{name} is no table")
    return content
