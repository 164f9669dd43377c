"""Takes the secrets out of a text, one rule after the other.

Texts come from anybody: an exchange's answer, a browser's header. Every rule takes time in proportion to the text. It either
takes what cannot be repeated (possessively, so that nothing is tried twice), or takes what opens and never closes to its
end.
"""

from __future__ import annotations

import html
import re
from functools import partial
from urllib.parse import unquote_plus

from .addresses import clean_path, without_addresses
from .pairs import REDACTED, without_pairs
from .phrases import without_phrases
from .quotes import without_quotes
from .values import formatted, is_bare_secret

_PEM_BEGIN = re.compile(r"-----BEGIN ([A-Z0-9 ]*+)-----")
_PEM_END = re.compile(r"-----END [A-Z0-9 ]++-----")
_PEM_SECRETS = ("PRIVATE KEY", "CERTIFICATE", "SECRET")
# All of a run is taken, also one without a second part: no token begins within it.
_JWT = re.compile(r"eyJ(?<=\beyJ)[A-Za-z0-9_-]{5,}+(?P<rest>\.[A-Za-z0-9_-]{5,}+(?:\.[A-Za-z0-9_-]*+)?)?")
# After the scheme something that is no word: with a digit, a sign, or a capital inside.
_SCHEMES = ("bearer", "basic", "digest", "token", "apikey", "negotiate", "hmac-")
_SCHEME = re.compile(
    rf"\b((?i:{'|'.join(_SCHEMES[:-1])}|hmac-sha\d{{3}}))\s++(?!\w++=[^=\s])(?![A-Z]{{2,8}}(?![\w-])|0x[0-9a-fA-F]{{40}})"
    r"(?=\S*\d|\S+[A-Z]|\S*[._~+/=-]\S)[A-Za-z0-9._~+/=:-]{6,}+"
)
_COOKIE = re.compile(r"\b(cookie['\"]?\s*+[:=]\s*+['\"]?)[^\n'\"]++", re.IGNORECASE)
_QUERY = re.compile(r"\?(?<=[\w/]\?)(?=[\w.\-\[\]%]++=)[^\s'\"<>]*+")
_FORM_USER = re.compile(r"((?:-u|--user|--proxy-user)[ =]['\"]?[^\s:'\"]{1,64}:)[^\s'\"]++")
_COLORS = re.compile(r"\x1b\[[0-9;]*+m")
_ENCODED = re.compile(r"%(?:22|3[AaDd]|25)")
_NO_SPACE = re.compile(r"[^\s]++")
_RUN = re.compile(r"(?<![\w+/.~=:-])[A-Za-z0-9+/_.~:-]{16,}+={0,2}")


def clean(text: str, name: str = "") -> str:
    """`text` without what looks like a secret in it.

    Args:
        name: Of the attribute whose value it is.
    """
    if len(text) < 6 or text.isalpha():
        return text
    if "\x1b[" in text:
        # Codes of colors between a name and its value hide the pair.
        plain = _COLORS.sub("", text)
        bare = _clean(plain, name)
        return _clean(text, name) if bare == plain else bare
    return _clean(text, name)


def _clean(text: str, name: str) -> str:
    return _decoded(_without_encoded(text), name)


def _decoded(text: str, name: str = "") -> str:
    """All rules but those for encoded texts."""
    if "-----BEGIN" in text:
        text = _without_keys(text)
    if "eyJ" in text:
        text = _JWT.sub(lambda match: REDACTED if match["rest"] else match[0], text)
    if "://" in text:
        text = without_addresses(text)
    text = without_quotes(text)
    if "?" in text:
        text = _QUERY.sub("", text)
    lowered = text.lower()
    if any(scheme in lowered for scheme in _SCHEMES):
        text = _SCHEME.sub(rf"\1 {REDACTED}", text)
    if "ookie" in text:
        text = _COOKIE.sub(rf"\1{REDACTED}", text)
    if "-u" in text:
        text = _FORM_USER.sub(rf"\1{REDACTED}", text)
    text = without_pairs(text, lowered)
    if len(text) >= 16:
        text = _RUN.sub(partial(_without_run, name), text)
        if len(text) >= 47:
            text = without_phrases(text, REDACTED)
    return text


def _without_encoded(text: str) -> str:
    """Texts that were encoded for an address, or for HTML: as they were before, where a secret was in them."""
    if "&quot;" in text or "&#3" in text:
        plain = html.unescape(text)
        bare = _decoded(plain) if plain != text else plain
        text = text if bare == plain else bare
    return _NO_SPACE.sub(_encoded, text) if "%" in text and _ENCODED.search(text) else text


def _encoded(match: re.Match[str]) -> str:
    plain = match[0]
    if "%" not in plain or not _ENCODED.search(plain):
        return plain
    for _ in range(3):
        decoded = unquote_plus(plain)
        if decoded == plain:
            break
        plain = decoded
    bare = _decoded(plain)
    return match[0] if bare == plain else bare


def _without_keys(text: str) -> str:
    """Take out keys in PEM; one without an end is taken to the end of the text."""
    kept: list[str] = []
    end = 0
    while (begin := _PEM_BEGIN.search(text, end)) is not None:
        if any(secret in begin[1] for secret in _PEM_SECRETS):
            close = _PEM_END.search(text, begin.end())
            kept += (text[end : begin.start()], REDACTED)
            end = close.end() if close is not None else len(text)
        else:
            kept.append(text[end : begin.end()])
            end = begin.end()
    return "".join((*kept, text[end:]))


def _without_run(name: str, match: re.Match[str]) -> str:
    run = match[0]
    found = formatted(run)
    if found is not None:
        return REDACTED + run[found.end() :]
    if run.startswith("/"):
        return clean_path(run, "")
    kept = []
    position = match.start()
    for part in re.split(r"([.:])", run):
        if len(part) >= 16:
            known = formatted(part)
            if known is not None:
                kept.append(REDACTED + part[known.end() :])
            else:
                before = match.string[max(0, position - 40) : position] or name
                kept.append(REDACTED if is_bare_secret(part, before) else part)
        else:
            kept.append(part)
        position += len(part)
    return "".join(kept)
