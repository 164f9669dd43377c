"""Takes out the values that errors quote: of databases' drivers, of validators, of conversions."""

from __future__ import annotations

import re
from collections.abc import Callable

from .quoting import bracket, quoted
from .rules import REDACTED, RULES
from .runs import without_runs
from .sql import without_literals

# Of an SQL statement in an error's text. What a client library generates beyond it is repetition.
_LONGEST_SQL = 8192
_SQL_END = re.compile(r"\](?=[\s\\\"']|\Z)")
_PARAMETERS_END = re.compile(r"\](?=\s*(?:\n|\\|\"|\Z|\(Background))")
_LINE_END = re.compile(r"\n|(?<!\\)\\++n|\Z")
_LINE = re.compile(r"LINE \d{1,6}: ")
# Behind the last row's bracket; not from within the blanks behind it.
_NEXT_ROW = re.compile(r"(?<!\s)\s*+,\s*+\(")
_CLOSING = {"(": ")", "{": "}", "[": "]"}
_LITERAL = re.compile(r"['\"][^'\"]")
# A keyword or a name of the statement, a number, a sign.
_HARMLESS = re.compile(
    r"[A-Za-z_]{0,14}|[+-]?\d{1,3}|[+-]?\d{0,9}[.,][\d.,]{1,12}|\W{1,3}|[A-Z0-9]{1,8}/[A-Z0-9:]{1,12}"
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
    find = _IN[end]
    kept: list[str] = []
    done = 0
    while (found := begin.search(text, done)) is not None:
        start, stop = find(text, found.end())
        kept += (text[done:start], REDACTED if stop > start else "")
        done = max(stop, found.end())
    return "".join((*kept, text[done:])) if kept else text


def _in_quotes(text: str, position: int) -> tuple[int, int]:
    inside = quoted(text, position)
    if inside is None or _HARMLESS.fullmatch(text, *inside):
        return position, position
    return inside


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
