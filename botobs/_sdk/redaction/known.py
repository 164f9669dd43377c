"""Secrets that the process itself holds, remembered in memory only.

They are passed to `botobs.redact_value`, learned from environment variables and files with the names of secrets, and
taken from exchange clients that botobs watches. Each is recognised wherever it appears: as it is, quoted for an
address, escaped for JSON, in hexadecimal, in base64 at any place, and by its first `PREFIX` characters alone.

What is short or has little variety would be found by chance in harmless texts: it is not remembered, and only redacted
beside its name.
"""

from __future__ import annotations

import base64
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

from .names import SECRET, promise

#: Characters by which the beginning of a secret is recognised.
PREFIX = 12
#: A secret must have as much variety: https://en.wikipedia.org/wiki/Entropy_(information_theory), times its length.
FEWEST_BITS = 60.0
#: Secrets that are remembered; further ones are not, so that a text takes bounded time.
MOST = 200
_SHORTEST = 4
_LONGEST = 16 * 1024
_LONGEST_FILE = 64 * 1024

#: Counts what was added, so that what was remembered before can be thrown away.
generation = 0
_seen: set[str] = set()
_weak: set[str] = set()
# What was added together.
_together: set[tuple[object, ...]] = set()
_PLAIN = frozenset({str, type(None)})
# By their first characters: the whole forms.
_forms: dict[str, tuple[str, ...]] = {}


def add(value: object) -> bool:
    """Remember a secret; whether it is remembered now.

    Args:
        value: A text, bytes, or anything with `get_secret_value`, as pydantic's `SecretStr`; other things are ignored.
    """
    text = _text(value)
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
    if len(_seen) >= MOST:
        return False
    global generation
    _seen.add(text)
    for form in _written(text):
        begin = form[:PREFIX]
        _forms[begin] = tuple({*_forms.get(begin, ()), form})
    generation += 1
    return True


def add_together(values: tuple[object, ...]) -> None:
    """Remember what a client holds, which is the same at each of its requests; None is left out."""
    plain = _PLAIN.issuperset(map(type, values))
    if plain and values in _together:
        return
    add_all(values)
    if plain and len(_together) < MOST:
        _together.add(values)


def add_all(values: Iterable[object]) -> None:
    """Remember several; what is no text is left out."""
    for value in values:
        if value is not None:
            add(value)


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


def _text(value: object) -> str | None:
    reveal = None if type(value) is str else getattr(value, "get_secret_value", None)
    if callable(reveal):
        value = reveal()
    if isinstance(value, bytes | bytearray):
        value = bytes(value).decode("utf-8", "replace")
    if not isinstance(value, str):
        return None
    text = str.__str__(value).strip()
    return text if len(text) <= _LONGEST else None


def _is_strong(text: str) -> bool:
    if len(text) < PREFIX:
        return False
    counts = Counter(text)
    return -sum(count * math.log2(count / len(text)) for count in counts.values()) >= FEWEST_BITS


def _written(text: str) -> set[str]:
    """The ways in which a secret may be written that have at least `PREFIX` characters."""
    plain = text.encode("utf-8", "replace")
    forms = {
        text,
        quote(text, safe=""),
        quote_plus(text),
        json.dumps(text)[1:-1],
        json.dumps(text, ensure_ascii=False)[1:-1],
    }
    forms |= {json.dumps(form)[1:-1] for form in forms}
    forms |= {form.replace("%2F", "%2f").replace("%2B", "%2b").replace("%3D", "%3d") for form in forms}
    forms |= {plain.hex(), plain.hex().upper(), repr(text)[1:-1], quote(text, safe="/")}
    for shift in range(3):
        # Its place among other bytes moves the letters of base64; those at the edges depend on the neighbours.
        encoded = base64.b64encode(b"\0" * shift + plain).decode().rstrip("=")
        inside = encoded[4 if shift else 0 : len(encoded) - (1 if (len(plain) + shift) % 3 else 0)]
        forms |= {inside, inside.replace("+", "-").replace("/", "_")}
    return {form for form in forms if len(form) >= PREFIX}


def _lines(path: str) -> list[str]:
    try:
        file = Path(path)
        if not file.is_file() or file.stat().st_size > _LONGEST_FILE:
            return []
        return file.read_text(encoding="utf-8", errors="replace").split("\n")
    except (OSError, ValueError):
        # Of a service's own file; the service will say what is wrong with it.
        return []
