"""Name, version and attributes of an instrumentation scope, from whatever a service passes."""

from __future__ import annotations

from typing import Any

from ..safe import sendable, text_of
from .freeze import copy


def usable_scope(
    name: Any, version: Any, schema_url: Any, attributes: Any
) -> tuple[str, str | None, str | None, dict[str, Any] | None]:
    """Name, version, schema URL and attributes of a scope, as strings that can be encoded and a copy."""
    return (
        _text(name) or "",
        _text(version),
        _text(schema_url),
        None if attributes is None else copy(attributes),
    )


def scope_key(scope: tuple[str, str | None, str | None, dict[str, Any] | None]) -> tuple[Any, ...]:
    """A key that equal scopes share: the values of attributes may be lists, which cannot be part of one."""
    return (*scope[:3], repr(sorted(scope[3].items())) if scope[3] else None)


def _text(value: Any) -> str | None:
    return None if value is None else sendable(text_of(value))
