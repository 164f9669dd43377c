"""Separates literals and comments of an SQL statement from the rest of it.

An unclosed quote hides everything behind it: what cannot be parsed is not recorded. A statement of an unknown database
is read by the rules of each, and what is a literal or a comment to any of them is not recorded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ._dialects import AMBIGUOUS, DIALECTS, PARAMETER, STANDARD, UNKNOWN, Dialect

__all__ = ["PARAMETER", "scan", "without_literals"]

#: A kind and the part of the text: `text[start:end]`.
_Token = tuple[str, int, int]

_COMMENT_MARK = re.compile(r"/\*|\*/")
#: A password of Oracle is written like a name behind these.
_BEFORE_PASSWORD = frozenset({"BY", "AS", "REPLACE"})
#: Commands that give settings values, which need no quotes: `SET my.token TO abc`, `PRAGMA key = abc`.
_SETTING = frozenset({"SET", "PRAGMA"})
#: Values of settings that say nothing.
_PLAIN = frozenset({"DEFAULT", "ON", "OFF", "TRUE", "FALSE", "NULL"})


class _Settings:
    """Finds the words that are values of settings, in `SET`, `ALTER … SET` and `PRAGMA`."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._command = ""
        self._sets = self._is_value = self._had_value = False

    def hides(self, kind: str, value: str) -> bool:
        """Whether the next token is a value."""
        word = value.upper() if kind == "word" else ""
        if value == ";":
            self._begin()
            return False
        if not self._command:
            self._command = word or value
            self._sets = word in _SETTING
            return False
        self._sets |= self._command == "ALTER" and word == "SET"
        if not self._sets:
            return False
        is_value = self._is_value and (bool(word) or kind == "literal")
        begins = word == "TO" or value == "=" or (value == "(" and self._command == "PRAGMA")
        # A list, or a name with dots, goes on.
        self._is_value = not is_value and (begins or (self._had_value and value in (",", ".")))
        self._had_value = is_value
        return is_value and word not in _PLAIN


def scan(text: str, system: str = "") -> Iterator[tuple[str, str]]:
    """The tokens as (kind, printable text); comments become blanks and literals become `?`.

    Args:
        text: The statement.
        system: `db.system.name`. Where it is not known, what stands in double quotes counts as a name.
    """
    dialect = DIALECTS.get(system)
    if dialect is None:
        text, dialect = _hidden_by_any(text), STANDARD
    tokens: Iterable[_Token] = _read(text, dialect)
    if dialect.data_after_format:
        tokens = _without_data(text, tokens)
    identified = before_password = False
    settings = _Settings()
    for kind, start, end in tokens:
        if kind == "space":
            yield kind, text[start:end] if text[start:end].isspace() else " "
            continue
        is_value = settings.hides(kind, text[start:end])
        if kind == "literal" or is_value or (kind == "word" and before_password):
            yield "literal", "?"
            before_password = False
            continue
        value = text[start:end]
        yield kind, value
        word = value.upper() if kind == "word" else ""
        identified = word == "IDENTIFIED" or (identified and value != ";")
        before_password = identified and word in _BEFORE_PASSWORD


def without_literals(text: str) -> str:
    """`text` with `?` for every string and number; comments go, placeholders and names stay."""
    return "".join(value for _, value in scan(text)).strip()


def _read(text: str, dialect: Dialect) -> Iterator[_Token]:
    """The tokens of one dialect. Kinds: space, literal, word, parameter, cast, other."""
    position = 0
    while position < len(text):
        for match in dialect.tokens.finditer(text, position):
            kind, (start, position) = str(match.lastgroup), match.span()
            if kind == "block":
                # Patterns cannot count how deep a comment is.
                position = _end_of_comment(text, position, dialect.nested)
                yield "space", start, position
                break
            if kind == "comment":
                kind = "space"
            elif kind in ("double", "name"):
                # A name that is never closed would drag the rest of the text along.
                is_name = _is_closed(text, start, position) and (
                    kind == "name" or not dialect.double_is_string
                )
                kind = "word" if is_name else "literal"
            yield kind, start, position


def _is_closed(text: str, start: int, end: int) -> bool:
    return end - start > 1 and text[end - 1] in '"`]'


def _end_of_comment(text: str, start: int, nested: bool) -> int:
    """Behind the end of the comment that opened before `start`."""
    depth = 1
    for mark in _COMMENT_MARK.finditer(text, start):
        if mark[0] == "*/":
            depth -= 1
        elif nested:
            depth += 1
        if depth == 0:
            return mark.end()
    return len(text)


def _without_data(text: str, tokens: Iterable[_Token]) -> Iterator[_Token]:
    """ClickHouse: the rows behind `INSERT … FORMAT name` are no SQL."""
    words: list[str] = []
    for kind, start, end in tokens:
        if kind == "word" and words[:1] != ["INSERT"]:
            words = [text[start:end].upper()]
        elif words[-1:] == ["FORMAT"] and kind == "word" and text[start:end].upper() != "VALUES":
            yield kind, start, end
            yield "literal", end, len(text)
            return
        elif kind != "space":
            words[1:] = [text[start:end].upper()]
        yield kind, start, end


def _hidden_by_any(text: str) -> str:
    """`text` without what is a literal or a comment to any of the dialects."""
    if AMBIGUOUS.search(text) is None:
        return text
    hidden = sorted(
        (start, end, kind)
        for dialect in UNKNOWN
        for kind, start, end in _read(text, dialect)
        if kind == "literal" or (kind == "space" and not text[start:end].isspace())
    )
    parts: list[str] = []
    done = 0
    for start, end, kind in hidden:
        if start >= done:
            parts += (text[done:start], "?" if kind == "literal" else " ")
        done = max(done, end)
    return "".join((*parts, text[done:]))
