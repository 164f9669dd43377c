"""Takes out what stands near the name of a secret that no value is beside, if it looks like one.

Validators, assertions and serializers write a name and its value in ways that nobody can list. The value of a name that
has none is the nearest text that stands by itself, looks like a token, and is not called an id by the word in front.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from .rules import REDACTED
from .values import is_like_a_token, is_named_id

# In quotes, behind a verb or an arrow, or alone in its line.
_VALUES = re.compile(
    r"['\"]([^'\"\\ \t\r\n]{8,200})['\"]"
    r"|(?: (?:is|was|got):? | (?:->|=>|\u2192|\u279c) |\n[ \t]{0,16})([^'\"\\ \t\r\n]{8,200})(?:[\n ]|\Z)"
)
#: One of these is in front of each.
_SIGNS = ("'", '"', "\n", " is", " was", " got", "->", "=>", "\u2192", "\u279c")
#: Characters between a name and its value.
_FARTHEST = 160


def without_near(text: str, names: Iterable[tuple[int, int]]) -> str:
    """`text` without the values that stand near names of secrets, at most one for each.

    Args:
        names: Beginning and end of each name, in their order.
    """
    if not any(sign in text for sign in _SIGNS):
        return text
    kept: list[str] = []
    done = 0
    for start, end in names:
        if start < done:
            continue
        value = _behind(text, end) or _before(text, max(done, start - _FARTHEST), start)
        if value is not None:
            kept += (text[done : value[0]], REDACTED)
            done = value[1]
    return "".join((*kept, text[done:])) if kept else text


def _behind(text: str, end: int) -> tuple[int, int] | None:
    for found in _VALUES.finditer(text, end, end + _FARTHEST):
        if REDACTED in text[end : found.start()]:
            return None
        if _may_be_one(text, end, found):
            return found.span(found.lastindex or 0)
    return None


def _before(text: str, least: int, start: int) -> tuple[int, int] | None:
    last = None
    for found in _VALUES.finditer(text, least, start):
        if _may_be_one(text, 0, found):
            last = found.span(found.lastindex or 0)
    return None if last is None or REDACTED in text[last[1] : start] else last


def _may_be_one(text: str, least: int, found: re.Match[str]) -> bool:
    before = text[max(least, found.start() - 40) : found.start()]
    return is_like_a_token(found[found.lastindex or 0]) and not is_named_id(before)
