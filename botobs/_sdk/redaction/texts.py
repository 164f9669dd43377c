"""Takes the secrets out of a text, one rule after the other.

Texts come from anybody: an exchange's answer, a browser's header. Every rule takes time in proportion to the text. It
either takes what cannot be repeated (possessively, so that nothing is tried twice), or takes what opens and never
closes to its end.
"""

from __future__ import annotations

import html
import re
import string
from urllib.parse import unquote

from .addresses import clean_url, without_addresses
from .columns import without_columns
from .commands import without_commands
from .drawn import CORNER, without_drawn
from .marks import SCHEMES, found_in, lower
from .octets import SHORTEST, without_octets
from .pairs import without_pairs
from .phrases import SHORTEST_OF_LATIN, without_phrases
from .queries import Clean, kept
from .quotes import without_quotes
from .rules import REDACTED, RULES
from .runs import without_runs
from .values import is_like_a_password

# With the blanks of an address, perhaps.
_PEM_BEGIN = re.compile(r"-----BEGIN(?: |\+|%20)((?:[A-Z0-9 +]|%20)*+)-----")
_PEM_END = re.compile(r"-----END(?: |\+|%20)(?:[A-Z0-9 +]|%20)++-----")
_SAID_OF_PEM = re.compile(r" [a-z]{1,20}[ ,.;:!]")
_PEM_BLANK = re.compile(r"\+|%20")
_PEM_SECRETS = ("PRIVATE KEY", "CERTIFICATE", "SECRET")
_OF_PEM = string.ascii_letters + string.digits + "+/=\\\r\n"
#: Characters in front of the end of a key that are a part of it and no words.
_SHORTEST_OF_PEM = 20
# All of a run is taken, also one without a second part: no token begins within it.
_JWT = re.compile(r"eyJ(?<=\beyJ)[A-Za-z0-9_-]{5,}+(?P<rest>\.[A-Za-z0-9_-]{5,}+(?:\.[A-Za-z0-9_-]*+)?)?")
# After the scheme something that is no word: with a digit, a sign, or a capital inside.
_SCHEME = re.compile(
    rf"\b((?i:{'|'.join(SCHEMES)})(?:\d{{3}})?)[\t\x20]++(?![\w:]++=[^=\s])(?=[._~+/=:-]*+[A-Za-z0-9])(?![A-Z0-9]{{2,10}}(?![\w-])|0x[0-9a-fA-F]{{40}}|[1-9A-HJ-NP-Za-km-z]{{43,44}}(?![\w-])|sha\d{{1,3}}[:-])"
    r"(?=\S*\d|\S+[A-Z]|\S*[._~+/=-]\S)[A-Za-z0-9._~+/=:-]{6,}+"
)
_COOKIE = re.compile(r"\b(cookie['\"]?\s*+[:=]\s*+['\"]?)[^\n'\"]++", re.IGNORECASE)
_CODE_FIRST = re.compile(r"(?<![\w.])\d{4,8}(?= is (?:your|the) [\w -]{0,40}code\b)")
# A password as it is kept: https://passlib.readthedocs.io/en/stable/modular_crypt_format.html
_HASH = re.compile("|".join(RULES.hashes))
_QUERY = re.compile(r"\?(?<=[\w/]\?)(?=[\w.\-\[\]%]++=)[^\s'\"<>]*+")
_FORM_USER = re.compile(r"((?:-u|--user|--proxy-user)[ =]['\"]?[^\s:'\"]{1,64}:)[^\s'\"]++")
# `user:password@host` of an address that has lost its scheme; Oracle's, and Go's of MySQL.
_LOGIN = re.compile(
    r"(?<![\w.-])([\w.-]{1,64}:)([^\s:@/'\"()]{4,128}+)(?=@(?:[\w.-]{1,253}(?::\d{2,5}(?!\w)|/\w)|(?:tcp|unix)\())"
    r"|(?<![\w.-])([\w.-]{1,64}/)([^\s:@/'\"()]{4,128}+)(?=@//)"
)
_COLORS = re.compile(r"\x1b\[[0-9;]*+m")
_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")
_QUOTES = str.maketrans(
    dict.fromkeys("\u201c\u201d\u201e\xab\xbb\u300c\u300d\u300e\u300f\uff02", '"')
    | dict.fromkeys("\u2018\u2019", "'")
)
# Marks of HTML, of JSON as it is written for pages, of the logs of nginx, of quotes of other scripts; and characters of
# JSON and nginx.
_OPENING_QUOTES = "\u201c\u201e\xab\u300c\u300e\uff02\u2018"
_ESCAPES = ("&quot;", "&#3", "&#x", "&lt;", "&apos;", "\\u", "\\x2", "\\x3", ":\\/\\/", *_OPENING_QUOTES)
# No sign of control, and no half of a character.
_ESCAPED = re.compile(
    r"\\(?:x([2-7][0-9a-fA-F])|u(00[2-9a-fA-F][0-9a-fA-F]|0[1-9a-fA-F][0-9a-fA-F]{2}|[1-9a-cA-CefEF][0-9a-fA-F]{3}"
    r"|[dD][0-7][0-9a-fA-F]{2})|(/))"
)
_NO_SPACE = re.compile(r"[^\s]++")


