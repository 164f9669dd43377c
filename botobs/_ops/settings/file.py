"""The settings file in the home of a stack: the table `[stack]` of `botobs.toml`.

Its keys are the settings' names in small letters without `BOTOBS_`: `alert_receiver = "email"`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..._sdk.files import read_small
from ..._sdk.settings.unknown import of_sdk
from ..errors import Misuse, StackError
from ..home.home import Home
from ..home.locks import exclusive
from ..home.private import write_secret
from .table import TABLE

_TABLE = "stack"
#: What says where the home is, or is a secret of another system, cannot stand in the home's file.
_ENVIRONMENT_ALONE = (
    "BOTOBS_HOME",
    "BOTOBS_GRAFANA_TOKEN",
    "BOTOBS_OPERATOR",
    "BOTOBS_OPERATOR_PASSWORD_FILE",
)


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
        StackError: The file cannot be read, holds a setting twice, or something else than text, numbers and booleans.
    """
    path = path_of(home)
    table = _parsed(path).get(_TABLE, {})
    if not isinstance(table, dict):
        raise StackError(f"{path}: stack is no table", "Begin the settings with a line [stack].")
    texts: dict[str, str] = {}
    for key, value in table.items():
        if (name := variable_of(key)) in texts:
            raise StackError(
                f"{path} sets {name} twice, under two spellings", "Leave one: botobs config edit"
            )
        texts[name] = _text(path, key, value)
    return texts


def strays(home: Home) -> list[str]:
    """Keys of the file outside of its table, which nothing reads; those of services are not among them.

    Raises:
        StackError: The file cannot be read.
    """
    # Where the home is a service's working directory too, its settings stand at the top of the same file.
    return [key for key in _parsed(path_of(home)) if key != _TABLE and variable_of(key) not in of_sdk()]


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_content(path))
    except FileNotFoundError:
        return {}
    except PermissionError as error:
        raise StackError(
            f"{path} cannot be read: {error.strerror}",
            "Run the command as its owner, or name another home with --home or BOTOBS_HOME.",
        ) from None
    except UnicodeDecodeError:
        raise StackError(f"{path} is not text in UTF-8", "Save it anew as such, or delete it.") from None
    except (OSError, ValueError, RecursionError) as error:
        why = str(getattr(error, "strerror", None) or error)
        raise StackError(f"{path} cannot be read: {why}", "Mend it: botobs config edit") from None


def _content(path: Path) -> str:
    # Notepad begins a file with a byte order mark.
    return read_small(path).decode("utf-8-sig")


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
    for name in changes:
        if why := refusal(name):
            raise Misuse(f"{name} cannot be set in {path_of(home)}: {why}")
    # Two commands at once would each keep only what they set.
    with exclusive(home.path / ".botobs.toml.lock"):
        _write(home, changes)


def _write(home: Home, changes: Mapping[str, str | None]) -> None:
    import tomlkit

    read(home)
    path = path_of(home)
    document = tomlkit.parse(_content(path)) if path.exists() else tomlkit.document()
    table: Any = document.setdefault(_TABLE, tomlkit.table())
    for name, text in changes.items():
        for key in [key for key in table if variable_of(key) == name]:
            if text is None or key != key_of(name):
                del table[key]
        if text is not None:
            table[key_of(name)] = text
    # A link stays one: the file may be kept elsewhere, with other configuration.
    write_secret(path.resolve(), tomlkit.dumps(document))


def refusal(name: str) -> str:
    """Why a setting cannot stand in the file; empty where it can."""
    if name in _ENVIRONMENT_ALONE:
        return "it is read from the environment alone"
    return "the stack decides it" if name in TABLE and TABLE[name].decided else ""
