"""OTLP `KeyValue` messages, redacted, with a cache for values that repeat.

Attributes repeat: the same exchange, symbol, operation and host come with every span. The encoded and redacted bytes
of a short string attribute are kept, so that it costs one look into a dict the next time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...safe import digits, fits_int64
from ..freeze import usable_key
from ..values import Redaction, redacted
from .wire import double, int64, sized, text, varint

_REMEMBERED = 8192
_REMEMBERED_LENGTH = 320


class Redacted:
    """In the place of a redactor, for attributes that were redacted already; until that one learns of more secrets."""

    def __init__(self, redactor: Redaction) -> None:
        self._redactor = redactor
        self._first = redactor.generation

    @property
    def generation(self) -> int:
        """The generation of the redactor's rules."""
        return self._redactor.generation

    def attribute(self, key: str, value: Any) -> Any:
        """The value as it is, or without what has become known as a secret."""
        return value if self.generation == self._first else self._redactor.attribute(key, value)

    def text(self, text: str) -> str:
        """The text as it is, or without what has become known as a secret."""
        return text if self.generation == self._first else self._redactor.text(text)

    def inner(self, key: str, name: str) -> str:
        """What the redactor returns for the name of an inner value."""
        return self._redactor.inner(key, name)


class AttributeEncoder:
    """Encodes attributes to lists of `KeyValue` messages with their lengths, ready to be joined with a field's tag.

    Args:
        redactor: Called once for each name and value.
        length: Characters kept of a string; `None` means all.
    """

    def __init__(self, redactor: Redaction, length: int | None) -> None:
        self._redactor = redactor
        self._length = length
        # By type: `True` and `1` are equal as keys of one dict, but not the same attribute.
        self._known: dict[type, dict[tuple[str, Any], bytes]] = {str: {}, int: {}, bool: {}}
        self._generation = redactor.generation
        #: All but the number itself of messages with a float, which seldom come again.
        self._floats: dict[str, bytes] = {}

    def renew(self) -> None:
        """Drop cached encodings: the redactor would return other values now."""
        if self._generation != self._redactor.generation:
            self._generation = self._redactor.generation
            for known in self._known.values():
                known.clear()
            self._floats.clear()

    def encode(self, attributes: Mapping[str, Any]) -> list[bytes]:
        """The attributes in their order. Those that cannot be encoded are left out."""
        all_known = self._known
        floats = self._floats
        encoded = []
        # A thread that sets an attribute of a span just ended must not disturb the loop.
        for item in tuple(attributes.items()):
            kind = type(item[1])
            try:
                if kind is float:
                    head = floats.get(item[0]) or self._float_head(item[0])
                    message = head + double(item[1]) if head else self._other(*item)
                else:
                    known = all_known.get(kind)
                    message = (
                        self._other(*item)
                        if known is None
                        else known.get(item) or self._remember(known, item)
                    )
            except Exception:
                # A key that cannot be hashed, say. It is left out, and counted with the dropped ones.
                continue
            if message:
                encoded.append(message)
        return encoded

    def _remember(self, known: dict[tuple[str, Any], bytes], item: tuple[str, Any]) -> bytes:
        encoded = self._other(*item)
        # A value may be long and what is sent of it short: a secret, an address with a query.
        if len(encoded) <= _REMEMBERED_LENGTH and _is_short(item[0]) and _is_short(item[1]):
            if len(known) >= _REMEMBERED:
                known.clear()
            known[item] = encoded
        return encoded

    def _float_head(self, key: str) -> bytes:
        """What comes before the number; empty if floats of this name are not simply let through."""
        if type(key) is not str or not key or self._redactor.attribute(key, 1.0) != 1.0:
            return b""
        field = b"\x0a" + text(self._redactor.text(key))
        head = varint(len(field) + 11) + field + b"\x12\x09\x21"
        if len(self._floats) < _REMEMBERED and _is_short(key):
            self._floats[key] = head
        return head

    def _other(self, key: Any, value: Any, parent: str = "") -> bytes:
        """Encode an attribute of any type.

        Args:
            parent: The name of the mapping that it is in.
        """
        name = usable_key(key)
        if name is None:
            return b""
        any_value = self._any(self._redactor.inner(parent, name) if parent else name, value)
        if any_value is None:
            return b""
        return sized(b"\x0a" + text(self._redactor.text(name)) + b"\x12" + sized(any_value))

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
            pairs = [self._other(name, item, key) for name, item in value.items()]
            return b"\x32" + sized(b"".join(b"\x0a" + pair for pair in pairs))
        if value is None:
            return b""
        clean = (
            redacted(key, value, self._redactor, self._length)
            if isinstance(value, str)
            else self._redactor.attribute(key, value)
        )
        if isinstance(clean, str):
            return b"\x0a" + text(clean)
        if isinstance(clean, bool):
            return b"\x10\x01" if clean else b"\x10\x00"
        if isinstance(clean, int):
            # As a text where the number has more digits than OTLP takes, as amounts in wei have.
            return b"\x18" + int64(clean) if fits_int64(clean) else b"\x0a" + text(digits(clean))
        if isinstance(clean, float):
            return b"\x21" + double(clean)
        return b"\x3a" + sized(clean) if isinstance(clean, bytes) else None


def _is_short(value: Any) -> bool:
    """Whether a string or a number takes few bytes."""
    if isinstance(value, str):
        return len(value) <= _REMEMBERED_LENGTH
    return isinstance(value, int) and fits_int64(value)
