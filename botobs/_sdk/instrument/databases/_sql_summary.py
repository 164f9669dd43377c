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
#: A comma behind the table brings another one, until one of those below.
_BEFORE_LIST = frozenset({"FROM", "USING"})
_AFTER_TABLES = frozenset(
    {"WHERE", "PREWHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "WINDOW", "QUALIFY", "RETURNING"}
    | {"UNION", "INTERSECT", "EXCEPT", "MINUS", "SETTINGS"}
)
#: May stand between such a word and the table's name.
_FILLERS = frozenset({"ONLY", "LATERAL", "IF", "NOT", "EXISTS", "TABLE", "CONCURRENTLY", "OR", "IGNORE"})
#: Stand where a table could, and are none.
_NO_TABLES = frozenset(
    {
        "STDIN",
        "STDOUT",
        "PROGRAM",
        "INFILE",
        "OUTFILE",
        "DUMPFILE",
        "SET",
        "SELECT",
        "VALUES",
        "ON",
        "OR",
        "OF",
    }
)
#: Their names are no tables: of cursors and of prepared statements there is a new one for every use.
_NO_TABLES_FOLLOW = frozenset({"FETCH", "MOVE"})
#: A name behind these with a parenthesis behind it is a function; INSERT INTO t (…) is not a call.
_BEFORE_FUNCTION = frozenset({"FROM", "JOIN", "USING", "LATERAL"})


def summarise(tokens: Sequence[Token]) -> tuple[str, str]:
    """The main command of a statement, and its commands with their tables in order; `""` twice when it is no SQL.

    Args:
        tokens: Without blanks. Only the first of several statements is looked at.
    """
    # (SELECT …) UNION (SELECT …)
    first = next((index for index, (_, text) in enumerate(tokens) if text != "("), 0)
    tokens = tokens[first:]
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
        self._first_words = _words_behind_parentheses(tokens)
        self._first = tokens[0][1].upper()
        self._wants_table = False
        self._common_tables: set[str] = set()
        # The name behind WITH or behind the comma of its list, by how many parentheses are open there.
        self._with: dict[int, str] = {}
        # For each open parenthesis whether a query started with it: in extract(day FROM x) there is no table.
        self._queries = [True]
        # The same for whether a comma stands between tables: in FROM a, b.
        self._lists_tables = [False]
        self.operation = self._first
        self.parts: list[str] = []

    def read(self, index: int) -> None:
        kind, text = self._tokens[index]
        word = text.upper() if kind == "word" else ""
        if text == "(":
            self._queries.append(self._first_words[index] in _INNER_COMMANDS | {"WITH"})
            self._lists_tables.append(False)
            self._wants_table = False
        elif text == ")":
            if len(self._queries) > 1:
                self._with.pop(len(self._queries), None)
                self._queries.pop()
                self._lists_tables.pop()
        elif text == ",":
            self._next_of_list(index)
        elif kind == "literal":
            # What stands here in quotes may be a string: it is no name, and the next word is none either.
            self._wants_table = False
        elif not word:
            return
        elif self._wants_table:
            if word not in _FILLERS:
                self._table(index)
        elif index == 0 or self._is_inner_command(index, word):
            self._command(index, word)
        elif word in _AFTER_TABLES:
            self._lists_tables[-1] = False
        elif self._is_before_table(index, word):
            if word in _DEFINED and self._first in _DEFINITIONS:
                self.parts.append(word)
            self._wants_table = True
            self._lists_tables[-1] |= word in _BEFORE_LIST
        elif word == "AS" and len(self._queries) in self._with:
            self._common_tables.add(self._with[len(self._queries)])
        elif word == "WITH" and self._queries[-1]:
            self._list_of_common_tables(index)

    def _command(self, index: int, word: str) -> None:
        if word == "WITH":
            self._list_of_common_tables(index)
            return
        if self.operation == "WITH" and len(self._queries) == 1:
            self.operation = word
        self._with.pop(len(self._queries), None)
        self._lists_tables[-1] = False
        # A SELECT of queries names what they read: SELECT (SELECT … FROM a), (SELECT … FROM b).
        if word != "SELECT" or self.parts[-1:] != ["SELECT"]:
            self.parts.append(word)
        self._wants_table = word in _BEFORE_TABLE

    def _next_of_list(self, index: int) -> None:
        if len(self._queries) in self._with:
            self._with[len(self._queries)] = self._name(index + 1)
        self._wants_table = self._lists_tables[-1]

    def _list_of_common_tables(self, index: int) -> None:
        """WITH [RECURSIVE] name [(column, …)] AS (…), name AS (…)."""
        is_recursive = self._word(index + 1) == "RECURSIVE"
        self._with[len(self._queries)] = self._name(index + 2 if is_recursive else index + 1)

    def _is_inner_command(self, index: int, word: str) -> bool:
        # ALTER TABLE t UPDATE a = 1 is ClickHouse's.
        is_clause = word == "UPDATE" and self._word(index - 1) in _BEFORE_CLAUSE_UPDATE
        return word in _INNER_COMMANDS and not is_clause and self._first != "ALTER"

    def _is_before_table(self, index: int, word: str) -> bool:
        return (
            word in _BEFORE_TABLE
            and self._first not in _NO_TABLES_FOLLOW
            and self._queries[-1]
            and not (word == "UPDATE" and self._first == "ALTER")
            and self._word(index - 1) not in _BEFORE_CLAUSE_UPDATE | {"DISTINCT"}
        )

    def _table(self, index: int) -> None:
        """Take the name at `index`, which dots may lengthen."""
        self._wants_table = False
        name = self._name(index)
        end = index + 1
        while self._text(end) == "." and self._word(end + 1):
            name = f"{name}.{self._name(end + 1)}"
            end += 2
        is_function = self._text(end) == "(" and self._word(index - 1) in _BEFORE_FUNCTION
        known = name.upper() in _NO_TABLES or name in self._common_tables or name in self.parts
        if not is_function and not known:
            self.parts.append(name)

    def _name(self, index: int) -> str:
        return _unquote(self._text(index))

    def _text(self, index: int) -> str:
        return self._tokens[index][1] if index < len(self._tokens) else ""

    def _word(self, index: int) -> str:
        return (
            self._text(index).upper()
            if index < len(self._tokens) and self._tokens[index][0] == "word"
            else ""
        )


def _words_behind_parentheses(tokens: Sequence[Token]) -> list[str]:
    """For each token the first word behind it, with nothing but opening parentheses between; `""` for none."""
    words = [""] * len(tokens)
    behind = ""
    for index in range(len(tokens) - 1, -1, -1):
        words[index] = behind
        kind, text = tokens[index]
        if text != "(":
            behind = text.upper() if kind == "word" else ""
    return words


def _unquote(identifier: str) -> str:
    return identifier.strip('"`[]')
