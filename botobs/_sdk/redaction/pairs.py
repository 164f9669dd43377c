"""Takes out the values beside names that promise a secret.

`name=value`, `name: value`, `"name": "value"`, `('name', 'value')`, `{"name": "x-api-key", "value": "…"}`, `<name>value</name>`,
`--name value`, escaped once or more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .names import SECRET, STEMS, promise
from .quoting import bracket, quoted, word
from .values import is_secret

#: What stands in place of a secret.
REDACTED = "[redacted]"

_PAIR = re.compile(
    r"(?<![\w.\-])(-{0,2}[A-Za-z_][\w.\-]*+)"
    r"(?:(?:\\*+['\"])?\]?\s*+(?::=|=>|=|:)\s*+(?:\[\s*+)?|(?<=\w)\\*+['\"]\s*+,\s*+(?:\\*+['\"]value\\*+['\"]\s*+:\s*+)?|(?<=\w)>|(?<=\w)[ ]++)"
)
_REDACTED_VALUE = re.compile(r"(?<!\\)(?:\\*+b?['\"]|\[)?\[redacted\]")
_WORDS = re.compile(r"[^\W\d_]{1,12}(?:[ ,\u3000]{1,2}[^\W\d_]{1,12})++")
_REST_OF_LINE = re.compile(r"[^\n'\"\\]*+")
_PLAIN_LINE = re.compile(r"[a-z]{0,14}(?: [a-z]{1,14})*+[.,;]?")
_PHRASES = ("mnemonic", "phrase", "seed", "words")
_HEADERS = ("authorization", "x-auth", "x-authentication", "proxy-authorization")
_QUOTED_ITEM = re.compile(r"(\\*+['\"])([^'\"\\\n]++)(?=\\*+['\"])")


def without_pairs(text: str, lowered: str) -> str:
    """`text` without the values of names that promise a secret.

    Args:
        lowered: The text in lower case.
    """
    if not any(stem in lowered for stem in STEMS):
        return text
    kept: list[str] = []
    end = 0
    for start, stop, clean in _found(text):
        if start >= end:
            kept += (text[end:start], clean)
            end = stop
    return "".join((*kept, text[end:])) if kept else text


def _found(text: str) -> Iterator[tuple[int, int, str]]:
    """Beginning and end of each value to be taken out, and what comes in its place."""
    done = 0
    position = 0
    while (pair := _PAIR.search(text, position)) is not None:
        # A value may be the next name: `token: password: x`.
        position = pair.end()
        if pair.start() < done:
            continue
        promised = promise(pair[1])
        if not promised or _REDACTED_VALUE.match(text, pair.end()):
            continue
        found = _value(text, pair, promised)
        if found is not None:
            done = position = max(found[1], position)
            yield found


def _value(text: str, pair: re.Match[str], promised: str) -> tuple[int, int, str] | None:
    start = pair.end()
    name = pair[1]
    if pair[0][-1] == " " and pair[0].rstrip(" ") == name:
        return _spoken(text, pair, promised)
    inside = quoted(text, start)
    if inside is not None:
        begin, end, _ = inside
        return (begin, end, REDACTED) if is_secret(promised, text[begin:end]) else None
    if pair[0].rstrip().endswith("["):
        start = pair.end() - len(pair[0]) + pair[0].rindex("[")
    close = bracket(text, start)
    if close is not None:
        return _list(text, start, close, promised)
    if name.lower().startswith(_HEADERS):
        end = _REST_OF_LINE.match(text, start).end()  # type: ignore[union-attr]
        return None if _PLAIN_LINE.fullmatch(text, start, end) else (start, end, REDACTED)
    if name.lower().endswith(_PHRASES):
        words = _WORDS.match(text, start)
        if words is not None and (words[0].count(" ") >= 2 or "\u3000" in words[0]):
            return start, words.end(), REDACTED
    end = word(text, start)
    return (start, end, REDACTED) if end > start and is_secret(promised, text[start:end]) else None


def _list(text: str, start: int, end: int, promised: str) -> tuple[int, int, str] | None:
    """A list, a tuple or a mapping: of a name that is not clear, its items decide."""
    inside = text[start + 1 : end - 1] if end > start + 1 else ""
    if promised == SECRET:
        # `(self, secret: str)` and `str[…]` are no values.
        return (start, end, f"{text[start]}{REDACTED}{text[end - 1] if text[end - 1] in ')]}' else ''}") if inside.strip() else None
    clean = _QUOTED_ITEM.sub(lambda item: item[1] + (REDACTED if is_secret(promised, item[2]) else item[2]), text[start:end])
    return None if clean == text[start:end] else (start, end, clean)


_SPOKEN = re.compile(r"(?:(?:is|was|of|to|=|->) )?['\"]?([^\s'\"]++)")


def _spoken(text: str, pair: re.Match[str], promised: str) -> tuple[int, int, str] | None:
    """`password is hunter2`, `--password hunter2`: beside words, only what has a digit and a letter is a value."""
    spoken = _SPOKEN.match(text, pair.end())
    if spoken is None:
        return None
    is_option = pair[1].startswith("--")
    value = spoken[1].rstrip(".,;:)")
    if not is_option and (promised != SECRET or len(value) < 6 or not _is_like_a_password(value)):
        return None
    return (spoken.start(1), spoken.start(1) + len(value), REDACTED) if is_secret(promised, value) else None


def _is_like_a_password(value: str) -> bool:
    return not value[0].isdigit() and any(map(str.isdigit, value)) and any(map(str.isalpha, value)) and not set("=(){}[]<>$%?:/") & set(value)
