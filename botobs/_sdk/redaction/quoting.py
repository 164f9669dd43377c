"""Where a value ends: at its quote, its bracket, or the end of its word.

What opens and never closes is taken to the end of the text: a text may have been cut, in the middle of a secret.
"""

from __future__ import annotations

import re

# `'…`, `b"…`, `\\"…`, `SecretStr('…`, `bytearray(b'…`, `string(12) "…`.
_OPENING = re.compile(
    r"(?:string\(\d{1,9}\) |[A-Za-z_][\w.]{0,60}\((?:\w{1,30}=)?)?[bBuUrRfFeEnNxX]{0,2}(?<!\\)(\\*+)(['\"])"
)
_QUOTE = {"'": re.compile(r"(?<!\\)(\\*+)'"), '"': re.compile(r'(?<!\\)(\\*+)"')}
_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_IN_BRACKETS = re.compile(r"[\[\](){}]|(?<!\\)\\*+['\"]")
# A comma, a bracket or a quote within a word belongs to it; before the end, or another such sign, it does not.
# `data:text/plain;base64,…` is one word.
_DATA = re.compile(r"data:[\w./+-]{1,60};base64,")
_WORD = re.compile(
    r"(?:[^\x00-\x20\s&;,)\]}>'\"\\<]|[,)\]}'\"\\](?![\s,;:.)\]}'\"\\>n]|r\\n|\Z|\w++['\"]? ?[=:])|[<>](?!/)"
    # What is no next pair of a form.
    r"|&(?![\s&,;)\]}>'\"\\<]|\Z|amp;|[\w.\-\[\]%]++=))++"
)


def quoted(text: str, start: int) -> tuple[int, int] | None:
    """Beginning and end of what is in the quotes that open at `start`; `None` without a quote."""
    opening = _OPENING.match(text, start)
    if opening is None:
        return None
    return opening.end(), closing_quote(text, opening.end(), opening[2], len(opening[1]))


def closing_quote(text: str, begin: int, quote: str, level: int) -> int:
    """Where the quote, or its backslashes, stand that end a text which was opened behind `level` backslashes."""
    pattern = _QUOTE[quote]
    position = begin
    while (found := pattern.search(text, position)) is not None:
        slashes = len(found[1])
        closes = slashes <= level if level else slashes % 2 == 0
        doubled = (
            closes and not level and text.startswith(quote, found.end()) and not text.startswith(quote, begin)
        )
        if closes and not doubled:
            return found.end() - 1 - (level if slashes >= level else slashes)
        position = found.end() + doubled
    return len(text)


def bracket(text: str, start: int) -> int:
    """The end of what is in the brackets that open at `start`, behind the closing one."""
    open_brackets: list[str] = []
    position = start
    while (found := _IN_BRACKETS.search(text, position)) is not None:
        sign = found[0]
        position = found.end()
        if sign in _BRACKETS:
            open_brackets.append(_BRACKETS[sign])
        elif sign[-1] in "'\"":
            end = closing_quote(text, position, sign[-1], len(sign) - 1)
            position = min(len(text), end + len(sign))
        elif open_brackets and sign == open_brackets[-1]:
            open_brackets.pop()
            if not open_brackets:
                return position
    return len(text)


def word(text: str, start: int, most: int | None = None) -> int:
    """The end of a word that begins at `start`; what is behind `most` is not looked at."""
    data = _DATA.match(text, start) if text[start : start + 5] == "data:" else None
    found = _WORD.match(text, data.end() if data is not None else start, len(text) if most is None else most)
    return start if found is None else found.end()
