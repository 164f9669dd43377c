"""Takes out the values that errors quote: of databases' drivers, of validators, of conversions."""

from __future__ import annotations

import re
from collections.abc import Callable

from .bare import is_named_id
from .names import promise
from .quoting import bracket, quoted
from .rules import REDACTED, RULES
from .runs import without_runs
from .sql import without_literals
from .values import is_drawn, is_market, is_token_or_uuid, looks_random_letters

# Of an SQL statement in an error's text. What a client library generates beyond it is repetition.
_LONGEST_SQL = 8192
# Digits of a value in hexadecimal, and characters in front of one in which the word is looked for that says what it is.
_SHORTEST_DRAWN, _BEFORE = 24, 40
_SQL_END = re.compile(r"\](?=[\s\\\"']|\Z)")
_PARAMETERS_END = re.compile(r"\](?=\s*(?:\n|\\|\"|\Z|\(Background))")
_LINE_END = re.compile(r"\n|(?<!\\)\\++n|\Z")
_LINE = re.compile(r"LINE \d{1,6}: ")
# Behind the last row's bracket; not from within the blanks behind it.
_NEXT_ROW = re.compile(r"(?<!\s)\s*+,\s*+\(")
_CLOSING = {"(": ")", "{": "}", "[": "]"}
# Of a chain: an address, what tells a function, nothing.
_OF_CHAIN = re.compile(r"0x(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{0,8})")
# The columns of a statement or of a key, and the names in them.
_COLUMNS = re.compile(r"\(([^()\n]{1,300})\)[^()]*\(?\Z")
_NAME_OF_COLUMN = re.compile(r"[A-Za-z_][\w.]{0,60}")
_AROUND_NAME = " \t\r\n\"'`[]"
_LITERAL = re.compile(r"['\"][^'\"]")
# A keyword or a name of the statement, a number, a sign.
_HARMLESS = re.compile(
    r"[A-Za-z_]{0,14}|[+-]?\d{1,3}|\d{9,20}|\d{1,20}(?:[-_:][A-Z]{2,12}){1,3}|[+-]?\d{0,9}[.,][\d.,]{1,12}|\W{1,3}|[A-Z0-9]{1,8}/[A-Z0-9:]{1,12}"
)


def without_quotes(text: str, marks: set[str]) -> str:
    """`text` without statements' literals and parameters, and without quoted values.

    Args:
        marks: What `marks.found_in` has found.
    """
    if "[sql: " in marks or "[parameters: " in marks:
        text = _between(text, "[SQL: ", _SQL_END, _literals_out())
        text = _between(text, "[parameters: ", _PARAMETERS_END, lambda _: REDACTED)
    if "line " in marks:
        text = _without_lines(text)
    for quote in RULES.quotes:
        if quote.marker in marks:
            text = _without_quoted(text, quote.pattern, quote.end)
    return text


def _literals_out() -> Callable[[str], str]:
    """Takes the literals out of statements, a bounded number of characters of all together."""
    left = _LONGEST_SQL

    def clean(statement: str) -> str:
        nonlocal left
        head = statement[:left]
        left -= len(head)
        clean = without_literals(without_runs(head))
        cut = len(statement) - len(head)
        return f"{clean}[{cut} characters cut]" if cut else clean

    return clean


def _between(text: str, begin: str, end: re.Pattern[str], clean: Callable[[str], str]) -> str:
    """Clean what stands between `begin` and `end`, or the end of the text."""
    kept: list[str] = []
    done = 0
    while (start := text.find(begin, done)) >= 0:
        start += len(begin)
        close = end.search(text, start)
        stop = close.start() if close is not None else len(text)
        kept += (text[done:start], clean(text[start:stop]))
        done = stop
    return "".join((*kept, text[done:])) if kept else text


def _without_lines(text: str) -> str:
    """Take the literals out of PostgreSQL's quotation of a statement, one that begins within a literal wholly."""
    kept: list[str] = []
    done = 0
    while (line := _LINE.search(text, done)) is not None:
        stop = _LINE_END.search(text, line.end()).start()  # type: ignore[union-attr]
        statement = text[line.end() : stop]
        cut = statement.startswith("...") and statement.count("'") % 2
        kept += (text[done : line.end()], REDACTED if cut else without_literals(without_runs(statement)))
        done = stop
    return "".join((*kept, text[done:])) if kept else text


def _without_quoted(text: str, begin: re.Pattern[str], end: str) -> str:
    if end == "named":
        return begin.sub(_named, text)
    find = _IN[end]
    kept: list[str] = []
    done = 0
    while (found := begin.search(text, done)) is not None:
        start, stop = find(text, found.end())
        has_columns = end == "row" or (end == "bracket" and found[0].startswith("Key"))
        if has_columns and stop > start and _has_plain_columns(found[0]):
            start = stop
        kept += (text[done:start], REDACTED if stop > start else "")
        done = max(stop, found.end())
    return "".join((*kept, text[done:])) if kept else text


def _named(match: re.Match[str]) -> str:
    """What was said of a value that stands in front of it, or in brackets: only what looks like a token is one."""
    is_one = is_token_or_uuid(match[1]) or is_drawn(match[1], _SHORTEST_DRAWN)
    if not is_one or is_named_id(match.string[max(0, match.start() - _BEFORE) : match.start()]):
        return match[0]
    start = match.start(1) - match.start()
    return match[0][:start] + REDACTED + match[0][start + len(match[1]) :]


def _has_plain_columns(begin: str) -> bool:
    """Whether what stands before a row, or a key, names columns of which all are plainly innocent."""
    columns = _COLUMNS.search(begin)
    return columns is not None and all(map(_is_plain_column, columns[1].split(",")))


def _is_plain_column(name: str) -> bool:
    name = name.strip(_AROUND_NAME)
    if not _NAME_OF_COLUMN.fullmatch(name) or promise(name):
        return False
    last = name.lower().rpartition(".")[2].rpartition("_")[2]
    return last in RULES.columns or last in RULES.id_words


def _in_quotes(text: str, position: int) -> tuple[int, int]:
    inside = quoted(text, position)
    if inside is None:
        return position, position
    value = text[slice(*inside)]
    is_plain = (
        is_market(value)
        or _OF_CHAIN.fullmatch(value)
        or (_HARMLESS.fullmatch(value) and not looks_random_letters(value))
    )
    return (position, position) if is_plain else inside


def _in_brackets(text: str, position: int) -> tuple[int, int]:
    """Values hold brackets too: up to the last one of the line."""
    closing = _CLOSING.get(text[position : position + 1])
    if closing is None:
        return position, position
    line = _LINE_END.search(text, position).start()  # type: ignore[union-attr]
    close = text.rfind(closing, position, line)
    return position + 1, line if close < 0 else close


def _in_row(text: str, position: int) -> tuple[int, int]:
    """What is in the brackets that have opened and in those behind a comma; nothing where no literal is."""
    stop = bracket(text, position - 1)
    while (more := _NEXT_ROW.match(text, stop)) is not None:
        stop = bracket(text, more.end() - 1)
    stop -= text[stop - 1] == ")"
    # What has none is not looked at again.
    return (position, stop) if _LITERAL.search(text, position, stop) else (stop, stop)


_IN = {"quote": _in_quotes, "bracket": _in_brackets, "row": _in_row}
