"""What names an instrumentation scope, whatever a service gives for it."""

from __future__ import annotations

from typing import Any

from ..safe import sendable, text_of
from .freeze import copy


def usable_scope(
    name: Any, version: Any, schema_url: Any, attributes: Any
) -> tuple[str, str | None, str | None, dict[str, Any] | None]:
    """Name, version, schema and attributes as texts that can be sent, and as values that nobody changes any more."""
    return (
        _text(name) or "",
        _text(version),
        _text(schema_url),
        None if attributes is None else copy(attributes),
    )


def _text(value: Any) -> str | None:
    return None if value is None else sendable(text_of(value))
