"""Remembers what a function has answered, up to a number of bytes.

`functools.lru_cache` counts entries, so that a few thousand texts of a megabyte each would stay in memory for good.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

#: What an entry of the dict takes beside its texts, about.
_ENTRY_BYTES = 200


class Memo:
    """A function of two texts that remembers its answers, and forgets all of them when they grow too large.

    Safe to use from several threads without a lock, which a forked child could inherit closed: what two of them may
    lose is the size of an entry, until all is forgotten the next time.

    Args:
        function: Its answer must depend on the two texts alone.
        most: Bytes that texts and answers may take together.
        longest: Characters of the two texts together that are still worth remembering.
    """

    def __init__(
        self, function: Callable[[str, str], str], most: int = 4 * 1024 * 1024, longest: int = 8192
    ) -> None:
        self._function = function
        self._most = most
        self._longest = longest
        self._known: dict[tuple[str, str], str] = {}
        self._bytes = 0

    def __call__(self, first: str, second: str) -> str:
        """The function's result for `text`."""
        key = (first, second)
        answer = self._known.get(key)
        if answer is None:
            answer = self._function(first, second)
            if len(first) + len(second) <= self._longest:
                self._remember(key, answer)
        return answer

    def _remember(self, key: tuple[str, str], answer: str) -> None:
        size = _ENTRY_BYTES + sys.getsizeof(key[0]) + sys.getsizeof(key[1])
        if answer is not key[1]:
            size += sys.getsizeof(answer)
        if self._bytes + size > self._most:
            self._known = {}
            self._bytes = 0
        self._known[key] = answer
        self._bytes += size
