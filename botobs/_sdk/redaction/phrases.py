"""Mnemonics: twelve or more words in a row of BIP-39's list of English words, without a name beside them."""

from __future__ import annotations

import re
from functools import cache

from .rules import text as data

#: What BIP-39 allows at least.
_FEWEST = 12
_ENOUGH = "k" * _FEWEST
_RUN = re.compile(r"[a-z][a-z ,\n\\]{46,}+")
_WORD = re.compile(r"(?<!\\)[a-z]+")


@cache
def _words() -> frozenset[str]:
    return frozenset(data("english.txt").split())


def without_phrases(text: str, redacted: str) -> str:
    """`text` with `redacted` in place of each mnemonic."""
    return _RUN.sub(lambda run: _without_known(run[0], redacted), text)


def _without_known(run: str, redacted: str) -> str:
    known = _words()
    if _ENOUGH not in "".join(["k" if word in known else "-" for word in _WORD.findall(run)]):
        return run
    words = list(_WORD.finditer(run))
    kept: list[str] = []
    done = first = 0
    while first < len(words):
        last = first
        while last < len(words) and words[last][0] in known:
            last += 1
        if last - first >= _FEWEST:
            kept += (run[done : words[first].start()], redacted)
            done = words[last - 1].end()
        first = last + 1
    return "".join((*kept, run[done:]))
