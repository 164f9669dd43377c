"""Attribute values that protobuf can encode: OpenTelemetry's encoder fails for a whole request with another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..safe import digits, fits_int64, sendable
from .freeze import copy


def sendable_attributes(attributes: Mapping[str, Any] | None) -> dict[str, Any]:
    """A copy of `attributes` that can be encoded; never raises.

    Integers beyond 64 bits, such as amounts in wei, become their digits; characters that UTF-8 cannot encode become
    question marks.
    """
    return {
        key if type(key) is not str else sendable(key): _sendable(item)
        for key, item in copy(attributes).items()
    }


def _sendable(value: Any) -> Any:
    kind = type(value)
    if kind is str:
        return sendable(value)
    if kind is int:
        return value if fits_int64(value) else digits(value)
    if kind is tuple:
        return tuple(map(_sendable, value))
    if kind is dict:
        return {sendable(key): _sendable(item) for key, item in value.items()}
    return value
