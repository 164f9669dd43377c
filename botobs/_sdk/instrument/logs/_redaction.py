"""Takes the secrets out of one log record, and leaves everything else the very object that the service has logged.

A service's filters and handlers know what they have put into `extra`: a named tuple, a dict with numbers for keys. So
only what held a secret is replaced, by a copy of the same type where that can be made.

It happens on the thread that logs, so a bounded part of a record is looked at. Of a longer text the rest is dropped,
with a mark. A container that is larger, or deeper, than what is looked at is treated like any object that is no plain
data: it stays as it is unless a secret was found in it; what is exported of it is redacted again, as text.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from ...patching.guard import report
from ...redaction import CUT_MARGIN, MAX_BYTES, REDACTED, Redactor

#: What looking at an item of a container costs, as bytes of a text.
_ITEM_BYTES = 16
_DEEPEST = 20
#: A name says at its end what its value is.
_LONGEST_NAME = 256
_Item = TypeVar("_Item")

_COLORS = re.compile(r"\x1b\[[0-9;]*+m")


class RecordRedactor:
    """What may be looked at of one record: `MAX_BYTES` in all.

    A field takes half of what is left at most, so that a long one leaves something for what comes after it.

    Args:
        breaking: Put `REDACTED` where a container holds itself.
    """

    def __init__(self, redactor: Redactor, breaking: bool = False) -> None:
        self._redactor = redactor
        self._breaking = breaking
        self._left = MAX_BYTES
        self._holds_itself = False

    def message(self, text: str, most: int = MAX_BYTES) -> str:
        """`text` without secrets, itself if it has none; it may take all that is left, up to `most` bytes."""
        clean = self._clean("", text, min(self._left, most))
        return text if clean == text else clean

    def exported(self, name: str, text: str, most: int) -> str:
        """A text as it can be handed to the export thread, which redacts all that it gets: itself if it is short.

        Of a long one at most `most` bytes are kept, which are redacted here: a secret that is cut may look like none.
        Codes of colors are taken out here, too.
        """
        share = min(self._left, most)
        return text if self.fits(text, share) else self._clean(name, text, share)

    def fits(self, text: str, most: int) -> bool:
        """Whether a text can be handed to the export thread as it is; it is counted then."""
        size = len(text) if text.isascii() else 4 * len(text)
        if size > most or "\x1b[" in text:
            return False
        self._left -= size
        return True

    def items(self, items: Iterable[_Item]) -> Iterator[_Item]:
        """As many items of a container as may be looked at."""
        for item in items:
            if self._left < _ITEM_BYTES:
                return
            self._left -= _ITEM_BYTES
            yield item

    def traceback(self, text: str) -> str:
        """A traceback without secrets. Of a long one the middle is dropped: the last lines say what has happened."""
        share = self._left // 2
        if len(text) <= share:
            return self._clean("", text, share)
        # A character may have four bytes.
        half = share // 2
        tail = text[-half // (1 if text.isascii() else 4) :]
        head = self._clean("", text[: -len(tail)], half)
        # What the tail begins with may be the rest of a secret.
        return head + "\n" + self._clean("", tail, half)[CUT_MARGIN:].partition("\n")[2]

    @contextmanager
    def half(self) -> Iterator[None]:
        """While one field is looked at: it may take half of what is left."""
        kept = self._left // 2
        self._left -= kept
        try:
            yield
        finally:
            self._left += kept

    def field(self, name: str, value: Any) -> Any:
        """The value of a field; the same object unless there was a secret in it."""
        name = name[-_LONGEST_NAME:]
        try:
            self._holds_itself = False
            with self.half():
                clean = self._value(name, value, frozenset())
            if clean is not value and self._holds_itself:
                # The copy would lead back to what it was made of.
                return RecordRedactor(self._redactor, breaking=True)._value(name, value, frozenset())
            return clean
        except Exception as error:
            # A container of the service that cannot be read, not even by the service.
            report("logging", error)
            return value

    def printed(self, name: str, value: Any) -> Any:
        """Like `field`; of an object that is no plain data its text, if that holds a secret: handlers print it."""
        clean = self.field(name, value)
        if clean is not value or _is_plain(type(value)):
            return clean
        try:
            text = str(value)
        except Exception as error:
            report("logging", error)
            return value
        redacted = self.message(text)
        return value if redacted == text else redacted

    def _value(self, name: str, value: Any, inside: frozenset[int]) -> Any:
        # The type and not `isinstance`, which asks the object what it wants to be.
        kind = type(value)
        if issubclass(kind, str):
            clean = self._clean(name, value, self._left)
            return value if clean == str.__str__(value) else clean
        if issubclass(kind, int | float):
            return REDACTED if kind is not bool and self._redactor.hides(name) else value
        if issubclass(kind, bytes | bytearray):
            return self._bytes(name, value)
        build = _builder(kind)
        if build is None or len(inside) >= _DEEPEST:
            return value
        if id(value) in inside:
            self._holds_itself = True
            return REDACTED if self._breaking else value
        return self._container(name, value, inside | {id(value)}, build)

    def _container(
        self, name: str, value: Any, inside: frozenset[int], build: Callable[[Any, list[Any]], Any]
    ) -> Any:
        is_mapping = issubclass(type(value), Mapping)
        pairs: Iterable[tuple[Any, Any]] = pairs_of(value) if is_mapping else ((name, item) for item in value)
        items = []
        changed = False
        for key, item in self.items(pairs):
            clean = self._value(
                self._redactor.inner(name, _text_of(key)) if is_mapping else name, item, inside
            )
            changed = changed or clean is not item
            items.append(clean)
        if not changed:
            return value
        items += [REDACTED] * (len(value) - len(items))
        return build(value, items)

    def _bytes(self, name: str, value: bytes | bytearray) -> Any:
        if self._redactor.hides(name):
            return REDACTED if value else value
        share = self._left
        text = bytes(memoryview(value)[:share]).decode("latin-1")
        clean = self._clean(name, text, share)
        return value if clean == text else clean.encode("latin-1", "replace")

    def _clean(self, name: str, text: str, share: int) -> str:
        text = str.__str__(text)
        try:
            clean = self._looked_at(name, text, share)
            if text.find("\x1b[", 0, share) >= 0:
                # Codes of colors between a name and its value hide the pair.
                plain = _COLORS.sub("", text[:share]) + text[share:]
                bare = self._looked_at(name, plain, share)
                return clean if bare == plain else bare
            return clean
        except Exception as error:
            report("logging", error)
            return REDACTED if text else text

    def _looked_at(self, name: str, text: str, share: int) -> str:
        share = min(share, self._left)
        self._left -= min(len(text) if text.isascii() else 4 * len(text), share)
        return self._redactor.bounded(name, text, share)


def _is_plain(kind: type) -> bool:
    return (
        kind is type(None)
        or issubclass(kind, str | int | float | bytes | bytearray)
        or _builder(kind) is not None
    )


def _text_of(key: Any) -> str:
    return str.__str__(key)[-_LONGEST_NAME:] if issubclass(type(key), str) else ""


def pairs_of(value: Any) -> Iterable[tuple[Any, Any]]:
    """Names and values of a mapping."""
    items: Iterable[tuple[Any, Any]] = dict.items(value) if issubclass(type(value), dict) else value.items()
    return items


def _builder(kind: type) -> Callable[[Any, list[Any]], Any] | None:
    """What makes a container like a given one, of other items in the same order; `None` for what is no container."""
    if issubclass(kind, dict):
        return _dict
    if issubclass(kind, list):
        return _list
    if issubclass(kind, tuple):
        return _tuple
    if issubclass(kind, set | frozenset):
        return _set
    return _mapping if issubclass(kind, Mapping) else None


def _dict(value: dict[Any, Any], items: list[Any]) -> dict[Any, Any]:
    changes = dict(zip(dict.keys(value), items, strict=False))
    clone = _copied(value)
    if clone is None:
        return changes
    dict.update(clone, changes)
    return clone  # type: ignore[no-any-return]


def _list(value: list[Any], items: list[Any]) -> list[Any]:
    clone = _copied(value)
    if clone is None:
        return items
    list.__setitem__(clone, slice(None), items)
    return clone  # type: ignore[no-any-return]


def _tuple(value: tuple[Any, ...], items: list[Any]) -> tuple[Any, ...]:
    try:
        return tuple.__new__(type(value), items)
    except TypeError:
        # Types written in C, such as time.struct_time, cannot be made that way.
        return tuple(items)


def _set(value: Any, items: list[Any]) -> Any:
    return frozenset(items) if issubclass(type(value), frozenset) else set(items)


def _mapping(value: Mapping[Any, Any], items: list[Any]) -> dict[Any, Any]:
    return dict(zip(value.keys(), items, strict=False))


def _copied(value: Any) -> Any:
    """A copy of an instance of a subclass, with its own attributes; `None` where the plain type has to do."""
    if type(value) in (dict, list):
        return None
    try:
        clone = copy.copy(value)
    except Exception as error:
        report("logging", error)
        return None
    return clone if type(clone) is type(value) and clone is not value else None
