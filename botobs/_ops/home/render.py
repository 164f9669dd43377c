"""Renders the configuration templates: `${BOTOBS_NAME}` and `${BOTOBS_NAME:-default}`, nothing else.

The same templates serve the native stack and docker compose. Prometheus and Alertmanager read no environment, so the
values are put in before they start; every other `$` belongs to the program that reads the file. A value is a text, and
is written so that the file's own language reads that text; a place whose default is a list takes a YAML list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path, PurePath

from ..errors import StackError
from . import quoting, yaml_template
from .private import make_folder, write_secret

VARIABLE = re.compile(r"\$\{(BOTOBS_[A-Z0-9_]+)(?::-([^{}]*))?\}")
_TEXT = {".yaml", ".yml", ".conf", ".sql", ".ini", ".tmpl", ".json", ".env"}
#: A word of a Caddyfile that holds a variable; a default has no space there.
_WORD = re.compile(r"(?<!\S)\S*\$\{BOTOBS_[^{}]*\}\S*")
#: A value of an ini file that holds a variable.
_INI_VALUE = re.compile(r"(?<== )[^\n]*\$\{BOTOBS_[^\n]*")


def render_text(text: str, values: Mapping[str, str], where: str) -> str:
    """`text` with every variable replaced.

    Args:
        text: The template.
        values: Values by variable name.
        where: Name of the template: its suffix and its folder decide the language; errors name it.

    Raises:
        StackError: A variable without default has no value, or the language cannot hold a value.
    """
    value_of = partial(_value, values, where)
    match PurePath(where).suffix:
        case ".yaml" | ".yml" | ".json":
            return yaml_template.fill(text, VARIABLE, value_of, where)
        case ".conf":
            return _each_place(text, _WORD, value_of, lambda value: quoting.caddy_token(value, where))
        case ".ini":
            return _each_place(text, _INI_VALUE, value_of, lambda value: quoting.ini_value(value, where))
        case ".sql":
            return VARIABLE.sub(lambda found: quoting.in_shell_quotes(value_of(found), where), text)
        case ".tmpl":
            return VARIABLE.sub(lambda found: quoting.go_template(value_of(found)), text)
        case _:
            return VARIABLE.sub(value_of, text)


def _value(values: Mapping[str, str], where: str, found: re.Match[str]) -> str:
    name, default = found[1], found[2]
    value = values.get(name)
    # As in a shell, `:-` also takes the default for an empty value.
    if value is None or (value == "" and default is not None):
        if default is None:
            raise StackError(
                f"{where} needs a value for {name}, which is not set", f"Set {name} in the environment."
            )
        return str(default)
    return value


def _each_place(
    text: str,
    place: re.Pattern[str],
    value_of: Callable[[re.Match[str]], str],
    quote: Callable[[str], str],
) -> str:
    """Quote each place as a whole, with the text around its variables."""
    return place.sub(lambda found: quote(VARIABLE.sub(value_of, found[0])), text)


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
