"""What may be told of an SQL statement: its text without literals, its operation and its tables.

Keywords and identifiers stay, every literal and every comment goes. A statement that cannot be understood to its end
loses the rest: an unclosed quote hides everything behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from ._sql_summary import summarise

#: Longest text that is looked at. What a client library generates beyond it is repetition.
_MAX_TEXT = 4096

#: In these a double-quoted token is, or may be, a string literal.
_DOUBLE_QUOTED_LITERALS = frozenset({"mysql", "mariadb", "sqlite"})

# PostgreSQL nests comments; one level of it is met in practice.
_INNER_COMMENT = r"/\*(?:[^*]|\*(?!/))*(?:\*/|\Z)"
_COMMENT = rf"--[^\n]*|/\*(?:[^*/]|\*(?!/)|/(?!\*)|{_INNER_COMMENT})*(?:\*/|\Z)"
_DOLLAR_QUOTED = r"\$(?P<tag>[A-Za-z_]\w*)\$(?s:.*?)(?:\$(?P=tag)\$|\Z)|\$\$(?s:.*?)(?:\$\$|\Z)"
_ESCAPED_STRING = r"[eE]'(?:[^'\\]|''|\\(?s:.))*(?:'|\Z)"
_STRING = r"(?:[nNbBxX]|[uU]&)?'(?:[^']|'')*(?:'|\Z)"
_BACKSLASH_STRING = r"(?:[nNbBxX]|[uU]&)?'(?:[^'\\]|''|\\(?s:.))*(?:'|\Z)"
_DOUBLE_QUOTED = r'"(?:[^"]|"")*(?:"|\Z)'
_NUMBER = r"(?<![\w.$:@])(?:0[xX][0-9a-fA-F]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?!\w)"
_PARAMETER = r"\$\d+|:[A-Za-z_]\w*|@[A-Za-z_]\w*|%\(\w+\)s|%s|\?"
_WORD = r"(?:[^\W\d]|`)[\w$`]*|\[[A-Za-z_][\w ]*\]"


def _tokens(backslashes: bool) -> re.Pattern[str]:
    string = _BACKSLASH_STRING if backslashes else _STRING
    return re.compile(
        rf"(?P<space>\s+)|(?P<comment>{_COMMENT})|(?P<literal>{_DOLLAR_QUOTED}|{_ESCAPED_STRING}|{string}|{_NUMBER})"
        rf"|(?P<double>{_DOUBLE_QUOTED})|(?P<cast>::)|(?P<parameter>{_PARAMETER})|(?P<word>{_WORD})"
        r"|(?P<digits>\d\w*)|(?P<other>(?s:.))"
    )


_STANDARD_TOKENS = _tokens(backslashes=False)
_MYSQL_TOKENS = _tokens(backslashes=True)
_PLACEHOLDER = rf"(?:{_PARAMETER})(?:::[\w. ]+(?:\[\])?)?"
_LONG_IN = re.compile(rf"(?i)\bIN ?\( ?{_PLACEHOLDER}(?: ?, ?{_PLACEHOLDER})+ ?\)")
_ROWS = re.compile(r"(?i)(\bVALUES ?\([^()]*\))(?: ?, ?\([^()]*\))+")


@dataclass(frozen=True, slots=True)
class Statement:
    """What may be told of a statement.

    Attributes:
        text: The statement without literals and comments, on one line, lists of placeholders cut short.
        operation: The SQL command in upper case, or `""` when it is not known.
        summary: The operation and its tables, such as `INSERT orders`; `""` when the operation is not known.
    """

    text: str
    operation: str
    summary: str


@lru_cache(maxsize=1024)
def _parse(text: str, system: str) -> Statement:
    tokens = list(_scan(text, system))
    joined = re.sub(r"\s+", " ", "".join(value for _, value in tokens)).strip()
    operation, summary = summarise([(kind, value) for kind, value in tokens if kind != "space"])
    return Statement(_shorten(joined), operation, summary)


def parse(text: object, system: str) -> Statement:
    """Take a statement apart; cached, so that a service's few hundred statements cost a lookup each.

    Args:
        text: The statement; anything but a string gives an empty `Statement`.
        system: `db.system.name`; MySQL and SQLite take double quotes for strings.
    """
    if not isinstance(text, str):
        return Statement("", "", "")
    return _parse(text[:_MAX_TEXT], system)


def _scan(text: str, system: str) -> Iterator[tuple[str, str]]:
    """The tokens as (kind, printable text); comments become blanks and literals become `?`."""
    pattern = _MYSQL_TOKENS if system in ("mysql", "mariadb") else _STANDARD_TOKENS
    double_quoted = "literal" if system in _DOUBLE_QUOTED_LITERALS else "word"
    for match in pattern.finditer(text):
        kind = match.lastgroup if match.lastgroup != "tag" else "literal"
        value = match.group()
        if kind == "double":
            # An identifier that is never closed would drag the rest of the text along.
            kind = double_quoted if len(value) > 1 and value.endswith('"') else "literal"
        if kind == "comment":
            yield "space", " "
        elif kind in ("literal", "digits"):
            yield "literal", "?"
        else:
            yield kind or "other", value


def _shorten(text: str) -> str:
    """Cut what grows with the data: lists of placeholders behind IN, and rows of VALUES after the first."""
    return _ROWS.sub(r"\1, ...", _LONG_IN.sub("IN (...)", text))
