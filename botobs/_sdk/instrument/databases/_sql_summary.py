"""Names a statement after its commands and tables: `INSERT orders`, `SELECT fills UPDATE positions`.

Reads tokens from left to right and knows where names of tables may stand. It is no parser: what it does not know it
leaves out, so that nothing but commands and identifiers gets into a name.
"""

from __future__ import annotations

from collections.abc import Sequence

#: (kind, text); the kind of keywords and identifiers is `word`.
Token = tuple[str, str]

_MAX_LENGTH = 255

# Only these become names of operations; a first word of free text, which might be anything, does not.
_COMMANDS = (
    "ALTER ANALYZE BEGIN CALL CHECKPOINT CLOSE CLUSTER COMMENT COMMIT CONNECT COPY CREATE DEALLOCATE DECLARE DELETE "
    "DISCARD DO DROP EXECUTE EXPLAIN FETCH GRANT INSERT LISTEN LOCK MERGE MOVE NOTIFY PRAGMA PREPARE REFRESH "
    "REINDEX RELEASE REPLACE RESET REVOKE ROLLBACK SAVEPOINT SELECT SET SHOW START TRUNCATE UNLISTEN UPDATE "
    "USE VACUUM VALUES WITH"
)
_FIRST_COMMANDS = frozenset(_COMMANDS.split())
#: Commands that may start inside a statement: after WITH, in a subquery, in INSERT … SELECT.
_INNER_COMMANDS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE"})
#: UPDATE behind these is a part of another clause: FOR UPDATE, FOR NO KEY UPDATE, DO UPDATE, ON UPDATE.
_BEFORE_CLAUSE_UPDATE = frozenset({"FOR", "KEY", "DO", "ON"})
_DEFINITIONS = frozenset({"CREATE", "ALTER", "DROP"})
_DEFINED = frozenset({"TABLE", "VIEW", "INDEX"})
_BEFORE_TABLE = frozenset({"FROM", "JOIN", "INTO", "UPDATE", "COPY", "TRUNCATE", "USING"}) | _DEFINED
#: May stand between such a word and the table's name.
_FILLERS = frozenset({"ONLY", "LATERAL", "IF", "NOT", "EXISTS", "TABLE", "CONCURRENTLY", "OR", "IGNORE"})
#: Stand where a table could, and are none.
_NO_TABLES = frozenset({"STDIN", "STDOUT", "PROGRAM", "SET", "SELECT", "VALUES"})
#: A name behind these with a parenthesis behind it is a function; INSERT INTO t (…) is not a call.
_BEFORE_FUNCTION = frozenset({"FROM", "JOIN", "USING", "LATERAL"})


def summarise(tokens: Sequence[Token]) -> tuple[str, str]:
    """The main command of a statement, and its commands with their tables in order; `""` twice when it is no SQL.

    Args:
        tokens: Without blanks. Only the first of several statements is looked at.
    """
    if not tokens or tokens[0][0] != "word" or tokens[0][1].upper() not in _FIRST_COMMANDS:
        return "", ""
    reader = _Reader(tokens)
    for index, (_, text) in enumerate(tokens):
        if text == ";":
            break
        reader.read(index)
    return reader.operation, " ".join(reader.parts)[:_MAX_LENGTH]


class _Reader:
    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._first = tokens[0][1].upper()
        self._wants_table = False
        self._common_tables: set[str] = set()
        # For each open parenthesis whether a query started with it: in extract(day FROM x) there is no table.
        self._queries = [True]
        self.operation = self._first
        self.parts: list[str] = []

    def read(self, index: int) -> None:
        kind, text = self._tokens[index]
        word = text.upper() if kind == "word" else ""
        if text == "(":
            self._queries.append(self._word(index + 1) in _INNER_COMMANDS | {"WITH"})
            self._wants_table = False
        elif text == ")":
            if len(self._queries) > 1:
                self._queries.pop()
        elif kind == "literal":
            # What stands here in quotes may be a string: it is no name, and the next word is none either.
            self._wants_table = False
        elif not word:
            return
        elif self._wants_table:
            if word not in _FILLERS:
                self._table(index)
        elif index == 0 or self._is_inner_command(index, word):
            self._command(word)
        elif self._is_before_table(index, word):
            if word in _DEFINED and self._first in _DEFINITIONS:
                self.parts.append(word)
            self._wants_table = True
        elif word == "AS" and self._first == "WITH":
            self._common_tables.add(_unquote(self._tokens[index - 1][1]))

    def _command(self, word: str) -> None:
        if self.operation == "WITH" and len(self._queries) == 1:
            self.operation = word
        if word != "WITH":
            self.parts.append(word)
        self._wants_table = word in _BEFORE_TABLE

    def _is_inner_command(self, index: int, word: str) -> bool:
        return word in _INNER_COMMANDS and not (
            word == "UPDATE" and self._word(index - 1) in _BEFORE_CLAUSE_UPDATE
        )

    def _is_before_table(self, index: int, word: str) -> bool:
        return (
            word in _BEFORE_TABLE
            and self._queries[-1]
            and self._word(index - 1) not in _BEFORE_CLAUSE_UPDATE | {"DISTINCT"}
        )

    def _table(self, index: int) -> None:
        """Take the name at `index`, which dots may lengthen."""
        self._wants_table = False
        name = _unquote(self._tokens[index][1])
        end = index + 1
        while self._text(end) == "." and self._word(end + 1):
            name = f"{name}.{_unquote(self._text(end + 1))}"
            end += 2
        is_function = self._text(end) == "(" and self._word(index - 1) in _BEFORE_FUNCTION
        known = name.upper() in _NO_TABLES or name in self._common_tables or name in self.parts
        if not is_function and not known:
            self.parts.append(name)

    def _text(self, index: int) -> str:
        return self._tokens[index][1] if index < len(self._tokens) else ""

    def _word(self, index: int) -> str:
        return (
            self._text(index).upper()
            if index < len(self._tokens) and self._tokens[index][0] == "word"
            else ""
        )


def _unquote(identifier: str) -> str:
    return identifier.strip('"`[]')