def clean(text: str, name: str = "") -> str:
    """`text` without what looks like a secret in it.

    Args:
        name: Of the attribute whose value it is.
    """
    if len(text) < 6 or (len(text) < 16 and text.isalpha()):
        return text
    if "\x1b[" in text:
        # Codes of colors between a name and its value hide the pair.
        plain = _COLORS.sub("", text)
        bare = _clean(plain, name)
        return _clean(text, name) if bare == plain else bare
    return _clean(text, name)


def clean_address(url: str) -> str:
    """An address, or a path, as the value of an attribute."""
    url = clean_url(url, plain)
    return _NO_SPACE.sub(_encoded, url) if "%" in url and _ENCODED.search(url) else url


def _clean(text: str, name: str) -> str:
    if ("&" in text or "\\" in text or not text.isascii()) and any(mark in text for mark in _ESCAPES):
        unescaped = _ESCAPED.sub(_character, html.unescape(text)).translate(_QUOTES)
        bare = _decoded(unescaped, name)
        text = text if bare == unescaped else bare
    text = _decoded(text, name)
    return _NO_SPACE.sub(_encoded, text) if "%" in text and _ENCODED.search(text) else text


def _character(match: re.Match[str]) -> str:
    return match[3] or chr(int(match[1] or match[2], 16))


def plain(text: str) -> str:
    """`text` without what looks like a secret in it: a value of a query, in which another address loses its own."""
    return _decoded(text, "", None)


def _decoded(text: str, name: str = "", of_queries: Clean | None = plain) -> str:
    """All rules but those for encoded texts.

    Args:
        name: As `clean` takes it.
        of_queries: As `queries.kept` takes it.
    """
    if "-----BEGIN" in text or "-----END" in text:
        text = _without_keys(text)
    if "eyJ" in text:
        text = _JWT.sub(lambda match: REDACTED if match["rest"] else match[0], text)
    if "://" in text:
        text = without_addresses(text, of_queries)
    if "?" in text:
        text = _QUERY.sub(lambda query: kept(query[0], of_queries), text)
    if "$" in text:
        text = _HASH.sub(REDACTED, text)
    if len(text) >= SHORTEST_OF_LATIN or not text.isascii():
        # Before pairs, of which some would take a word of it.
        text = without_phrases(text, REDACTED)
    if len(text) >= SHORTEST:
        text = without_octets(text)
    marks = found_in(lower(text))
    if marks:
        text = _without_marked(text, marks)
    text = without_commands(text)
    if "-u" in text:
        text = _FORM_USER.sub(rf"\1{REDACTED}", text)
    if "@" in text:
        text = _LOGIN.sub(_without_login, text)
    if len(text) >= 16:
        text = without_runs(text, name)
    return text


def _without_login(match: re.Match[str]) -> str:
    before, password = match[1] or match[3], match[2] or match[4]
    return before + REDACTED if is_like_a_password(password) else match[0]


def _without_marked(text: str, marks: list[tuple[int, str]]) -> str:
    kinds = {mark for _, mark in marks}
    before = text
    text = without_quotes(text, kinds)
    if not kinds.isdisjoint(SCHEMES) or "key" in kinds:
        text = _SCHEME.sub(rf"\1 {REDACTED}", text)
    if "cookie" in kinds:
        text = _COOKIE.sub(rf"\1{REDACTED}", text)
    if "code" in kinds:
        text = _CODE_FIRST.sub(REDACTED, text)
    text = without_pairs(text, marks if text == before else found_in(lower(text)))
    if "\n" not in text:
        return text
    text = without_columns(text)
    return without_drawn(text) if CORNER in text else text


def _encoded(match: re.Match[str]) -> str:
    """A text that was encoded for an address, once or more: as it was before, where a secret was in it."""
    readable = match[0]
    if not _ENCODED.search(readable):
        return readable
    readable = readable.replace("+", " ")
    for _ in range(3):
        decoded = unquote(readable)
        if decoded == readable:
            break
        readable = decoded
    bare = _decoded(readable)
    return match[0] if bare == readable else bare


def _without_keys(text: str) -> str:
    """Take out keys in PEM; what lacks a beginning is taken from its first line, and what lacks an end wholly."""
    kept: list[str] = []
    end = 0
    while (begin := _PEM_BEGIN.search(text, end)) is not None:
        label = _PEM_BLANK.sub(" ", begin[1])
        if any(secret in label for secret in _PEM_SECRETS):
            close = _PEM_END.search(text, begin.end())
            if close is None and _SAID_OF_PEM.match(text, begin.end()):
                kept.append(text[end : begin.end()])
                end = begin.end()
                continue
            kept += (text[end : begin.start()], REDACTED)
            end = close.end() if close is not None else len(text)
        else:
            kept.append(text[end : begin.end()])
            end = begin.end()
    rest = text[end:]
    close = _PEM_END.search(rest)
    if close is not None and any(secret in _PEM_BLANK.sub(" ", close[0]) for secret in _PEM_SECRETS):
        before = rest[: close.start()].rstrip(_OF_PEM)
        if close.start() - len(before) >= _SHORTEST_OF_PEM:
            kept, rest = [*kept, before, REDACTED], rest[close.end() :]
    return "".join((*kept, rest))
