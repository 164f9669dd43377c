"""Takes out the values beside names that promise a secret.

`name=value`, `name: value`, `"name": "value"`, `('name', 'value')`, `{"name": "x-api-key", "value": "…"}`,
`<name>value</name>`, `--name value`, `name is value`; escaped once or more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from .names import SECRET, STEMS, promise
from .quoting import bracket, quoted, word
from .rules import REDACTED, RULES
from .values import FEWEST_WORDS, is_like_a_password, is_secret

_NAME = re.compile(r"[\w.\-]*+")
_LONGEST_NAME = 128
_LONGEST_WORD = 20
_WORD_BEFORE = re.compile(r"(?<![\w-])([A-Za-z0-9]{2,19}) \Z")
# What stands between a name and its value; after a blank alone the value is spoken of.
_BETWEEN = re.compile(
    # Also with the signs of Chinese texts; `name: |` with the value in the next line.
    r"(?:\\*+['\"])?\]?\s*+(?::=|=>|=|[\uff1a\uff1d]|:(?:[ \t]*+[|>][+-]?[ \t]*+\n)?)\s*+"
    r"|\\*+['\"]\s*+(?:,\s*+(?:\\*+['\"]value\\*+['\"]\s*+:\s*+)?|value\s*+=\s*+)"
    # A part of a form; the attributes of an element of XML; the two lines of a variable in Kubernetes; Erlang.
    r"|['\"](?:\r?\n){2}|(?:\s[\w:-]{1,40}=\"[^\"<>]{0,200}\")*+>|['\"]?[ \t]*+\r?\n[ \t]*+value:\s*+|,\s*+<<"
    r"|(?P<spoken>['\"]?(?:[ \t(?]++(?:[|\u2502\u2192][ \t]++)?|\|))"
)
# `"old" -> "new"`
_CHANGED = re.compile(r"(?<!\\)\\*+['\"] -> \\{0,9}+['\"]")
_REDACTED_VALUE = re.compile(r"[\\b'\"\[]{0,16}\[redacted\]")
# Letters may be followed by their accents, or be written as `\\u00e9`.
_WORDS = re.compile(r"[^\s\d,.:;=\"'(){}<>]{1,30}(?:[ ,\u3000]{1,2}[^\s,.:;=\"'(){}<>]{1,30})++")
# With the parameters of a scheme: `Digest username="u", response="…"`.
_REST_OF_LINE = re.compile(r"(?:[^\n'\"\\=]++|=\"[^\"\n]*+\"|=)*+")
_PLAIN_LINE = re.compile(r"[a-z]{0,14}(?: [a-z]{1,14})*+[.,;]?")
_PHRASES = ("mnemonic", "phrase", "seed", "words")
_HEADERS = ("authorization", "x-auth", "x-authentication", "proxy-authorization")
# A list or a tuple of texts.
_ITEMS = re.compile(r"[\[(]\s*+(?:b?['\"][^'\"\\\n]*+(?:['\"][\s,]*+|\Z))++[\])]?")
_ITEM = re.compile(r"(['\"])([^'\"\n]++)(?=['\"]|\Z)")


def without_pairs(text: str, marks: Iterable[tuple[int, str]]) -> str:
    """`text` without the values of names that promise a secret.

    Args:
        marks: Where parts of such names are, as `marks.found_in` finds them.
    """
    kept: list[str] = []
    done = 0
    for position, mark in marks:
        if position < done or mark not in STEMS:
            continue
        start, end = _around(text, position)
        promised = _promise(text, start, end)
        found = _value(text, text[start:end], end, promised) if promised else None
        if found is None or found[0] < done:
            continue
        kept += (text[done : found[0]], found[2])
        done = found[1]
    return "".join((*kept, text[done:])) if kept else text


def _promise(text: str, start: int, end: int) -> str:
    """What a name promises, with the word in front where it is one of two: `api key`, `cache key`."""
    name = text[start:end]
    if name.lower() in RULES.qualified:
        before = _WORD_BEFORE.search(text[max(0, start - _LONGEST_WORD) : start])
        if before is not None:
            return promise(f"{before[1]}_{name}")
    return promise(name)


def _around(text: str, position: int) -> tuple[int, int]:
    """Beginning and end of the name around a position."""
    before = text[max(0, position - _LONGEST_NAME) : position][::-1]
    start = position - _NAME.match(before).end()  # type: ignore[union-attr]
    return start, _NAME.match(text, position, position + _LONGEST_NAME).end()  # type: ignore[union-attr]


def _value(text: str, name: str, end: int, promised: str) -> tuple[int, int, str] | None:
    """Beginning and end of the value behind a name that ends at `end`, and what comes in its place."""
    between = _BETWEEN.match(text, end)
    if between is None or _REDACTED_VALUE.match(text, between.end()):
        return None
    start = between.end()
    if between["spoken"]:
        argument = quoted(text, start) if text[start - 1] == "(" and promised != SECRET else None
        if argument is not None:
            # `from_key('…')`
            return (*argument, REDACTED) if is_secret(promised, text[slice(*argument)]) else None
        return _spoken(text, name, start, promised)
    inside = quoted(text, start)
    if inside is not None:
        changed = _CHANGED.match(text, inside[1])
        if changed is not None and promised == SECRET:
            inside = quoted(text, changed.end() - 1) or inside
            return start + 1, inside[1], REDACTED
        return (*inside, REDACTED) if is_secret(promised, text[inside[0] : inside[1]]) else None
    if text.startswith(("[", "(", "{"), start):
        return _list(text, start, promised)
    if name.lower().startswith(_HEADERS):
        stop = _REST_OF_LINE.match(text, start).end()  # type: ignore[union-attr]
        return None if _PLAIN_LINE.fullmatch(text, start, stop) else (start, stop, REDACTED)
    if name.lower().endswith(_PHRASES):
        words = _WORDS.match(text, start)
        if words is not None and len(words[0].split()) >= (3 if promised == SECRET else FEWEST_WORDS):
            return start, words.end(), REDACTED
    stop = word(text, start)
    return (start, stop, REDACTED) if stop > start and is_secret(promised, text[start:stop]) else None


def _list(text: str, start: int, promised: str) -> tuple[int, int, str] | None:
    """A list, a tuple or a mapping: of a name that is not clear, its items decide."""
    if promised == SECRET:
        end = bracket(text, start)
        closing = text[end - 1] if text[end - 1] in ")]}" else ""
        inside = text[start + 1 : end].strip(")]} ").lower()
        # `str[]` is no value, and neither is `(none)`.
        is_value = inside and inside not in RULES.no_values
        return (start, end, text[start] + REDACTED + closing) if is_value else None
    items = _ITEMS.match(text, start)
    if items is None:
        return None
    clean = _ITEM.sub(
        lambda item: item[1] + (REDACTED if is_secret(promised, item[2]) else item[2]), items[0]
    )
    return None if clean == items[0] else (start, items.end(), clean)


_SPOKEN = re.compile(
    r"(?:(?:for|of) [^\s'\"]{1,40} )?(?:(?:is|was|of|to|has value|->):? )?['\"(]?([^\s'\"|]++)"
)


def _spoken(text: str, name: str, start: int, promised: str) -> tuple[int, int, str] | None:
    """`password is hunter2`, `--password hunter2`: beside words, only what has a digit and a letter is a value."""
    spoken = _SPOKEN.match(text, start)
    if spoken is None:
        return None
    is_option = name.startswith("--")
    value = spoken[1].rstrip(".,;:)")
    if (
        not is_option
        and (promised != SECRET or len(value) < 6 or not is_like_a_password(value))
        and promised != "otp"
    ):
        return None
    return (spoken.start(1), spoken.start(1) + len(value), REDACTED) if is_secret(promised, value) else None
