"""Renders the configuration templates: `${BOTOBS_NAME}` and `${BOTOBS_NAME:-default}`, nothing else.

The same templates serve the native stack and docker compose. Prometheus and Alertmanager read no environment, so the
values are put in before they start; every other `$` belongs to the program that reads the file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from ..errors import StackError
from .private import make_folder, write_secret

_VARIABLE = re.compile(r"\$\{(BOTOBS_[A-Z0-9_]+)(?::-([^{}]*))?\}")
_TEXT = {".yaml", ".yml", ".conf", ".sql", ".ini", ".tmpl", ".json", ".env"}


def render_text(text: str, values: Mapping[str, str], where: str) -> str:
    """`text` with every variable replaced.

    Args:
        text: The template.
        values: Values by variable name.
        where: Name of the template, for the error.

    Raises:
        StackError: A variable without default has no value.
    """

    def replace(match: re.Match[str]) -> str:
        name, default = match[1], match[2]
        value = values.get(name)
        # As in a shell, `:-` also takes the default for an empty value.
        if value is None or (value == "" and default is not None):
            if default is None:
                raise StackError(
                    f"{where} needs a value for {name}, which is not set", f"Set {name} in the environment."
                )
            return default
        return value

    return _VARIABLE.sub(replace, text)


def render_tree(
    source: Path, target: Path, values: Mapping[str, str], skip: frozenset[str] = frozenset()
) -> None:
    """Render every file below `source` into `target`; what is no text is copied as it is.

    Args:
        skip: Names of folders and files at the top of `source` that stay behind.

    Raises:
        StackError: A variable without default has no value.
    """
    for file in sorted(source.rglob("*")):
        relative = file.relative_to(source)
        if relative.parts[0] in skip or file.is_dir():
            continue
        destination = target / relative
        make_folder(destination.parent)
        content = file.read_bytes()
        if file.suffix in _TEXT:
            content = render_text(content.decode(), values, f"{source.name}/{relative}").encode()
        if not destination.exists() or destination.read_bytes() != content:
            write_secret(destination, content)
