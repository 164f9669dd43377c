"""What may be told of an SQL statement: its text without literals, its operation and its tables.

Keywords and identifiers stay, every literal and every comment goes. A statement that cannot be understood to its end
loses the rest: an unclosed quote hides everything behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

#: Longest text that is looked at. What a client library generates beyond it is repetition.
_MAX_TEXT = 4096
_MAX_SUMMARY = 255

#: In these a double-quoted token is, or may be, a string literal.
_DOUBLE_QUOTED_LITERALS = frozenset({"mysql", "mariadb", "sqlite"})

# Only these become names of operations; a first word of free text, which might be anything, does not.
_COMMANDS = (
    "ALTER ANALYZE BEGIN CALL CHECKPOINT CLOSE CLUSTER COMMENT COMMIT CONNECT COPY CREATE DEALLOCATE DECLARE DELETE "
    "DISCARD DO DROP EXECUTE EXPLAIN FETCH GRANT INSERT LISTEN LOCK MERGE MOVE NOTIFY PRAGMA PREPARE REFRESH "
    "REINDEX RELEASE REPLACE RESET REVOKE ROLLBACK SAVEPOINT SELECT SET SHOW START TRUNCATE UNLISTEN UPDATE "
    "USE VACUUM VALUES WITH"
)
_OPERATIONS = frozenset(_COMMANDS.split())
#: Operations that may start inside a statement, after WITH or as a subquery.
_NESTED = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE"})
#: Words before which UPDATE is a part of another clause: FOR UPDATE, DO UPDATE, ON UPDATE, NO KEY UPDATE.
_NOT_AN_UPDATE = frozenset({"FOR", "DO", "ON", "KEY"})
_DEFINITIONS = frozenset({"CREATE", "ALTER", "DROP"})
_BEFORE_TARGET = frozenset(
    {"FROM", "JOIN", "INTO", "UPDATE", "TABLE", "COPY", "TRUNCATE", "USING", "VIEW", "INDEX"}
)
#: Words that may stand between such a word and the target.
_FILLERS = frozenset({"ONLY", "LATERAL", "IF", "NOT", "EXISTS", "TABLE", "CONCURRENTLY", "OR", "IGNORE"})
_NOT_TARGETS = frozenset({"STDIN", "STDOUT", "PROGRAM", "SET", "SELECT", "VALUES"})

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
_MORE_ROWS = re.compile(r"(\([^()]*\))(?: ?, ?\([^()]*\))+")


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
    operation, summary = _summarise([(kind, value) for kind, value in tokens if kind != "space"])
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
    text = _LONG_IN.sub("IN (...)", text)
    head, values, rows = text.partition("VALUES")
    return head + values + _MORE_ROWS.sub(r"\1, ...", rows) if values else text


def _summarise(tokens: list[tuple[str, str]]) -> tuple[str, str]:
    """The operation, and the operation with its targets in order."""
    if not tokens or tokens[0][0] != "word" or tokens[0][1].upper() not in _OPERATIONS:
        return "", ""
    first = tokens[0][1].upper()
    operation = first
    parts = [] if first == "WITH" else [first]
    names_of_ctes: set[str] = set()
    # Inside a parenthesis FROM belongs to a subquery only if the parenthesis started with one: extract(day FROM x).
    in_query = [True]
    expecting_target = first in _BEFORE_TARGET
    for index, (kind, value) in enumerate(tokens[1:], start=1):
        upper = value.upper() if kind == "word" else ""
        if value == ";":
            break
        if value == "(":
            following = tokens[index + 1] if index + 1 < len(tokens) else ("", "")
            in_query.append(following[1].upper() in _NESTED or following[1].upper() == "WITH")
            expecting_target = False
        elif value == ")":
            if len(in_query) > 1:
                in_query.pop()
        elif kind == "word" and expecting_target and upper in _FILLERS:
            if upper == "TABLE" and parts[-1:] == [first] and first in _DEFINITIONS:
                parts.append(upper)
        elif kind == "word" and expecting_target:
            target, called = _target(tokens, index)
            expecting_target = False
            if not called and target.upper() not in _NOT_TARGETS and target not in names_of_ctes | set(parts):
                parts.append(target)
        elif upper in _NESTED and not (upper == "UPDATE" and tokens[index - 1][1].upper() in _NOT_AN_UPDATE):
            if first == "WITH" and len(in_query) == 1 and operation == "WITH":
                operation = upper
            parts.append(upper)
            expecting_target = upper == "UPDATE"
        elif upper in _BEFORE_TARGET and in_query[-1] and upper != "UPDATE":
            expecting_target = tokens[index - 1][1].upper() != "DISTINCT"
            if upper in ("TABLE", "VIEW", "INDEX") and first in _DEFINITIONS:
                parts.append(upper)
        elif upper == "AS" and first == "WITH" and operation == "WITH" and len(in_query) == 1:
            names_of_ctes.add(tokens[index - 1][1].strip('"'))
    return operation, " ".join(parts)[:_MAX_SUMMARY]


def _target(tokens: list[tuple[str, str]], index: int) -> tuple[str, bool]:
    """The possibly qualified name at `index`, and whether it is a function that is called."""
    name = _unquote(tokens[index][1])
    index += 1
    while index + 1 < len(tokens) and tokens[index][1] == "." and tokens[index + 1][0] == "word":
        name = f"{name}.{_unquote(tokens[index + 1][1])}"
        index += 2
    called = index < len(tokens) and tokens[index][1] == "("
    # INSERT INTO t (a, b) and CREATE TABLE t (...) are not calls.
    opener = tokens[index - 2][1].upper() if index >= 2 else ""
    return name, called and opener in ("FROM", "JOIN", "USING", "LATERAL")


def _unquote(identifier: str) -> str:
    return identifier.strip('"`[]')
