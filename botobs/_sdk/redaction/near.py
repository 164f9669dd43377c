"""Takes out what stands near the name of a secret that no value is beside, if it looks like one.

Validators, assertions, shells and serializers write a name and its value in ways that nobody can list. Where signs
alone are between the two, the text behind them is the value. Farther away the value is the nearest text that stands by
itself, looks like a token, and is not called an id by the word in front; this is for names that promise a secret for
certain.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property

from .bare import is_named_id
from .names import PASSWORDS, SESSION_ID
from .rules import REDACTED
from .values import (
    SHORTEST_HEX,
    is_code,
    is_drawn,
    is_drawn_token,
    is_hex,
    is_hex_of_key,
    is_like_a_token,
    is_secret,
    is_token_or_uuid,
    is_uuid,
    may_be_the_password,
)

# What signs alone part from a name; a pair may say `value` or `default` in front of it.
_BESIDE = re.compile(
    r"[ \t\r\n!-/:-@\[-^`{-~\u2190-\u21ff\u2500-\u257f\u279c]{1,24}"
    r"(?:(?:[vV]alue|default)[ \t\r\n!-/:-@\[-^`{-~]{1,12})?"
)
_BLANKS = " \t\r\n"
# In quotes, behind a verb or an arrow, alone in its line; or any other run, which is judged more strictly.
_RUN = r"[^ \t\r\n'\"\\<>|,;:=&(){}\[\]`]{8,200}={0,2}"
_VALUES = re.compile(
    r"['\"]([^'\"\\ \t\r\n]{8,200})['\"]"
    r"|(?: (?:is|was|got|value):? | (?:->|=>|\u2192|\u279c) |\n[ \t]{0,16})([^'\"\\ \t\r\n]{8,200})(?:[\n ]|\Z)"
    rf"|({_RUN})"
)
#: The groups of what a verb or a line sets apart, and of what nothing does.
_BEHIND_VERB, _ANY = 2, 3
_PAIR = re.compile(r"[A-Za-z_][\w.-]{0,40}=[^=]")
_BEHIND_SIGNS = re.compile(_RUN)
# What a value is within, and what stands in front of one that is short.
_WITHIN = re.compile(r"[^'\"\\ \t\r\n]++")
_IN_FRONT = re.compile(r"(?:['\"]|(?:is|was|got|value):? |(?:->|=>|\u2192|\u279c) |\n[ \t]{0,16})\Z")
_SAID_BEHIND = re.compile(r"['\"]? (?:is|was|as) ")
_SHORTEST, _SHORTEST_RUN, _LONGEST_IN_FRONT = 8, 16, 17
_CODE = re.compile(r"\d{4,8}(?![\w.-])")
# `expected the password, got '…'`, and what has a line to itself below the name.
_TOLD = re.compile(r"['\"]?[,;:]? (?:but |and )?(?:got|new value(?: is)?|now):? ['\"]?([^\s'\",;]{6,200})")
_NEXT_LINE = re.compile(r"\r?\n([^\s:=]{6,200})(?:\r?\n|\Z)")
_QUOTED = re.compile(r"[^'\"`\r\n]{6,200}")
# `… is the password`
_SAID = re.compile(r"['\"]? (?:(?:is|was) (?:the|your|my|its|our|new|a|an) |as (?:the |new |a |an )?)")
#: Characters between a name and its value, and between one that may promise a token and it.
_FARTHEST, _CLOSE = 160, 40
_LONGEST_VALUE = 202
_OF_CHAINS = ("key", "keys", "seed")
#: Promises of which a token near them is one.
_OF_TOKENS = (
    "auth",
    "key",
    "keys",
    "seed",
    "session",
    SESSION_ID,
    "sig",
    "sign",
    "signature",
    "token",
    "tokens",
)


def without_near(text: str, names: Iterable[tuple[int, int, str]]) -> tuple[str, list[str]]:
    """`text` without the values that stand near names of secrets, at most one for each; and these.

    Args:
        names: Beginning and end of each name, in their order, and what it promises.
    """
    kept: list[str] = []
    values: list[str] = []
    done = 0
    candidates = _Candidates(text)
    for start, end, promised in names:
        if start < done:
            continue
        value = _beside(text, start, end, promised)
        value = value or _told(text, start, end, promised)
        if value is None and promised in PASSWORDS:
            least = max(done, start - _FARTHEST)
            value = (_behind(text, end) if candidates.has(end, end + _FARTHEST) else None) or (
                _before(text, done, start) if candidates.has(least, start) else None
            )
        if value is None and promised in _OF_TOKENS:
            value = _token(text, done, start, end, promised)
        if value is not None:
            kept += (text[done : value[0]], REDACTED)
            values.append(text[slice(*value)])
            done = value[1]
    return "".join((*kept, text[done:])), values


class _Candidates:
    """Where a text has what may be a value: most names have none near them, and a text may hold nothing but names."""

    def __init__(self, text: str) -> None:
        self._text = text

    def has(self, least: int, most: int) -> bool:
        """Whether one is, in whole or in part, between two positions."""
        starts, ends = self._places
        first = bisect_right(ends, least)
        return first < len(starts) and starts[first] < most

    @cached_property
    def _places(self) -> tuple[list[int], list[int]]:
        found = [run.span() for run in _WITHIN.finditer(self._text) if self._may_be_one(*run.span())]
        return [start for start, _ in found], [end for _, end in found]

    def _may_be_one(self, start: int, end: int) -> bool:
        return end - start >= _SHORTEST_RUN or (
            end - start >= _SHORTEST
            and (
                _IN_FRONT.search(self._text, max(0, start - _LONGEST_IN_FRONT), start) is not None
                or _SAID_BEHIND.match(self._text, end) is not None
            )
        )


def _beside(text: str, start: int, end: int, promised: str) -> tuple[int, int] | None:
    between = _BESIDE.match(text, end)
    if between is None or not between[0].strip(_BLANKS):
        return None
    code = _CODE.match(text, between.end())
    if code is not None and is_code(promised, code[0]):
        return code.span()
    pattern = _QUOTED if between[0][-1] in "'\"`" else _BEHIND_SIGNS
    found = pattern.match(text, between.end())
    if (
        found is None
        or _is_name(text, found.end())
        or REDACTED in found[0]
        or not is_secret(promised, found[0])
    ):
        return None
    is_one = is_token_or_uuid(found[0]) or (
        promised in PASSWORDS and may_be_the_password(text[start:end], found[0])
    )
    return found.span() if is_one else None


def _told(text: str, start: int, end: int, promised: str) -> tuple[int, int] | None:
    is_line = not start or text[start - 1] == "\n"
    found = _TOLD.match(text, end) or (_NEXT_LINE.match(text, end) if is_line else None)
    if found is None:
        return None
    is_password = promised in PASSWORDS and may_be_the_password(text[start:end], found[1])
    return found.span(1) if is_password or is_code(promised, found[1]) else None


def _behind(text: str, end: int) -> tuple[int, int] | None:
    for found in _VALUES.finditer(text, end, end + _FARTHEST + _LONGEST_VALUE):
        if found.start() >= end + _FARTHEST or REDACTED in text[end : found.start()]:
            return None
        if _may_be_one(text, end, found, SHORTEST_HEX) or _is_close_uuid(text, end, found):
            return found.span(found.lastindex or 0)
    return None


def _is_close_uuid(text: str, end: int, found: re.Match[str]) -> bool:
    """Whether a UUID that stands by itself is close behind a name, and nothing between says that it is an id."""
    group = found.lastindex or 0
    return (
        group != _ANY
        and found.start() <= end + _CLOSE
        and is_uuid(found[group])
        and not is_named_id(text[end : found.start()])
    )


def _token(text: str, done: int, start: int, end: int, promised: str) -> tuple[int, int] | None:
    """What is drawn at random close to a name that may promise a token; farther away it may be the id of anything."""
    for found in _VALUES.finditer(text, end, end + _CLOSE + _LONGEST_VALUE):
        if found.start() >= end + _CLOSE or REDACTED in text[end : found.start()]:
            break
        if _may_be_a_token(text, end, found, promised):
            return found.span(found.lastindex or 0)
    for found in _ending_within(text, done, start, _CLOSE):
        # In front of it a trace, a commit or a block is of something else: `<commit> rotate keys`.
        is_of_other = found.lastindex == _ANY and is_hex(found[_ANY])
        if not is_of_other and _may_be_a_token(text, 0, found, promised):
            return found.span(found.lastindex or 0)
    return None


def _ending_within(text: str, done: int, start: int, distance: int) -> Iterator[re.Match[str]]:
    """What may be values in front of a name, and end so close to it; they may begin farther away."""
    for found in _VALUES.finditer(text, max(done, start - distance - _LONGEST_VALUE), start):
        if found.end() > start - distance:
            yield found


def _may_be_a_token(text: str, least: int, found: re.Match[str], promised: str) -> bool:
    group = found.lastindex or 0
    return (
        (is_drawn_token(found[group]) or (promised in _OF_CHAINS and is_hex_of_key(found[group])))
        and is_secret(promised, found[group])
        and not _is_name(text, found.end(group))
        and not is_named_id(text[max(least, found.start() - 40) : found.start()])
    )


def _before(text: str, done: int, start: int) -> tuple[int, int] | None:
    last = None
    for found in _ending_within(text, done, start, _FARTHEST):
        is_said = _SAID.fullmatch(text, found.end(), start) is not None
        if (is_said and is_like_a_token(found[0])) or _may_be_one(text, 0, found, _FARTHEST):
            last = found.span(found.lastindex or 0)
    return None if last is None or REDACTED in text[last[1] : start] else last


def _may_be_one(text: str, least: int, found: re.Match[str], shortest_hex: int) -> bool:
    value = found[found.lastindex or 0]
    if found.lastindex == _BEHIND_VERB and _PAIR.match(value):
        return False
    if not (is_drawn(value, shortest_hex) if found.lastindex == _ANY else is_like_a_token(value)):
        return False
    if _is_name(text, found.end(found.lastindex or 0)):
        return False
    return not is_named_id(text[max(least, found.start() - 40) : found.start()])


def _is_name(text: str, end: int) -> bool:
    """Whether what ends there is the name of a pair itself."""
    return text.startswith((":", "="), end)
