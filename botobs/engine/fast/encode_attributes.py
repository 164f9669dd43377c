"""OTLP `KeyValue` messages, redacted, and remembered for strings that come again.

Attributes repeat: the same exchange, symbol, operation and host come with every span. The encoded and redacted bytes
of a short string attribute are kept, so that it costs one look into a dict the next time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .attributes import truncate, usable_key
from .wire import double, fits_int64, int64, sized, text, varint

if TYPE_CHECKING:
    from ...redaction import Redactor

_REMEMBERED = 8192
_REMEMBERED_LENGTH = 256


class AttributeEncoder:
    """Encodes attributes to lists of `KeyValue` messages with their lengths, ready to be joined with a field's tag.

    Args:
        redactor: Sees every name and value once; its answer must depend on these alone.
        length: Characters kept of a string; `None` means all.
    """

    def __init__(self, redactor: Redactor, length: int | None) -> None:
        self._redactor = redactor
        self._length = length
        self._strings: dict[tuple[str, str], bytes] = {}
        self._heads: dict[str, tuple[bytes, bytes, bytes] | None] = {}

    def encode(self, attributes: Mapping[str, Any]) -> list[bytes]:
        """The attributes in their order. Those that cannot be encoded are left out."""
        strings = self._strings
        encoded = []
        # A thread that sets an attribute of a span just ended must not disturb the loop.
        for item in tuple(attributes.items()):
            value = item[1]
            kind = type(value)
            if kind is str:
                known = strings.get(item)
                encoded.append(known if known is not None else self._string(item))
            elif kind is float or kind is int or kind is bool:
                encoded.append(self._number(item[0], value, kind))
            else:
                encoded.append(self._other(item[0], value))
        return [message for message in encoded if message] if b"" in encoded else encoded

    def _string(self, item: tuple[str, str]) -> bytes:
        key, value = item
        encoded = self._other(key, value)
        if len(value) <= _REMEMBERED_LENGTH and encoded:
            if len(self._strings) >= _REMEMBERED:
                self._strings.clear()
            self._strings[item] = encoded
        return encoded

    def _number(self, key: str, value: Any, kind: type) -> bytes:
        try:
            heads = self._heads[key]
        except KeyError:
            heads = self._learn(key)
        if heads is None:
            return self._other(key, value)
        for_float, for_small, for_bool = heads
        if kind is float:
            return for_float + double(value)
        if kind is bool:
            return for_bool + (b"\x01" if value else b"\x00")
        return for_small + varint(value) if 0 <= value < 128 else self._other(key, value)

    def _learn(self, key: str) -> tuple[bytes, bytes, bytes] | None:
        """All but the number itself of the messages for `key`; `None` if its numbers are not simply let through."""
        if type(key) is not str or not key or self._redactor.attribute(key, 1) != 1:
            return None
        field = b"\x0a" + text(key)
        heads = (
            varint(len(field) + 11) + field + b"\x12\x09\x21",
            varint(len(field) + 4) + field + b"\x12\x02\x18",
            varint(len(field) + 4) + field + b"\x12\x02\x10",
        )
        if len(self._heads) < _REMEMBERED:
            self._heads[key] = heads
        return heads

    def _other(self, key: Any, value: Any) -> bytes:
        """Any attribute, the long way."""
        name = usable_key(key)
        if name is None:
            return b""
        any_value = self._any(name, value if self._length is None else truncate(value, self._length))
        return b"" if any_value is None else sized(b"\x0a" + text(name) + b"\x12" + sized(any_value))

    def _any(self, key: str, value: Any) -> bytes | None:
        """An `AnyValue`; `None` if OTLP cannot express it."""
        if isinstance(value, tuple | list):
            items = [self._any(key, item) for item in value]
            return (
                None
                if None in items
                else b"\x2a" + sized(b"".join(b"\x0a" + sized(item or b"") for item in items))
            )
        if isinstance(value, Mapping):
            pairs = [self._other(name, item) for name, item in value.items()]
            return b"\x32" + sized(b"".join(b"\x0a" + pair for pair in pairs))
        if value is None:
            return b""
        clean = self._redactor.attribute(key, value)
        if isinstance(clean, str):
            return b"\x0a" + text(clean)
        if isinstance(clean, bool):
            return b"\x10\x01" if clean else b"\x10\x00"
        if isinstance(clean, int):
            return b"\x18" + int64(clean) if fits_int64(clean) else None
        if isinstance(clean, float):
            return b"\x21" + double(clean)
        return b"\x3a" + sized(clean) if isinstance(clean, bytes) else None
