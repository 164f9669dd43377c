"""Statements of many databases, whose literals and comments are canaries, with the summary that they should get."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

CANARY = "canary4711"

#: What makes a scanner lose its way, beside the canary.
_PIECES = [
    CANARY, "'", '"', "`", "\\", "''", "\\'", "--", "-- ", "/*", "*/", "#", "# ", "//", "$$", "$a$", "$", "[", "]",
    "q'[", "]'", "E'", "N'", "(", ")", ";", "\n", " FROM nowhere ", "%s", "?", ":x", "é", "0x", "1e",
]  # fmt: skip

Text = Callable[[random.Random, str], str]


@dataclass(frozen=True)
class Grammar:
    """How one database writes.

    Attributes:
        strings: Each writes a text as a literal.
        comments: Each writes a text as a comment.
        names: Each writes a text as the name of a table.
        quotes: Characters that no name may hold.
    """

    strings: tuple[Text, ...]
    comments: tuple[Text, ...]
    names: tuple[Text, ...]
    quotes: str = '"'


def _doubled(prefix: str = "", quote: str = "'") -> Text:
    return lambda _, text: f"{prefix}{quote}{text.replace(quote, quote * 2)}{quote}"


def _backslashed(prefix: str = "", quote: str = "'", doubles: bool = True) -> Text:
    def write(rng: random.Random, text: str) -> str:
        ways = [f"\\{quote}", quote * 2] if doubles else [f"\\{quote}"]
        inner = "".join(
            "\\\\" if char == "\\" else rng.choice(ways) if char == quote else char for char in text
        )
        return f"{prefix}{quote}{inner}{quote}"

    return write


def _e_string(rng: random.Random, text: str) -> str:
    write = _backslashed()
    first = rng.choice("eE") + write(rng, text)
    blank = rng.choice(["\n", " \n\t", " -- it's\n", "\n--'\n  "])
    return first + blank + write(rng, f"\\'{text}") if rng.random() < 0.3 else first


def _dollars(tags: bool) -> Text:
    def write(rng: random.Random, text: str) -> str:
        tag = rng.choice(["", "x", "_q1", "é"]) if tags else ""
        return f"${tag}${text.replace('$', '')}${tag}$"

    return write


def _q_string(rng: random.Random, text: str) -> str:
    begin, end = tuple(rng.choice(["[]", "{}", "()", "<>", "!!", "||", '""', "--", "''"]))
    inner = text
    while f"{end}'" in inner:
        inner = inner.replace(f"{end}'", "")
    # The last character and the end must not make an end earlier.
    return f"{rng.choice(['q', 'Q', 'nq', 'NQ'])}'{begin}{inner.rstrip(end)}{end}'"


def _triple(quote: str) -> Text:
    return lambda _, text: quote * 3 + text.replace("\\", "\\\\").replace(quote, f"\\{quote}") + quote * 3


def _line(mark: str, ends: str = "\n") -> Text:
    def write(_: random.Random, text: str) -> str:
        for end in ends:
            text = text.replace(end, " ")
        return f"{mark}{text}\n"

    return write


def _block(_: random.Random, text: str) -> str:
    return f"/* {text.replace('/*', '').replace('*/', '')} */"


def _nested(rng: random.Random, text: str) -> str:
    inner = _block(rng, text)
    for _ in range(rng.randrange(4)):
        inner = f"/* ' {inner} {CANARY} */"
    return inner


def _plain(rng: random.Random, _: str) -> str:
    return rng.choice(["orders", "public.fills", "Bots", "x$y", "straße"])


def _hex(_: random.Random, text: str) -> str:
    return f"X'{text.encode().hex()}'"


_STANDARD_COMMENTS = (_line("--"), _block)
_DOUBLE_QUOTED = _doubled(quote='"')

GRAMMARS: dict[str, Grammar] = {
    "postgresql": Grammar(
        (_doubled(), _doubled("N"), _doubled("U&"), _doubled("B"), _e_string, _dollars(tags=True), _hex),
        (_line("--", "\n\r"), _nested),
        (_plain, _DOUBLE_QUOTED),
    ),
    "mysql": Grammar(
        (_backslashed(), _backslashed("N"), _backslashed("_utf8mb4"), _backslashed(quote='"'), _hex),
        (_line("-- "), _line("#"), _block),
        (_plain, _doubled(quote="`")),
        "`",
    ),
    "sqlite": Grammar(
        (_doubled(), _hex, _DOUBLE_QUOTED),
        _STANDARD_COMMENTS,
        (_plain, _doubled(quote="`"), lambda _, text: f"[{text}]"),
        "`]",
    ),
    "oracle.db": Grammar(
        (_doubled(), _doubled("n"), _q_string), _STANDARD_COMMENTS, (_plain, _DOUBLE_QUOTED)
    ),
    "microsoft.sql_server": Grammar(
        (_doubled(), _doubled("N")),
        (_line("--"), _nested),
        (_plain, lambda _, text: f"[{text}]", _DOUBLE_QUOTED),
        '"]',
    ),
    "clickhouse": Grammar(
        (_backslashed(), _dollars(tags=True)),
        (_line("--"), _line("# "), _line("#!"), _nested),
        (_plain, _backslashed(quote="`"), _backslashed(quote='"')),
        '"`\\',
    ),
    "snowflake": Grammar(
        (_backslashed(), _dollars(tags=False)),
        (_line("--"), _line("//"), _block),
        (_plain, _DOUBLE_QUOTED),
    ),
    "bigquery": Grammar(
        (
            _backslashed(doubles=False),
            _backslashed(quote='"', doubles=False),
            _backslashed("b", doubles=False),
            _triple("'"),
            _triple('"'),
        ),
        (_line("--"), _line("#"), _block),
        (_plain, _backslashed(quote="`")),
        "`\\",
    ),
    "databricks": Grammar(
        (_backslashed(doubles=False), _backslashed(quote='"', doubles=False)),
        _STANDARD_COMMENTS,
        (_plain, _doubled(quote="`")),
        "`",
    ),
}
GRAMMARS["mariadb"] = GRAMMARS["mysql"]
GRAMMARS["cockroachdb"] = GRAMMARS["postgresql"]

#: A statement and its summary. `L` is a literal, `T` and `U` are tables, `_` is where a comment may stand.
_TEMPLATES = [
    ("SELECT_a_,_L_FROM_T_WHERE_b_=_L_AND_c_IN_(_L_,_L_)_ORDER_BY_a", "SELECT T"),
    ("SELECT_L_AS_x_FROM_T_,_U_WHERE_a_BETWEEN_L_AND_L", "SELECT T U"),
    ("INSERT_INTO_T_(_a_,_b_)_VALUES_(_L_,_L_)_,_(_L_,_L_)", "INSERT T"),
    ("UPDATE_T_SET_a_=_L_,_b_=_L_WHERE_c_=_L", "UPDATE T"),
    ("DELETE_FROM_T_WHERE_a_=_L_OR_b_LIKE_L", "DELETE T"),
    ("(_SELECT_L_FROM_T_)_UNION_(_SELECT_L_FROM_U_)", "SELECT T SELECT U"),
    ("WITH_RECURSIVE_c_(_a_,_b_)_AS_(_SELECT_L_,_L_FROM_T_)_SELECT_*_FROM_c_JOIN_U_ON_c_._a_=_L", "SELECT T SELECT U"),
    ("WITH_c_AS_(_SELECT_L_FROM_T_)_SELECT_*_FROM_c_WHERE_a_=_(_SELECT_L_FROM_U_)", "SELECT T SELECT U"),
]  # fmt: skip


def statement(rng: random.Random, system: str) -> tuple[str, str]:
    """A statement of a database, and its summary."""
    grammar = GRAMMARS[system]
    template, summary = rng.choice(_TEMPLATES)
    tables: dict[str, str] = {}
    parts: list[str] = []
    for symbol in template.split("_"):
        if symbol == "L":
            number = f"{rng.choice(['', '-', '0x', '.'])}4711{rng.choice(['', '.4711', 'e-4711', '_4711'])}"
            written = number if rng.random() < 0.2 else rng.choice(grammar.strings)(rng, _text(rng))
        elif symbol in ("T", "U"):
            name, written = _table(rng, grammar)
            while name in tables.values():
                name, written = _table(rng, grammar)
            tables[symbol] = name
        else:
            written = symbol
        parts += (written, _between(rng, grammar))
    shown = " ".join(tables.get(word, word) for word in summary.split(" "))
    return "".join(parts), shown


def _text(rng: random.Random) -> str:
    return "".join(rng.choices(_PIECES, k=rng.randrange(6))) + CANARY


def _table(rng: random.Random, grammar: Grammar) -> tuple[str, str]:
    """The name of a table, and how it is written."""
    write = rng.choice(grammar.names)
    if write is _plain:
        name = _plain(rng, "")
        return name, name
    pieces = [piece for piece in _PIECES if piece != CANARY and not set(piece) & {*grammar.quotes, "\n", " "}]
    name = "t" + "".join(rng.choices(pieces, k=rng.randrange(3))).rstrip('"`[]') + "x"
    return name, write(rng, name)


def _between(rng: random.Random, grammar: Grammar) -> str:
    if rng.random() < 0.15:
        return f" {rng.choice(grammar.comments)(rng, _text(rng))} "
    return rng.choice([" ", "\n", "\t  "])
