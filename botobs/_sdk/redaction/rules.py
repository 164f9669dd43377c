"""Loads `rules.toml`, the one list of what a secret is; the collector's patterns are generated from the same file."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Any

#: What stands in place of a secret.
REDACTED = "[redacted]"
# A message of FIX has its fields between the first control character, or a bar where it is shown.
_PASSWORD = r"[^\s\"'|\x01]++"


@dataclass(frozen=True)
class Quote:
    """A value that an error quotes.

    Attributes:
        marker: A part of the text before the value that is quick to look for.
        begin: Pattern of the text before the value.
        end: What the value ends with: `quote`, `bracket` or `row`; `named` where `begin` has the value as its group.
    """

    marker: str
    begin: str
    end: str

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Of the text before the value. Compiled for the first text with the marker: a service meets few of them."""
        return re.compile(self.begin)


@dataclass(frozen=True)
class Command:
    """A password that a program or a protocol is told.

    Attributes:
        marker: A part of the text before it that is quick to look for.
        begin: Pattern of the text before it.
        likely: Whether words may stand there too.
        end: Pattern of the text behind it.
    """

    marker: str
    begin: str
    likely: bool
    end: str = ""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What is before, the password and what is behind; compiled as that of a quote is."""
        return re.compile(f"({self.begin})({_PASSWORD})({self.end})")

    @property
    def has_option(self) -> bool:
        """Whether ` -` is in front of it: most texts hold none."""
        return re.search(r"[ }?)]-[\[A-Za-z]", self.begin) is not None


@dataclass(frozen=True)
class Rules:
    """The content of `rules.toml`; the file says what each table is for."""

    secret: frozenset[str]
    foreign: tuple[str, ...]
    qualified: frozenset[str]
    behind: frozenset[str]
    qualifiers: dict[str, frozenset[str]]
    ambiguous: frozenset[str]
    tails: frozenset[str]
    metadata: frozenset[str]
    harmless: frozenset[str]
    harmless_names: frozenset[str]
    ids: frozenset[str]
    plain: frozenset[str]
    exchanges: frozenset[str]
    no_values: frozenset[str]
    id_words: frozenset[str]
    owners: frozenset[str]
    secret_words: frozenset[str]
    columns: frozenset[str]
    currencies: tuple[str, ...]
    files: tuple[str, ...]
    hashes: tuple[str, ...]
    formats: tuple[str, ...]
    common_formats: tuple[str, ...]
    hosts: dict[str, str]
    quotes: tuple[Quote, ...]
    commands: tuple[Command, ...]
    headers: frozenset[str]


def load() -> Rules:
    """Read the file that lies beside this module."""
    raw: dict[str, Any] = tomllib.loads(text("rules.toml"))
    names, kinds, values = raw["names"], raw["names"]["kinds"], raw["values"]
    qualifiers = {word: frozenset(before) for word, before in names["qualifiers"].items()}
    exchanges = frozenset(kinds["exchanges"])
    qualifiers |= {"key": qualifiers["key"] | exchanges, "keys": qualifiers["key"] | exchanges}
    qualifiers |= {"tokens": qualifiers["token"], "codes": qualifiers["code"], "pw": qualifiers["pass"]}
    return Rules(
        secret=frozenset(names["secret"]),
        foreign=tuple(names["foreign"]),
        qualified=frozenset(names["qualified"]),
        behind=frozenset(names["behind"]),
        qualifiers=qualifiers,
        ambiguous=frozenset(kinds["ambiguous"]),
        tails=frozenset(kinds["tails"]),
        metadata=frozenset(kinds["metadata"]),
        harmless=frozenset(kinds["harmless"]),
        harmless_names=frozenset(kinds["harmless_names"]),
        ids=frozenset(kinds["ids"]),
        plain=frozenset(kinds["plain"]),
        exchanges=exchanges,
        no_values=frozenset(values["none"]),
        id_words=frozenset(values["ids"]),
        owners=frozenset(values["owners"]),
        secret_words=frozenset(values["secrets"]),
        columns=frozenset(values["columns"]),
        currencies=tuple(values["currencies"]),
        files=tuple(values["files"]),
        hashes=tuple(raw["formats"]["hashes"]),
        formats=(*raw["formats"]["common"], *raw["formats"]["others"]),
        common_formats=tuple(raw["formats"]["common"]),
        hosts=dict(raw["hosts"]),
        quotes=tuple(Quote(**quote) for quote in raw["quotes"]),
        commands=tuple(Command(**command) for command in raw["commands"]),
        headers=frozenset(raw["headers"]["keep"]),
    )


def text(name: str) -> str:
    """The text of a data file of this package."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


#: As loaded when this module is imported.
RULES = load()
