"""Copies of attributes that a service passes, which do not change when the service changes its objects later.

No code of the service is called for them; see `botobs._sdk.plain`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..plain import IMMUTABLE, class_name, mapping, sequence
from ..safe import head, let_pass, text_of
from ..texts import has_text
from .constant import ConstantAttributes
from .faults import FAULTS

Attributes = Mapping[str, Any] | None

#: Replaces what is left out of a value.
CUT = "…"
#: Levels of nesting and items of one value that are kept. Receivers reject a whole request beyond some depth.
_MOST_LEVELS, _MOST_ITEMS = 16, 10_000

_STR = frozenset({str})


def freeze(value: Any) -> Any:
    """An unchangeable copy of one attribute value; never raises.

    Sequences become tuples, mappings dicts, and other objects their text (see `texts.text_of`). An object with the
    default text becomes `None`. A value that contains itself, is deeper than 16 levels or has more than 10,000 items is
    truncated.
    """
    return value if type(value) in IMMUTABLE else _Freezer().freeze(value)


class _Freezer:
    """Copies one value, which may contain itself, or pretend to be of another type."""

    __slots__ = ("_items", "_path")

    def __init__(self) -> None:
        self._items = _MOST_ITEMS
        self._path: set[int] = set()

    def freeze(self, value: Any) -> Any:
        kind = type(value)
        if kind in IMMUTABLE:
            return value
        try:
            return self._plain(kind, value)
        except BaseException as error:
            let_pass(error)
            return text_of(value)

    def _plain(self, kind: type, value: Any) -> Any:
        # With methods of the built-in types: those of a subclass may do anything.
        if issubclass(kind, str):
            return str.__str__(value)
        if issubclass(kind, int):
            return int.__int__(value)
        if issubclass(kind, float):
            return float.__float__(value)
        if issubclass(kind, bytes):
            return bytes.__getitem__(value, slice(None))
        items = sequence(value)
        pairs = mapping(value) if items is None else None
        if items is None and pairs is None:
            return text_of(value) if has_text(value) else None
        if id(value) in self._path or len(self._path) >= _MOST_LEVELS:
            return CUT
        self._path.add(id(value))
        try:
            return tuple(self._sequence(items)) if items is not None else self.mapping(pairs or ())
        finally:
            self._path.discard(id(value))

    def _sequence(self, items: Iterator[Any]) -> Iterator[Any]:
        for item in items:
            if self._items <= 0:
                yield CUT
                return
            self._items -= 1
            yield self.freeze(item)

    def mapping(self, pairs: Iterable[tuple[Any, Any]]) -> dict[str, Any]:
        frozen = {}
        for name, item in pairs:
            if self._items <= 0:
                break
            self._items -= 1
            key = usable_key(name)
            if key is not None:
                frozen[key] = self.freeze(item)
        return frozen


def usable_key(key: Any) -> str | None:
    """`key` as a non-empty string that is not too long, or `None` if it cannot be one; never raises."""
    if type(key) is str:
        return head(key) or None
    if key is None or key is False or (type(key) in IMMUTABLE and not key) or not has_text(key):
        return None
    return head(text_of(key)) or None


def copy(attributes: Attributes) -> dict[str, Any]:
    """A copy of `attributes` that later changes of the caller's objects do not reach; empty if they cannot be read."""
    if attributes is None:
        return {}
    try:
        # An attribute's key of a type of the service's would be hashed for a copy of the dict.
        if type(attributes) is not dict and type(attributes) is not ConstantAttributes:
            return _read(attributes)
        if not attributes:
            return {}
        if not _STR.issuperset(map(type, attributes)):
            return _read(attributes)
        copied = attributes.copy()
        if not IMMUTABLE.issuperset(map(type, copied.values())):
            for key, value in copied.items():
                if type(value) not in IMMUTABLE:
                    copied[key] = freeze(value)
    except BaseException as error:
        # Changed by another thread, perhaps; or there is no memory left.
        let_pass(error)
        return {}
    return copied


def _read(attributes: Any) -> dict[str, Any]:
    pairs = mapping(attributes)
    if pairs is None:
        name = class_name(type(attributes))
        FAULTS.log_once(name, "attributes of the type %s are left out: only a dict is read", name)
        return {}
    return _Freezer().mapping(pairs)
