"""Writes the collector's redaction patterns into `collector/collector.yaml`, from the rules of the SDK.

The collector looks at every attribute of every span, in Go's regular expressions, which know no looking around. So it
gets fewer rules than the SDK has, and nearly all begin with fixed letters, without the one that is a capital in some
spellings: the engine looks for those before it tries anything, and one alternation of all of them costs thirty times as
much.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from botobs._sdk.redaction.rules import RULES

PATH = Path(__file__).parents[1] / "collector" / "collector.yaml"
_BEGIN = "# Written by `make docs` from botobs/_sdk/redaction/rules.toml:"
_END = "# End of what is written."

#: How names of secrets go on behind their first letter, as the collector looks for them; by `rules.toml`'s words.
_STEMS = (
    "ecret", "ECRET", "assw(?:or)?d", "ASSW(?:OR)?D", "assphrase", "ASSPHRASE", "asscode", "uthorization", "redential",
    "ookie", "nemonic", "NEMONIC", "ecovery[-_.]?phrase", "eed[-_.]?phrase", "wofa",
)  # fmt: skip
_KEYS = (
    "pi[-_.]?[kK]ey", "PI[-_.]?K(?:ey|EY)", "pp[-_.]?[kK]ey", "PP[-_.]?KEY", "ccess[-_.]?[kK]ey", "CCESS[-_.]?KEY",
    "rivate[-_.]?[kK]ey", "RIVATE[-_.]?KEY", "isten[-_.]?[kK]ey", "igning[-_.]?[kK]ey", "ccount[-_.]?[kK]ey",
    "uth[-_.]?[kK]ey", "ccess[-_.]?[tT]oken", "uth[-_.]?[tT]oken", "efresh[-_.]?[tT]oken", "ession[-_.]?[tT]oken",
    "earer[-_.]?[tT]oken", "ot[-_.]?[tT]oken", "CCESS[-_.]TOKEN", "OTOBS[-_.]TOKEN", r"_pass(?:\W|_|\z)",
    r"_PASS(?:\W|_|\z)",
)  # fmt: skip
_SIGNATURES = (
    "ignature",
    "IGNATURE",
    "-SIGN(?:\\W|\\z)",
    "_SIGN(?:\\W|\\z)",
    "-[sS]ign(?:\\W|\\z)",
    "_sign(?:\\W|\\z)",
)
_AMBIGUOUS = ("oken", "OKEN", "ession", "sig", "ign", "IGN", "eed", "once", "ey", "KEY", "uth", "ignature")

_COLOR = r"(?:\x1b\[[0-9;]*m)?"
_QUOTE = r"""(?:\\*["'])?"""
_EQUALS = rf"""{_QUOTE}\]?{_COLOR}\s{{0,3}}(?:=>|:=|=|:)\s{{0,3}}{_COLOR}"""
_PAIRED = r"""\\*["']\s{0,3},\s{0,3}(?:\\*["']value\\*["']\s{0,3}:\s{0,3})?"""
_BETWEEN = f"(?:{_EQUALS}|{_PAIRED}|>)"
_OPEN = r"""(?:[\[(]\s{0,3})?(?:[A-Za-z]{1,20}\()?b?\\*"""
_QUOTED = r"""(?:"(?:[^"\\]|\\.)+|'(?:[^'\\]|\\.)+)"""
# What is no word, no placeholder and none of the short words that stand for no value.
_BARE = r"""(?:[^\s"'&;,<>(){}\[\]%:$?*.][^\s"'&;<>]*[0-9A-Z_+/=!#^~-][^\s"'&;<>]*|[A-Za-z]{6,}[0-9]|[a-z]{16,})"""
# Behind an equals sign a word is a value too, unless the name goes on: `secret_name=…`.
_ASSIGNED = r"""(?:[kK]ey|_KEY|_[A-Z]+|_?[0-9]+)?=\\*[^\s"'&;,<>(){}\[\]%:$?*]{6,}"""
_ENCODED = r"""\w*(?:%22)?%3[AaDd](?:%20|\+)?(?:%22)?[^\s&"%][^\s&"]*"""
_OPAQUE = r"""(?:[0-9]{0,18}[A-WYZa-wyz][A-Za-z0-9+/]{19,}={0,2}|0x[0-9a-fA-F]{100,})"""

_LONG_QUOTED = r"""(?:'[^'\n]{4,}|"[^"\n]{4,})"""
# What they quote begins with no other bracket.
_ROUND = ("key", "failing row contains", "duplicate key value is (")
# Their values are more often numbers and words than secrets.
_NOT_QUOTES = ("with base ", "could not convert string to ", "annot parse ")


def key_patterns() -> Iterator[str]:
    """Names of attributes that lose their values."""
    yield from _STEMS
    yield from _KEYS
    yield from _SIGNATURES
    yield from (r"\.query(?:\.parameter\.|\z)", r"http\.re(?:quest|sponse)\.(?:header\.|body)")


def value_patterns() -> Iterator[str]:
    """What is taken out of texts."""
    # JSON web tokens, keys in PEM, the user of an address.
    yield r"eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?"
    yield r"-----BEGIN [A-Z0-9 ]*(?:PRIVATE KEY|SECRET)[A-Z0-9 ]*-----[^-]*(?:-----END [A-Z0-9 ]*-----)?"
    yield r"://[^/\s@]+@"
    yield r"://[^/\s@:]*:[^/\s@0-9][^\s@]*@"
    # Queries and fragments of addresses, and forms: exchanges sign there.
    yield r"""[?&#][A-Za-z_][A-Za-z0-9_.\[\]-]*=[^\s"']*"""
    yield f"://[^/\\s\"']*(?:{_any_host()})/[^\\s\"'<>]+"
    yield r"earer\s+[a-z]{0,40}[A-Z0-9.~+/-][A-Za-z0-9._~+/=-]{5,}"
    yield r"EARER\s+[a-z]{0,40}[A-Z0-9.~+/-][A-Za-z0-9._~+/=-]{5,}"
    yield r"asic\s+[A-Za-z0-9+/=-]{16,}"
    yield r"MAC-SHA\d{3}\s+[A-Za-z0-9+/=]{16,}"
    yield r"""ookie['"]?\s*[:=]\s*['"]?[^\n'"]+"""
    yield r"""uthorization['"]?\s*[:=]\s*['"]?[A-Za-z0-9-]+ [^\n'"]{8,}"""
    yield r"nemonic\W{1,4}[a-z]{3,8}(?: [a-z]{3,8})+"
    for stem in (*_STEMS, *_KEYS):
        stem = stem.removesuffix(r"(?:\W|_|\z)")
        yield f"{stem}(?:\\w*{_BETWEEN}{_OPEN}(?:{_QUOTED}|{_BARE})|{_ASSIGNED}|{_ENCODED})"
    for stem in ("wd", "WD"):
        # A shell's folder has the name of a password.
        bare, assigned = (each.replace("%:$?*", "%:$?*/~", 1) for each in (_BARE, _ASSIGNED))
        yield f"{stem}(?:\\w*{_BETWEEN}{_OPEN}(?:{_QUOTED}|{bare})|{assigned}|{_ENCODED})"
    for stem in _AMBIGUOUS:
        yield f"{stem}(?:{_BETWEEN}{_OPEN}[\"']?{_OPAQUE}|{_ENCODED.replace('%][', '%]{20}[')})"
    # A shorter one in which letters and digits take turns, as in no symbol of a token.
    yield rf"oken{_BETWEEN}{_OPEN}[\"']?[a-z1-9][a-z0-9]{{0,30}}[0-9][a-z]{{1,10}}[0-9][A-Za-z0-9_-]*"
    yield rf"eed{_BETWEEN}{_OPEN}[\"']?(?:[^\s\"'&;:]{{1,30}} ){{5}}[^\"'&;:\n]*"
    for stem in ("pin", "otp"):
        yield rf"{stem}{_BETWEEN}{_OPEN}[\"']?[0-9]{{4,8}}(?:[^\w.-]|[.-](?:\D|\z)|\z)"
    for stem in ("ignature", "ecret", "rivate key"):
        yield rf"{stem}\W{{1,4}}(?:0x)?[0-9a-fA-F]{{48,}}"
    # Values that errors of databases and validators quote.
    yield r"\[SQL: [^\]]*'[^\]]*\]?"
    yield r"\[parameters: [^\]]*\]?"
    yield r"LINE [0-9]+: [^\n]*'[^\n]*"
    for quote in RULES.quotes:
        # What is said of a value is no reason to take it out unlooked at.
        if quote.marker not in _NOT_QUOTES and quote.end != "named":
            bracket = r"\(" if quote.marker in _ROUND else r"[\[({]"
            ends = {"bracket": rf"{bracket}[^\n]*", "row": r"[^\n]*['\"][^\n]*", "quote": _LONG_QUOTED}
            yield quote.begin + ends[quote.end]
    for command in RULES.commands:
        likely = r"[A-Za-z][^\s\"'|=(){}\[\]<>$%?:/\x01]*[0-9]" if command.likely else ""
        yield command.begin + likely + r"[^\s\"'|\x01]" + ("*" if likely else "+") + command.end
    yield from RULES.common_formats
    # What looks like an exchange's key: padded base64 of 32 and more bytes, or letters of both cases and digits.
    yield r"\b[A-Za-z0-9+/_-]{42,}={1,2}"
    yield r"\b[a-z0-9]{0,20}[A-Z][A-Za-z0-9]{46,}"
    yield r"/(?:web)?hooks?/[A-Za-z0-9_-]{16,}"
    yield r"/v[0-9]{1,2}/[0-9a-f]{24,}"
    # `curl -u user:password`
    yield r"""-u(?:ser)?[ =]["']?[^\s:"']{1,64}:[^\s"']+"""


def _any_host() -> str:
    return "|".join(re.escape(host) for host in sorted(RULES.hosts))


def ignored_keys() -> list[str]:
    """Names, states and numbers that somebody chose, and identities that look like keys."""
    return sorted(RULES.ids | RULES.plain)


def pages() -> dict[Path, str]:
    """The collector's configuration with the patterns of today, by its path."""
    text = PATH.read_text(encoding="utf-8")
    text = _between(text, "names", _items(key_patterns()))
    text = _between(text, "values", _items(value_patterns()))
    return {PATH: _between(text, "ignored", _items(ignored_keys()))}


def _between(text: str, name: str, lines: list[str]) -> str:
    pattern = re.compile(
        rf"^( *){re.escape(_BEGIN)} {name}\n.*?^ *{re.escape(_END)}\n", re.MULTILINE | re.DOTALL
    )
    found = pattern.search(text)
    if found is None:
        raise ValueError(f"{PATH} has no place for {name}")
    indent = found[1]
    body = "".join(f"{indent}{line}\n" for line in (f"{_BEGIN} {name}", *lines, _END))
    return text[: found.start()] + body + text[found.end() :]


def _items(values: Iterator[str] | list[str]) -> list[str]:
    # The collector reads a doubled dollar as one.
    return [f"- '{value.replace(chr(39), chr(39) * 2).replace('$', '$$')}'" for value in values]
