"""Mnemonics: twelve or more words in a row of BIP-39's lists, of all languages, without a name beside them.

In lines, numbered, quoted one by one, with dashes, as a form or a path, in capitals, with or without accents.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from .rules import text as data

#: How many words BIP-39 allows.
_FEWEST, _MOST = 12, 24
#: A dozen words drawn from 2,048 hardly ever repeat one. Fewer different ones are signals (`long,short,long`), or one
#: of the known examples, which say one word all the time and end with another.
_FEWEST_DIFFERENT = 5
# Of another script than Latin a word may be one sign.
_RUN = re.compile(
    r"[A-Za-z\x80-\U0010ffff][A-Za-z \x80-\U0010ffff,;:|/\t\r\n\\'\"0-9.()\[\]{}<>#*+_=&-]{22,}+"
)
#: Characters of a dozen words of Latin letters.
SHORTEST_OF_LATIN = 47
# What is shorter ends a row, as no word of the lists is, unless it belongs to a number, a field or a tag: `1st`, `w1=`,
# `<li>`. The blank of Japanese is none.
_OTHER = r"[A-Za-z\x80-\u2fff\u3001-\U0010ffff]"
_WORD = re.compile(
    rf"(?<!\\)(?:{_OTHER}{{3,}}|[\x80-\u2fff\u3001-\U0010ffff]{_OTHER}?|(?<![0-9A-Za-z])[A-Za-z]{{1,2}}(?![0-9A-Za-z=>]))"
)
_LONGEST_WORD = 9
_ROW = re.compile(f"1{{{_FEWEST},}}")
_ACCENTS = dict.fromkeys(range(0x300, 0x370))


# Read at once: later a process may have no descriptor left.
_LIST = data("mnemonics.txt")


@cache
def words() -> frozenset[str]:
    """Of all lists, in small letters: as they are composed, taken apart, and written without their accents."""
    apart = unicodedata.normalize("NFD", _LIST)
    return frozenset((*_LIST.split(), *apart.split(), *apart.translate(_ACCENTS).split()))


def without_phrases(text: str, redacted: str) -> str:
    """`text` with `redacted` in place of each mnemonic."""
    return _RUN.sub(lambda run: _without_known(run[0], redacted), text)


def _without_known(run: str, redacted: str) -> str:
    if run.isascii() and len(run) < SHORTEST_OF_LATIN:
        return run
    said = _WORD.findall(run.lower())
    # Sentences have a shorter or a longer word among any dozen; the lists are made for a text that has none.
    if "1" * _FEWEST not in _flags([2 < len(word) <= _LONGEST_WORD or not word.isascii() for word in said]):
        return run
    known = words()
    rows = [
        row
        for row in _ROW.finditer(_flags([word in known for word in said]))
        if _differ(said[row.start() : row.end()])
    ]
    if not rows:
        return run
    found = list(_WORD.finditer(run))
    kept: list[str] = []
    done = 0
    for row in rows:
        kept += (run[done : found[row.start()].start()], redacted)
        done = found[row.end() - 1].end()
    return "".join((*kept, run[done:]))


def _differ(row: list[str]) -> bool:
    """Whether the words of a row are those of a mnemonic, by how many there are."""
    if len(set(row)) >= _FEWEST_DIFFERENT:
        return True
    return len(row) % 3 == 0 and len(row) <= _MOST and set(row[:-1]) == {row[0]} != {row[-1]}


def _flags(are: list[bool]) -> str:
    """A sign for each word, whether it is one of a kind."""
    return "".join(["1" if one else "0" for one in are])
