"""Attribute values as they are sent: what protobuf can encode, and what identifies a series of a metric."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from ..plain import IMMUTABLE
from ..redaction import CUT_MARGIN, REDACTED
from ..safe import MAX_TEXT, digits, fits_int64, head, sendable
from .freeze import copy, freeze

if TYPE_CHECKING:
    from ..redaction import Redactor

#: Characters of a text, bytes, or bits of a number, that are remembered as they were passed.
_LONGEST = 1000
_STR = frozenset({str})


class Redaction(Protocol):
    """What may be sent of an attribute."""

    @property
    def generation(self) -> int:
        """Changes when earlier results may no longer hold."""

    def attribute(self, key: str, value: Any) -> Any:
        """The value without secrets; depends on name and value alone."""

    def text(self, text: str) -> str:
        """A text, such as a name, without secrets."""

    def inner(self, key: str, name: str) -> str:
        """The name that the item `name` of the mapping `key` is judged by."""


def sendable_attributes(attributes: Mapping[str, Any] | None) -> dict[str, Any]:
    """A copy of `attributes` that can be encoded; never raises.

    OpenTelemetry's encoder fails for a whole request with another one. Integers beyond 64 bits, such as amounts in wei,
    become their digits; characters that UTF-8 cannot encode become question marks. Long texts are cut.
    """
    return {_short(key): _sendable(item) for key, item in copy(attributes).items()}


def plain_key(attributes: Mapping[str, Any]) -> Any:
    """What plain attributes are remembered by; None if something of another type would have to be hashed.

    Of other values than texts the types belong to it: `True`, `1` and `1.0` are equal but not the same attribute.
    """
    for name in attributes:
        if type(name) is not str:
            return None
    types = tuple(map(type, attributes.values()))
    if _STR.issuperset(types):
        return tuple(attributes.items())
    return (tuple(attributes.items()), types) if IMMUTABLE.issuperset(types) else None


def is_short(value: Any) -> bool:
    """Whether a plain key or value may be remembered as it was passed: what is sent of a long one is short."""
    if type(value) is str or type(value) is bytes:
        return len(value) <= _LONGEST
    return type(value) is not int or value.bit_length() <= _LONGEST


def _short(text: str) -> str:
    """A text as it may be sent; nearly all are."""
    return text if len(text) <= MAX_TEXT and text.isascii() else sendable(head(text))


def _sendable(value: Any) -> Any:
    kind = type(value)
    if kind is str:
        # As `_short`, without a call: nearly all values are short texts.
        return value if len(value) <= MAX_TEXT and value.isascii() else sendable(head(value))
    if kind is int:
        return value if fits_int64(value) else digits(value)
    if kind is tuple:
        return tuple(map(_sendable, value))
    if kind is dict:
        return {_short(key): _sendable(item) for key, item in value.items()}
    return value


def redacted(key: str, value: str, redactor: Redaction, length: int | None) -> str:
    """A string attribute without secrets, cut to `length` characters afterwards; None keeps all.

    Of a key that is cut first, the half that is left would look like none.
    """
    if length is None or len(value) <= length:
        whole: str = redactor.attribute(key, value)
        return whole
    seen = length + CUT_MARGIN
    clean: str = redactor.attribute(key, value[:seen])
    return (clean[:-CUT_MARGIN] if len(value) > seen and clean != REDACTED else clean)[:length]


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
            clean[sendable(redactor.text(head(key)))] = _one_of_equals(
                _sendable(freeze(redactor.attribute(key, value)))
            )
        except Exception:
            # A pattern of the service's; better nothing than a secret.
            clean[sendable(head(key))] = REDACTED
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
