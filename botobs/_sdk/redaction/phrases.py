"""Mnemonics: twelve or more words in a row of BIP-39's list of English words, without a name beside them.

In lines, numbered, quoted one by one, with dashes, as a form or a path, in capitals.
"""

from __future__ import annotations

import re
from functools import cache

from .rules import text as data

#: What BIP-39 allows at least.
_FEWEST = 12
_RUN = re.compile(r"[A-Za-z][A-Za-z ,;:|/\t\r\n\\'\"0-9.()\[\]{}<>#*+_=&-]{46,}+")
# What is shorter ends a row, as no word of the list is, unless it belongs to a number, a field or a tag: `1st`, `w1=`,
# `<li>`.
_WORD = re.compile(r"(?<!\\)(?:[A-Za-z]{3,}|(?<![0-9A-Za-z])[A-Za-z]{1,2}(?![0-9A-Za-z=>]))")


# Read at once: later a process may have no descriptor left.
_LIST = data("english.txt")


@cache
def _words() -> frozenset[str]:
    return frozenset(_LIST.split())


def without_phrases(text: str, redacted: str) -> str:
    """`text` with `redacted` in place of each mnemonic."""
    return _RUN.sub(lambda run: _without_known(run[0], redacted), text)


def _without_known(run: str, redacted: str) -> str:
    known = _words()
    words = _WORD.findall(run.lower())
    # Of as many words in a row one is the last of a dozen.
    if not any(
        words[at] in known and _row(words, at, known) for at in range(_FEWEST - 1, len(words), _FEWEST)
    ):
        return run
    found = list(_WORD.finditer(run))
    kept: list[str] = []
    done = first = 0
    while first < len(found):
        last = first
        while last < len(found) and words[last] in known:
            last += 1
        if last - first >= _FEWEST:
            kept += (run[done : found[first].start()], redacted)
            done = found[last - 1].end()
        first = last + 1
    return "".join((*kept, run[done:]))


def _row(words: list[str], at: int, known: frozenset[str]) -> bool:
    """Whether enough words around one are known."""
    first = last = at
    while first > max(0, at - _FEWEST) and words[first - 1] in known:
        first -= 1
    while last < min(len(words), at + _FEWEST) and words[last] in known:
        last += 1
    return last - first >= _FEWEST
