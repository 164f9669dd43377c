"""The settings file in the home of a stack: the table `[stack]` of `botobs.toml`.

Its keys are the settings' names in small letters without `BOTOBS_`: `alert_receiver = "email"`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import StackError
from ..home.home import Home
from ..home.private import write_secret
from .table import TABLE

#: What says where the home is, or is a secret of another system, cannot stand in the home's file.
_ENVIRONMENT_ALONE = ("BOTOBS_HOME", "BOTOBS_GRAFANA_TOKEN")


def path_of(home: Home) -> Path:
    """Where the file is."""
    return home.path / "botobs.toml"


def key_of(name: str) -> str:
    """The key under which a setting stands in the file."""
    return name.removeprefix("BOTOBS_").lower()


def variable_of(word: str) -> str:
    """The variable that a person means: `alert_receiver`, `ALERT_RECEIVER` or `BOTOBS_ALERT_RECEIVER`."""
    name = word.strip().upper().replace("-", "_")
    return name if name.startswith("BOTOBS_") else f"BOTOBS_{name}"


def read(home: Home) -> dict[str, str]:
    """Texts by variable; empty where there is no file.

    Raises:
        StackError: The file cannot be read, or holds something else than text, numbers and booleans.
    """
    path = path_of(home)
    try:
        content = tomllib.loads(path.read_bytes().decode("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise StackError(f"{path} cannot be read: {why}", "Mend it: botobs config edit") from None
    table = content.get("stack", {})
    if not isinstance(table, dict):
        raise StackError(f"{path}: stack is no table", "Begin the settings with a line [stack].")
    return {variable_of(key): _text(path, key, value) for key, value in table.items()}


def _text(path: Path, key: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise StackError(f"{path}: {key} must be text, a number, true or false")


def write(home: Home, changes: Mapping[str, str | None]) -> None:
    """Change the file; comments and order stay, and a reader sees the old file or the new one.

    Args:
        home: Whose file it is; it is made where it is missing.
        changes: Texts by variable; None takes one out.

    Raises:
        StackError: The file that is there cannot be read, or a setting cannot stand in it.
    """
    import tomlkit

    for name in changes:
        if why := refusal(name):
            raise StackError(f"{name} cannot be set in {path_of(home)}: {why}")
    read(home)
    path = path_of(home)
    document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()
    table: Any = document.setdefault("stack", tomlkit.table())
    for name, text in changes.items():
        for key in [key for key in table if variable_of(key) == name]:
            if text is None or key != key_of(name):
                del table[key]
        if text is not None:
            table[key_of(name)] = text
    write_secret(path, tomlkit.dumps(document))


def refusal(name: str) -> str:
    """Why a setting cannot stand in the file; empty where it can."""
    if name in _ENVIRONMENT_ALONE:
        return "it is read from the environment alone"
    return "the stack decides it" if name in TABLE and TABLE[name].decided else ""
