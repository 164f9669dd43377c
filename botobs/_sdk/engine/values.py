"""Attribute values as they are sent: what protobuf can encode, and what identifies a series of a metric."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..redaction import REDACTED
from ..safe import digits, fits_int64, sendable
from .freeze import copy, freeze

if TYPE_CHECKING:
    from ..redaction import Redactor


def sendable_attributes(attributes: Mapping[str, Any] | None) -> dict[str, Any]:
    """A copy of `attributes` that can be encoded; never raises.

    OpenTelemetry's encoder fails for a whole request with another one. Integers beyond 64 bits, such as amounts in wei,
    become their digits; characters that UTF-8 cannot encode become question marks.
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


def series_attributes(attributes: Mapping[str, Any], redactor: Redactor) -> dict[str, Any]:
    """The attributes of a series exactly as they are sent, redacted; never raises.

    Measurements whose attributes are sent alike belong to one series. If that were decided by what was passed, an
    export could hold several points with equal attributes, of which a store keeps one.

    Args:
        attributes: Frozen; see `freeze`.
        redactor: Replaces secrets.
    """
    clean = {}
    for key, value in attributes.items():
        try:
            clean[sendable(key)] = _one_of_equals(_sendable(freeze(redactor.attribute(key, value))))
        except Exception:
            # A pattern of the service's; better nothing than a secret.
            clean[sendable(key)] = REDACTED
    return clean


def _one_of_equals(value: Any) -> Any:
    """One object for all NaNs, which differ from themselves, and one zero."""
    if type(value) is float:
        return math.nan if math.isnan(value) else value + 0.0
    if type(value) is tuple:
        return tuple(map(_one_of_equals, value))
    if type(value) is dict:
        return {key: _one_of_equals(item) for key, item in value.items()}
    return value
