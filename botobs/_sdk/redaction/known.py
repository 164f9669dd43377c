"""Secrets that the process itself holds, remembered in memory only.

They are passed to `botobs.redact_value`, learned from environment variables and files with the names of secrets, and
taken from exchange clients that botobs watches. Each is recognised wherever it appears: as it is, quoted for an
address, escaped for JSON, in hexadecimal, in base64 at any place, and by its first `PREFIX` characters alone.

What is short or has little variety would be found by chance in harmless texts: it is not remembered, and only redacted
beside its name.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import FunctionType, MethodType, ModuleType

from ._written import written
from .names import SECRET, promise

#: Characters by which the beginning of a secret is recognised.
PREFIX = 12
#: A secret must have as much variety: https://en.wikipedia.org/wiki/Entropy_(information_theory), times its length.
FEWEST_BITS = 60.0
#: Secrets that are remembered, so that a text takes bounded time; further ones are not. What clients hold makes room
#: for what they hold later.
MOST = 200
#: Seconds between two that make room: each time what was let through is looked at anew.
_ROOM_S = 1.0
_SHORTEST = 4
_LONGEST = 16 * 1024
_LONGEST_FILE = 64 * 1024

#: Counts what was added, so that what was remembered before can be thrown away.
generation = 0
_seen: set[str] = set()
# Of these, with their bytes, what clients hold: it may change while they run.
_leaving: dict[str, bytes] = {}
_room_made = -math.inf
_weak: set[str] = set()
# What was added together.
_together: set[tuple[object, ...]] = set()
_TEXTS = (str, bytes, bytearray, memoryview)
_NO_CONFIGURATION = (type, ModuleType, FunctionType, MethodType)
#: Mappings, lists and objects of one value that are looked into.
_MOST_LOOKED = 1000
_PLAIN = frozenset({str, type(None)})
# By their first characters: the whole forms.
_forms: dict[str, tuple[str, ...]] = {}


def add(value: object, *, stays: bool = True) -> bool:
    """Remember a secret; whether it is remembered now.

    Args:
        value: A text, bytes, or anything with `get_secret_value`, as pydantic's `SecretStr`; other things are ignored.
        stays: Whether it makes no room for others when `MOST` are remembered.
    """
    text, held = _text(value)
    if text is None:
        return False
    if text in _seen:
        return True
    if text in _weak:
        return False
    if not _is_strong(text):
        if len(_weak) < MOST and len(text) >= _SHORTEST:
            _weak.add(text)
        return False
    if len(_seen) >= MOST and not _made_room():
        return False
    global generation
    _seen.add(text)
    if not stays:
        _leaving[text] = held
    for form in written(text, held):
        if len(form) >= PREFIX:
            begin = form[:PREFIX]
            _forms[begin] = tuple({*_forms.get(begin, ()), form})
    generation += 1
    return True


def _made_room() -> bool:
    """Forget the oldest that does not stay; whether there was one."""
    global _room_made
    now = time.monotonic()
    if not _leaving or now - _room_made < _ROOM_S:
        return False
    _room_made = now
    oldest = next(iter(_leaving))
    gone = written(oldest, _leaving.pop(oldest, b""))
    _seen.discard(oldest)
    _together.clear()
    for begin in {form[:PREFIX] for form in gone}:
        left = tuple(form for form in _forms.pop(begin, ()) if form not in gone)
        if left:
            _forms[begin] = left
    return True


def add_together(values: tuple[object, ...]) -> None:
    """Remember what a client holds, which is the same at each of its requests; None is left out."""
    plain = _PLAIN.issuperset(map(type, values))
    if plain and values in _together:
        return
    add_held(values)
    if plain and len(_together) < MOST:
        _together.add(values)


def add_held(values: Iterable[object]) -> None:
    """Remember what a client holds now; what is no text is left out."""
    for value in values:
        if value is not None:
            add(value, stays=False)


def add_all(values: Iterable[object]) -> None:
    """Remember several, and what configuration holds under the names of secrets; other things are left out."""
    for value in values:
        for text in _within(value):
            add(text)


def _within(value: object) -> Iterator[object]:
    """A text itself, each item of a list, and of a mapping or an object what has the name of a secret."""
    # With whether a text is one, and whether all is that a mapping holds.
    todo = [(value, True, False)]
    looked: set[int] = set()
    while todo and len(looked) < _MOST_LOOKED:
        item, is_secret, holds_secrets = todo.pop()
        if callable(getattr(item, "get_secret_value", None)) or (is_secret and isinstance(item, _TEXTS)):
            yield item
        if item is None or id(item) in looked or isinstance(item, (*_TEXTS, *_NO_CONFIGURATION)):
            continue
        looked.add(id(item))
        if isinstance(item, list | tuple | set | frozenset):
            todo += [(each, is_secret, holds_secrets) for each in item]
            continue
        # No property is called: only what an object holds.
        held = item if isinstance(item, Mapping) else getattr(item, "__dict__", None) or _slots(item)
        for name, each in dict(held).items():
            named = holds_secrets or promise(str(name)) == SECRET
            todo.append((each, named, named))


def _slots(value: object) -> dict[str, object]:
    names = getattr(type(value), "__slots__", ())
    return {name: getattr(value, name, None) for name in ((names,) if isinstance(names, str) else names)}


def learn(environ: Mapping[str, str]) -> None:
    """Remember the values of variables with the names of secrets, and the content of the files that such name.

    Args:
        environ: Names and values, as in `os.environ`. `DB_PASSWORD_FILE` names a file; one that cannot be read, or is
            longer than 64 KiB, is passed over.
    """
    for name, value in environ.items():
        if name.upper().endswith("_FILE"):
            if promise(name[:-5]):
                add_all(_lines(value))
        elif promise(name) == SECRET and not value.startswith(("/", "~/", "./")):
            add(value)


def taken_out(text: str, redacted: str) -> str:
    """`text` with `redacted` in place of every secret that is known, and of beginnings of one."""
    if len(text) < PREFIX:
        return text
    # A copy, which is made in one step: another thread may learn of a secret meanwhile.
    for begin, forms in tuple(_forms.items()):
        if begin in text:
            text = _without(text, begin, forms, redacted)
    return text


def is_weak_one(value: str) -> bool:
    """Whether this very value was registered, and is too short or too plain to be looked for everywhere."""
    return value in _weak


def forget() -> None:
    """Forget all; for tests."""
    global generation
    _seen.clear()
    _leaving.clear()
    _weak.clear()
    _together.clear()
    _forms.clear()
    generation += 1


def _without(text: str, begin: str, forms: tuple[str, ...], redacted: str) -> str:
    kept: list[str] = []
    done = 0
    while (start := text.find(begin, done)) >= 0:
        length = max(_common(text, start, form) for form in forms)
        kept += (text[done:start], redacted)
        done = start + length
    return "".join((*kept, text[done:]))


def _common(text: str, start: int, form: str) -> int:
    """How many characters of a form stand in a text from `start` on."""
    if text.startswith(form, start):
        return len(form)
    length = PREFIX
    while start + length < len(text) and length < len(form) and text[start + length] == form[length]:
        length += 1
    return length


def _text(value: object) -> tuple[str | None, bytes]:
    """The text of a value, and its bytes, which may be none of a text."""
    reveal = None if type(value) is str else getattr(value, "get_secret_value", None)
    if callable(reveal):
        value = reveal()
    held = None
    if isinstance(value, bytes | bytearray | memoryview):
        held = bytes(value)
        # What is no text is recognised by its bytes, in hexadecimal and base64.
        value = held.decode("utf-8", "backslashreplace")
    if not isinstance(value, str):
        return None, b""
    text = str.__str__(value).strip()
    return (text if len(text) <= _LONGEST else None), held or text.encode("utf-8", "replace")


def _is_strong(text: str) -> bool:
    if len(text) < PREFIX:
        return False
    counts = Counter(text)
    return -sum(count * math.log2(count / len(text)) for count in counts.values()) >= FEWEST_BITS


def _lines(path: str) -> list[str]:
    try:
        file = Path(path)
        if not file.is_file() or file.stat().st_size > _LONGEST_FILE:
            return []
        return file.read_text(encoding="utf-8", errors="replace").split("\n")
    except (OSError, ValueError):
        # Of a service's own file; the service will say what is wrong with it.
        return []
