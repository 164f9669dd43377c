"""What may be recorded of an SQL statement: its text without literals, its operation and its tables.

Keywords and identifiers stay, every literal and every comment goes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from ...redaction.sql import PARAMETER, scan
from ._sql_summary import summarise

#: Longest text that is looked at. What a client library generates beyond it is repetition.
_MAX_TEXT = 4096

# A type's words end with a letter: a blank that could belong to it and to the text behind would be tried both ways at
# every placeholder of a list.
_PLACEHOLDER = rf"(?:{PARAMETER})(?:::[\w.]++(?: [\w.]++)*(?:\[\])?)?"
_LONG_IN = re.compile(rf"(?i)\bIN ?\( ?[-+]?{_PLACEHOLDER}(?: ?, ?[-+]?{_PLACEHOLDER})+ ?\)")
_BLANKS = re.compile(r"\s++")
_ROWS = re.compile(r"(?i)(\bVALUES ?\([^()]*+\))(?: ?, ?\([^()]*+\))+")


@dataclass(frozen=True, slots=True)
class Statement:
    """What may be recorded of a statement.

    Attributes:
        text: The statement without literals and comments, on one line, lists of placeholders cut short.
        operation: The SQL command in upper case, or `""` when it is not known.
        summary: The operation and its tables, such as `INSERT orders`; `""` when the operation is not known.
    """

    text: str
    operation: str
    summary: str


# At most some 16 MiB: two texts of `_MAX_TEXT` characters an entry.
@lru_cache(maxsize=1024)
def _parse(text: str, system: str) -> Statement:
    tokens = list(scan(text, system))
    joined = _BLANKS.sub(" ", "".join(value for _, value in tokens)).strip()
    operation, summary = summarise([(kind, value) for kind, value in tokens if kind != "space"])
    return Statement(_shorten(joined), operation, summary)


def parse(text: object, system: str) -> Statement:
    """Take a statement apart; cached, so that a service's few hundred statements cost a lookup each.

    Args:
        text: The statement; anything but a string gives an empty `Statement`.
        system: `db.system.name`, which decides how strings, names and comments are written.
    """
    if not isinstance(text, str):
        return Statement("", "", "")
    return _parse(text[:_MAX_TEXT], system)


def _shorten(text: str) -> str:
    """Cut what grows with the data: lists of placeholders behind IN, and rows of VALUES after the first."""
    return _ROWS.sub(r"\1, ...", _LONG_IN.sub("IN (...)", text))
