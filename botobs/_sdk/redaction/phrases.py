"""Mnemonics: twelve or more words in a row of BIP-39's list of English words, without a name beside them."""

from __future__ import annotations

import re
from functools import cache

from .rules import text as data

#: What BIP-39 allows at least.
_FEWEST = 12
_RUN = re.compile(r"(?<![\w-])[a-z]{3,8}(?:(?:[ ,]|, |\\n|\n)[a-z]{3,8}){11,}+(?![\w-])")
_WORD = re.compile(r"[a-z]{3,8}")


@cache
def _words() -> frozenset[str]:
    return frozenset(data("english.txt").split())


def without_phrases(text: str, redacted: str) -> str:
    """`text` with `redacted` in place of each mnemonic."""
    return _RUN.sub(lambda run: _without_known(run[0], redacted), text)


def _without_known(run: str, redacted: str) -> str:
    known = _words()
    kept: list[str] = []
    done = 0
    first = last = None
    count = 0
    for word in _WORD.finditer(run):
        if word[0] in known:
            first = word.start() if first is None else first
            last = word.end()
            count += 1
            continue
        if first is not None and last is not None and count >= _FEWEST:
            kept += (run[done:first], redacted)
            done = last
        first, last, count = None, None, 0
    if first is not None and last is not None and count >= _FEWEST:
        kept += (run[done:first], redacted)
        done = last
    return "".join((*kept, run[done:]))
