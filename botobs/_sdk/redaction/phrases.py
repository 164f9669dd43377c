"""Mnemonics: twelve or more words in a row of BIP-39's lists, of all languages, without a name beside them.

In lines, numbered, quoted one by one, with dashes, as a form or a path, in capitals, with or without accents.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache

from .rules import text as data

#: What BIP-39 allows at least.
_FEWEST = 12
# Of another script than Latin a word may be one sign.
_RUN = re.compile(
    r"[A-Za-z\x80-\U0010ffff][A-Za-z \x80-\U0010ffff,;:|/\t\r\n\\'\"0-9.()\[\]{}<>#*+_=&-]{22,}+"
)
_SHORTEST_OF_LATIN = 47
# What is shorter ends a row, as no word of the lists is, unless it belongs to a number, a field or a tag: `1st`, `w1=`,
# `<li>`. The blank of Japanese is none.
_OTHER = r"[A-Za-z\x80-\u2fff\u3001-\U0010ffff]"
_WORD = re.compile(
    rf"(?<!\\)(?:{_OTHER}{{3,}}|[\x80-\u2fff\u3001-\U0010ffff]{_OTHER}?|(?<![0-9A-Za-z])[A-Za-z]{{1,2}}(?![0-9A-Za-z=>]))"
)
_LONGEST_WORD = 9


# Read at once: later a process may have no descriptor left.
_LIST = data("mnemonics.txt")


@cache
def words() -> frozenset[str]:
    """Of all lists, in small letters."""
    # As they are composed, taken apart, and written without their accents.
    whole = _LIST.split()
    apart = [unicodedata.normalize("NFD", word) for word in whole]
    plain = ["".join(sign for sign in word if not "\u0300" <= sign <= "\u036f") for word in apart]
    return frozenset((*whole, *apart, *plain))


def without_phrases(text: str, redacted: str) -> str:
    """`text` with `redacted` in place of each mnemonic."""
    return _RUN.sub(lambda run: _without_known(run[0], redacted), text)


def _without_known(run: str, redacted: str) -> str:
    if run.isascii() and len(run) < _SHORTEST_OF_LATIN:
        return run
    said = _WORD.findall(run.lower())
    # Sentences have a shorter or a longer word among any dozen; the lists are made for a text that has none.
    if not _has_row(said, _may_be_known):
        return run
    known = words()
    if not _has_row(said, known.__contains__):
        return run
    found = list(_WORD.finditer(run))
    kept: list[str] = []
    done = first = 0
    while first < len(found):
        last = first
        while last < len(found) and said[last] in known:
            last += 1
        if last - first >= _FEWEST:
            kept += (run[done : found[first].start()], redacted)
            done = found[last - 1].end()
        first = last + 1
    return "".join((*kept, run[done:]))


def _may_be_known(word: str) -> bool:
    return 3 <= len(word) <= _LONGEST_WORD or not word.isascii()


def _has_row(said: list[str], is_one: Callable[[str], bool]) -> bool:
    """Whether enough words in a row are of a kind."""
    # Of as many words in a row one is the last of a dozen.
    return any(is_one(said[at]) and _row(said, at, is_one) for at in range(_FEWEST - 1, len(said), _FEWEST))


def _row(said: list[str], at: int, is_one: Callable[[str], bool]) -> bool:
    """Whether enough words around one are of a kind."""
    first = last = at
    while first > max(0, at - _FEWEST) and is_one(said[first - 1]):
        first -= 1
    while last < min(len(said), at + _FEWEST) and is_one(said[last]):
        last += 1
    return last - first >= _FEWEST
