"""Attribute values: what is done when they are set, and what can wait for the export.

The stock SDK validates, copies and truncates every value on the caller's thread. Here the caller pays for a copy of
the mapping and one look at the values' types; only a value that could still change (a list, a dict, an object) is
copied at once (see `botobs._sdk.engine.freeze`). The rest is done by `clean`, when somebody reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...plain import IMMUTABLE
from ..freeze import usable_key

_STR = frozenset({str})
_SMALL = IMMUTABLE - {str, bytes}


def truncate(value: Any, length: int) -> Any:
    """`value` with every text in it cut to `length` characters, or bytes."""
    if isinstance(value, str | bytes):
        return value[:length] if len(value) > length else value
    if isinstance(value, tuple):
        return tuple(truncate(item, length) for item in value)
    if isinstance(value, dict):
        return {key: truncate(item, length) for key, item in value.items()}
    return value


def _is_clean(attributes: dict[str, Any], count: int, length: int | None) -> bool:
    if len(attributes) > count or "" in attributes or not _STR.issuperset(map(type, attributes)):
        return False
    if length is None:
        return True
    for value in attributes.values():
        kind = type(value)
        if kind is str:
            if len(value) > length:
                return False
        elif kind not in IMMUTABLE:
            return False
    return True


def clean(attributes: dict[str, Any], count: int, length: int | None) -> tuple[dict[str, Any], int]:
    """What OpenTelemetry lets through of copied attributes.

    Args:
        attributes: Result of `copy`, possibly with more set later.
        count: How many are kept; the oldest go first.
        length: Characters kept of each string, or `None` for all.

    Returns:
        The attributes, the same dict if there is nothing to do, and how many were dropped.
    """
    if _is_clean(attributes, count, length):
        return attributes, 0
    # A racing `set_attribute` may change the dict's size; the copy is one step under the interpreter's lock.
    items = tuple(attributes.items())
    cleaned: dict[str, Any] = {}
    for name, value in items:
        key = usable_key(name)
        if key is not None:
            cleaned.pop(key, None)
            cleaned[key] = value if length is None else truncate(value, length)
    surplus = len(cleaned) - count
    if surplus > 0:
        for key in tuple(cleaned)[:surplus]:
            del cleaned[key]
    return cleaned, len(items) - len(cleaned)


def weight(attributes: Mapping[str, Any]) -> int:
    """About how many bytes copied attributes take, beyond what every one takes."""
    total = 0
    for key, value in attributes.items():
        total += len(key)
        kind = type(value)
        if kind is str:
            total += len(value)
        elif kind not in _SMALL:
            total += _weight(value)
    return total


def _weight(value: Any) -> int:
    if isinstance(value, str | bytes):
        return len(value)
    if isinstance(value, tuple):
        return 50 + sum(map(_weight, value))
    return 150 + weight(value) if isinstance(value, dict) else 50
