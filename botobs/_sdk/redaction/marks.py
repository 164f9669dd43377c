"""Finds in one pass what could make a text suspicious: parts of names, schemes, and words of errors that quote values.

Most texts hold none of them, and need no other look but for long runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from .names import STEMS
from .rules import RULES

#: What stands before a token in a header.
SCHEMES = ("apikey", "basic", "bearer", "hmac-sha", "negotiate", "token")


def found_in(lowered: str) -> list[tuple[int, str]]:
    """Positions and marks, in their order.

    Args:
        lowered: The text in lower case.
    """
    return [(mark.start(), mark[0]) for mark in _MARKS.finditer(lowered)]


def lower(text: str) -> str:
    """`text` in lower case, each character where it was."""
    lowered = text.lower()
    # The small form of one letter of Turkish has two characters.
    return lowered if len(lowered) == len(text) else "".join(map(_lower, text))


def _lower(character: str) -> str:
    lowered = character.lower()
    return lowered if len(lowered) == 1 else character


def _trie(words: Iterable[str]) -> str:
    """A pattern of all words, with each beginning written once: it looks at a character once and not for each word."""
    branches: dict[str, list[str]] = {}
    for word in words:
        branches.setdefault(word[:1], []).append(word[1:])
    if "" in branches:
        # The shortest is enough.
        return ""
    tails = [re.escape(first) + _trie(rest) for first, rest in sorted(branches.items())]
    return tails[0] if len(tails) == 1 else f"(?:{'|'.join(tails)})"


_STATEMENTS = ("[sql: ", "[parameters: ", "line ")
_MARKS = re.compile(
    # A name with "apikey" in it is found by its "key".
    _trie([*STEMS, *SCHEMES[1:], *_STATEMENTS, *(quote.marker for quote in RULES.quotes)])
)
