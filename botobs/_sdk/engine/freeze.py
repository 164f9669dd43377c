"""Copies of attributes that a service passes, which do not change when the service changes its objects later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import NoneType
from typing import Any

from ..safe import head, let_pass, text_of

#: Types whose values cannot change. Those of subclasses may, so types are compared exactly.
IMMUTABLE = frozenset({str, int, float, bool, bytes, NoneType})

Attributes = Mapping[str, Any] | None

#: Replaces what is left out of a value.
CUT = "…"
#: Levels of nesting and items of one value that are kept. Receivers reject a whole request beyond some depth.
_MOST_LEVELS, _MOST_ITEMS = 16, 10_000

_STR = frozenset({str})


def _has_text(value: object) -> bool:
    """Whether `str(value)` is more than the default text with the object's address."""
    return type(value).__str__ is not object.__str__ or type(value).__repr__ is not object.__repr__


def freeze(value: Any) -> Any:
    """An unchangeable copy of one attribute value; never raises.

    Sequences become tuples, mappings dicts, and other objects their text. An object with the default text becomes
    `None`. A value that contains itself, is deeper than 16 levels or has more than 10,000 items is truncated.
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
        is_sequence = isinstance(value, Sequence)
        if not is_sequence and not isinstance(value, Mapping):
            return text_of(value) if _has_text(value) else None
        if id(value) in self._path or len(self._path) >= _MOST_LEVELS:
            return CUT
        self._path.add(id(value))
        try:
            return tuple(self._sequence(value)) if is_sequence else self._mapping(value)
        finally:
            self._path.discard(id(value))

    def _sequence(self, value: Sequence[Any]) -> Iterator[Any]:
        for item in value:
            if self._items <= 0:
                yield CUT
                return
            self._items -= 1
            yield self.freeze(item)

    def _mapping(self, value: Mapping[Any, Any]) -> dict[str, Any]:
        frozen = {}
        for name, item in value.items():
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
    try:
        return head(text_of(key)) or None if isinstance(key, str) or (key and _has_text(key)) else None
    except BaseException as error:
        let_pass(error)
        return None


def copy(attributes: Attributes) -> dict[str, Any]:
    """A copy of `attributes` that later changes of the caller's objects do not reach; empty if they cannot be read."""
    try:
        if not attributes:
            return {}
        copied = dict(attributes)
        # Keys other than plain strings are converted now, on this thread.
        if not _STR.issuperset(map(type, copied)):
            return freeze(copied)  # type: ignore[no-any-return]
    except BaseException as error:
        let_pass(error)
        return {}
    if not IMMUTABLE.issuperset(map(type, copied.values())):
        for key, value in copied.items():
            if type(value) not in IMMUTABLE:
                copied[key] = freeze(value)
    return copied
