"""Takes out the cells below the names of secrets: of CSV, data frames, and tables of psql, Markdown and terminals."""

from __future__ import annotations

import re

from .names import CODES, PASSWORDS, promise
from .rules import REDACTED
from .values import is_code, is_drawn_token, is_hex_of_key, is_secret

# Between the cells of a line. Below a heading of bars a line is drawn; beside commas are no blanks.
_BARS = "\u2506\u2502|"
# polars draws it around a table, and the first of the bars above between its cells.
_FRAME = "\u2502"
_SEPARATORS = (*_BARS, "\t", ";", ",")
_HEADING = re.compile(r"2?[A-Za-z_][\w.\-]{0,40}(?: [\w.\-]{1,40})?")
# https://www.postgresql.org/docs/current/sql-copy.html: rows in text format follow.
_COPY = re.compile(r'COPY [\w."]{1,130} ?\(([\w", ]{1,900})\) FROM stdin', re.IGNORECASE)
_DRAWN = re.compile(r"[\s|+:=\u2500-\u257f-]*", re.ASCII)
# Between cells that blanks set below their heading.
_GAP = "  "
_GAPS = re.compile(r"( {2,})")
_BLANKS = " \t\r\f\v"
#: Of a heading; a longer line is none.
_LONGEST = 1024


def without_columns(text: str) -> str:
    """`text` without what stands below the names of secrets."""
    lines = text.split("\n")
    separator, secret = "", dict[int, str]()
    width = 0
    for number, line in enumerate(lines):
        if secret and separator == _GAP:
            if (clean := _without_aligned(line, width, secret)) is not None:
                lines[number] = clean
                continue
            secret = {}
        if secret and _DRAWN.fullmatch(line):
            continue
        cells = line.split(separator) if secret else []
        if not secret or len(cells) != width:
            separator, width, secret = _heading(line, lines[number + 1] if number + 1 < len(lines) else "")
            continue
        lines[number] = separator.join(
            _clean(secret[at], cell) if at in secret else cell for at, cell in enumerate(cells)
        )
    return "\n".join(lines)


def _clean(promised: str, cell: str) -> str:
    value = cell.strip(_BLANKS + _FRAME)
    value = value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
    if any(sign in value for sign in (*_BLANKS, '"')):
        return cell
    is_one = (
        is_code(promised, value)
        if promised in (*CODES, "pin")
        else is_secret(promised, value)
        and (promised in PASSWORDS or is_drawn_token(value) or (promised == "key" and is_hex_of_key(value)))
    )
    return cell.replace(value, REDACTED) if is_one else cell


def _without_aligned(line: str, width: int, secret: dict[int, str]) -> str | None:
    """A line below a heading without a sign between its cells, if it has as many cells or one more."""
    parts = _GAPS.split(line)
    first = 2 if parts[0] == "" else 0
    more = (len(parts) - first + 1) // 2 - width
    if more not in (0, 1):
        return None
    for at, promised in secret.items():
        place = first + 2 * (at + more)
        parts[place] = _clean(promised, parts[place])
    return "".join(parts)


def _heading(line: str, below: str) -> tuple[str, int, dict[int, str]]:
    """What separates the cells of a heading, how many they are, and which promise what; none of no heading."""
    if line.startswith("COPY ") and (copied := _COPY.match(line)) is not None:
        return "\t", *_promises(copied[1].replace('"', "").split(","))
    separator = next((sign for sign in _SEPARATORS if sign in line), "")
    has_bars = separator in _BARS
    if not separator and _GAP in (words := line.strip()) and len(line) <= _LONGEST:
        names = _GAPS.split(words)[::2]
        is_one = all(map(_HEADING.fullmatch, names))
        return (
            _GAP,
            len(names),
            {at: kind for at, name in enumerate(names) if is_one and (kind := promise(name))},
        )
    if not separator or len(line) > _LONGEST or (has_bars and not (below and _DRAWN.fullmatch(below))):
        return "", 0, {}
    names = [cell.strip(f' "\r{_FRAME}') for cell in line.split(separator)]
    # A bar stands at both ends of a line, too.
    if not all(_HEADING.fullmatch(name) or (has_bars and not name) for name in names):
        return "", 0, {}
    if separator in ",;" and " " in line.strip(" \r"):
        return "", 0, {}
    return separator, *_promises(names)


def _promises(names: list[str]) -> tuple[int, dict[int, str]]:
    """How many names there are, and which promise what."""
    return len(names), {at: kind for at, name in enumerate(names) if (kind := promise(name.strip()))}
