"""Keeps the number of names that operations have in metrics and spans bounded, whatever SQL is generated.

A summary such as `SELECT fills` is a series of a histogram, and of whatever is derived from spans. Programs that make
names up (a temporary table for every job, a partition for every day) would use all series up, and a new operation would
have none. The rule, for one process:

1. Names without numbers: the first half gets in at once. Later ones get in when they are used for the third time,
   since a made-up name soon has no use any more, and as long as there is room.
2. Names with numbers: at most `_OF_A_SHAPE` that differ in their numbers alone, within the first half.
   `INSERT tmp_7f3a` and `INSERT tmp_90c1` have the shape `INSERT tmp_?`, which stands for all further ones.
3. Without room, the operation alone stands for a name: `INSERT`.
"""

from __future__ import annotations

import re

from ..base import Telemetry

#: A fourth of the series, since one operation has several: for each of its errors, and for each database.
_SHARE = 4
_OF_A_SHAPE = 20
_USES = 3
#: Names that are remembered before they are in.
_MOST_CANDIDATES = 1000

# The part of a name that begins with the first word holding a digit: an id, a date, a number.
_NUMBERED = re.compile(r"(?<![^\W_])[^\W\d_]*+\d[\w$-]*+")


class OperationNames:
    """The names of one process; made by `once_per_provider`.

    There is no lock: single operations on dictionaries are atomic, and a race lets one name more in.
    """

    def __init__(self, telemetry: Telemetry) -> None:
        self._most = max(telemetry.settings.series_limit // _SHARE, 1)
        self._known: dict[str, str] = {}
        self._candidates: dict[str, int] = {}
        self._shapes: dict[str, int] = {}

    def name(self, operation: str, summary: str) -> str:
        """`summary` if it is in, else what stands for it; `""` stays `""`.

        Args:
            operation: The SQL command.
            summary: It with its tables.
        """
        known = self._known.get(summary)
        return known if known is not None else self._decide(operation, summary)

    def _decide(self, operation: str, summary: str) -> str:
        if summary == operation:
            # There are only as many as SQL has commands.
            return operation
        shape = _shape_of(summary)
        is_free = len(self._known) < self._most // 2
        if shape == summary:
            if is_free or self._has_come_back(summary):
                return self._known.setdefault(summary, summary)
            return operation
        if is_free and self._is_early(shape):
            return self._known.setdefault(summary, summary)
        if len(self._known) < self._most:
            return self._known.setdefault(shape, shape)
        return self._known.get(shape, operation)

    def _is_early(self, shape: str) -> bool:
        before = self._shapes.get(shape, 0)
        self._shapes[shape] = before + 1
        return before < _OF_A_SHAPE

    def _has_come_back(self, summary: str) -> bool:
        uses = self._candidates.pop(summary, 0) + 1
        if uses >= _USES and len(self._known) < self._most:
            return True
        if len(self._candidates) >= _MOST_CANDIDATES:
            # The one that was not used for the longest time.
            self._candidates.pop(next(iter(self._candidates), ""), None)
        self._candidates[summary] = uses
        return False


def _shape_of(summary: str) -> str:
    """`summary` with `?` for all that may be a number, each name once; `summary` itself if it has none."""
    numbered, count = _NUMBERED.subn("?", summary)
    return " ".join(dict.fromkeys(numbered.split(" "))) if count else summary
