"""How the value of a setting is shown to a person: as far as it helps, and never a secret, wherever that was put.

A secret can stand in any variable, by a slip of the hand: what looks like one is hidden whatever the setting.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "********"
#: Characters of a value that are shown at most.
_LONGEST = 300
_RUN = re.compile(r"[^\s/\\:;,@?&#'\"()\[\]{}<>|]+")
#: Bytes in base64 have slashes and plus signs anywhere, which part words, and often end like this.
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{16,}+={1,2}(?![A-Za-z0-9+/=])")
_WORD = re.compile(r"[A-Za-z0-9]+")
#: Letters and digits that a random word has at least: what is shown of a good value, and of a refused one.
_RANDOM, _RANDOM_WHEN_REFUSED = 16, 8


def value(given: Any) -> str:
    """The value of a setting that is in use, as text."""
    if given is None or given == () or given == {}:
        return "-"
    if isinstance(given, tuple):
        return ", ".join(text(str(item)) for item in given)
    if isinstance(given, Mapping):
        # Their names say what is there; their values can be anything.
        return ", ".join(f"{text(str(name))}=…" for name in given)
    return text(str(given))


def refused(raw: Any) -> str:
    """A value that cannot be used: whole, or not at all."""
    if isinstance(raw, bool | float) or (isinstance(raw, int) and abs(raw) < 2**63):
        return repr(raw)
    if not isinstance(raw, str):
        return f"a {type(raw).__name__}"
    if "://" in raw:
        return repr(address(raw))
    if (
        len(raw) > 64
        or _BASE64.search(raw)
        or any(_is_random(run, _RANDOM_WHEN_REFUSED) for run in _RUN.findall(raw))
    ):
        return f"a value of {len(raw)} characters"
    return repr(raw)


def address(url: str) -> str:
    """An address without user, password, path, query and fragment, each of which can be a secret."""
    scheme, _, rest = url.partition("://")
    # A password may hold any character: what stands before an @ is not taken apart.
    if "@" in rest:
        return f"{text(scheme)}://…"
    host = re.split(r"[/?#\\]", rest, maxsplit=1)[0]
    return f"{text(scheme)}://{text(host)}" + ("/…" if rest[len(host) :].strip("/") else "")


def text(given: str) -> str:
    """`given` without the words in it that look random."""
    if "://" in given:
        return address(given)
    shown = _BASE64.sub(HIDDEN, given[:_LONGEST])
    shown = _RUN.sub(lambda run: HIDDEN if _is_random(run[0], _RANDOM) else run[0], shown)
    return shown if len(given) <= _LONGEST else f"{shown}…"


def _is_random(run: str, least: int) -> bool:
    """Whether a run of characters looks like a key, a token or a password."""
    words = _WORD.findall(run)
    if any(len(word) >= least and _mixes(word) for word in words):
        return True
    joined = "".join(words)
    if len(joined) < max(least, 20):
        return False
    # Tokens in URL-safe base64 have dashes and underscores anywhere, and both cases, which names have not.
    both_cases = not joined.islower() and not joined.isupper()
    return _mixes(joined) and (both_cases or re.fullmatch(r"[0-9a-fA-F-]{32,}", run) is not None)


def _mixes(word: str) -> bool:
    digits = sum(character.isdigit() for character in word)
    return 0 < digits < len(word) or (len(word) >= 32 and digits == 0)
