"""Tells literals and comments of an SQL statement from the rest of it.

An unclosed quote hides everything behind it: what cannot be understood is not told. What opens and never
closes is taken to its end, so that nothing is read again from every character on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

#: In these a double-quoted token is, or may be, a string literal.
_DOUBLE_QUOTED_LITERALS = frozenset({"mysql", "mariadb", "sqlite"})

# PostgreSQL nests comments; one level of it is met in practice.
_INNER_COMMENT = r"/\*[^*]*(?:\*(?!/)[^*]*)*(?:\*/|\Z)"
_COMMENT = rf"--[^\n]*|/\*[^*/]*(?:(?:\*(?!/)|/(?!\*)|{_INNER_COMMENT})[^*/]*)*(?:\*/|\Z)"
_DOLLAR_QUOTED = r"\$(?P<tag>[A-Za-z_]\w*+)\$(?s:.*?)(?:\$(?P=tag)\$|\Z)|\$\$(?s:.*?)(?:\$\$|\Z)"
_ESCAPED = r"'[^'\\]*(?:(?:''|\\(?s:.))[^'\\]*)*(?:'|\\?\Z)"
_ESCAPED_STRING = rf"[eE]{_ESCAPED}"
_STRING = r"(?:[nNbBxX]|[uU]&)?'[^']*(?:''[^']*)*(?:'|\Z)"
_BACKSLASH_STRING = rf"(?:[nNbBxX]|[uU]&)?{_ESCAPED}"
_DOUBLE_QUOTED = r'"[^"]*(?:""[^"]*)*(?:"|\Z)'
_NUMBER = r"(?<![\w.$:@])(?:0[xX][0-9a-fA-F]++|(?:\d[\d_]*+(?:\.\d*+)?|\.\d++)(?:[eE][+-]?\d++)?)(?!\w)"
PARAMETER = r"\$\d++|:[A-Za-z_]\w*+|@[A-Za-z_]\w*+|%\(\w++\)s|%s|\?"
_WORD = r"(?:[^\W\d]|`)[\w$`]*+|\[[A-Za-z_][\w ]*+\]"


def _tokens(backslashes: bool) -> re.Pattern[str]:
    string = _BACKSLASH_STRING if backslashes else _STRING
    return re.compile(
        rf"(?P<space>\s++)|(?P<comment>{_COMMENT})|(?P<literal>{_DOLLAR_QUOTED}|{_ESCAPED_STRING}|{string}|{_NUMBER})"
        rf"|(?P<double>{_DOUBLE_QUOTED})|(?P<cast>::)|(?P<parameter>{PARAMETER})|(?P<word>{_WORD})"
        r"|(?P<digits>\d\w*+)|(?P<other>(?s:.))"
    )


_STANDARD_TOKENS = _tokens(backslashes=False)
_BACKSLASH_TOKENS = _tokens(backslashes=True)


def scan(text: str, system: str = "") -> Iterator[tuple[str, str]]:
    """The tokens as (kind, printable text); comments become blanks and literals become `?`.

    Args:
        text: The statement.
        system: `db.system.name`. Where it is not known, a backslash in a string counts as an escape, and what stands
            in double quotes as a name.
    """
    pattern = _BACKSLASH_TOKENS if system in ("mysql", "mariadb", "") else _STANDARD_TOKENS
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


def without_literals(text: str) -> str:
    """`text` with `?` for every string and number; comments go, placeholders and names stay."""
    return "".join(value for _, value in scan(text)).strip()
