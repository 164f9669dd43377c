"""What of the queries and fragments of addresses may stay: every part that is plainly innocent.

Name and value decide together, as they do elsewhere, but the other way round: of a part that is not known to be
innocent the value goes. Addresses invent names of secrets that no list has.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from urllib.parse import unquote

from . import known
from .bare import formatted, is_bare_secret, is_named_id
from .names import CODES, is_of_table, promise
from .rules import REDACTED
from .values import is_like_a_token, is_secret, is_uuid

#: A longer one is dropped.
_LONGEST = 1024
_NAME = re.compile(r"[A-Za-z0-9_.\[\]-]{1,64}")
_VALUE = re.compile(r"[A-Za-z0-9_.,:/+!*~ -]{0,256}={0,2}")
# What is searched for: blanks are written as `+`.
_SHORTEST_SEGMENT = 12
_WORDS = re.compile(r"[A-Z]?[a-z]{1,20}(?:[+ ][A-Z]?[a-z]{1,20})+")
#: Of a value with other signs.
_LONGEST_VALUE = 512
_SIGNS = re.compile(r"([?#&])")
_HEX = re.compile(r"[0-9a-fA-F]{16,}")
_BOTH = re.compile(r"[0-9][^A-Za-z]*+[A-Za-z]|[A-Za-z][^0-9]*+[0-9]")
_DIGITS = re.compile(r"\d+")
_SIGNATURES = ("sig", "sign", "signature", "signatures")
# `app.js?v=009cc3bd3b`
_VERSIONS = ("v", "ver", "version", "rev")
# Where a page of an answer begins and ends.
_OF_PAGES = ("after", "before", "end", "offset", "since", "start", "until")
# Of sign-in and of links in mails: a secret that is used once.
_USED_ONCE = ("code", "ticket", "state")
#: Says what is left of a value that is a text or an address itself.
Clean = Callable[[str], str]


def kept(tail: str, clean: Clean | None) -> str:
    """What may stay of what follows the path of an address.

    Args:
        tail: With the sign that it begins with, `?` or `#`.
        clean: What is left of a value of other signs than those of names and numbers; without it such a value goes.
    """
    if len(tail) > _LONGEST:
        return ""
    parts = _SIGNS.split(tail)
    left: list[str] = []
    is_out = False
    for sign, part in zip(parts[1::2], parts[2::2], strict=True):
        shown = kept_part(part, clean)
        # A value may hold these signs: what has no name belongs to the one in front.
        is_out = shown != part or (is_out and "=" not in part)
        if shown == part and is_out:
            continue
        left += (sign, shown)
    return "".join(left)


def kept_part(part: str, clean: Clean | None) -> str:
    """A part of a query, `name=value` or a value alone, without the value if that is not innocent."""
    if _is_innocent(part, clean, known.generation):
        return part
    name, equals, _ = part.partition("=")
    is_name = equals and _NAME.fullmatch(name) and not (len(name) >= 16 and is_bare_secret(name, ""))
    return f"{name}={REDACTED}" if is_name else REDACTED


@lru_cache(maxsize=1024)
def _is_innocent(part: str, clean: Clean | None, _generation: int) -> bool:
    """Whether a part may stay; another generation knows more secrets, and answers anew."""
    name, equals, value = part.partition("=")
    if not equals:
        name, value = "", name
    elif not _NAME.fullmatch(name):
        return False
    if "%" in value:
        value = unquote(value)
    if not equals and value.startswith("/"):
        return all(map(_is_innocent_segment, pairwise(value.split("/"))))
    promised = CODES[0] if name.lower() in _USED_ONCE else promise(name)
    if promised and (is_secret(promised, value) or (promised in _SIGNATURES and _BOTH.search(value))):
        return False
    if _DIGITS.fullmatch(value):
        return True
    if not _VALUE.fullmatch(value) or "://" in value:
        # A query of a store, a pattern, an address.
        return clean is not None and len(value) <= _LONGEST_VALUE and clean(value) == value
    if is_named_id(name) or is_of_table(name) or name in _VERSIONS or name.rstrip("]").endswith(_OF_PAGES):
        return formatted(value) is None
    if is_uuid(value) or _WORDS.fullmatch(value):
        return True
    return not (_HEX.fullmatch(value) or is_like_a_token(value) or is_bare_secret(value, ""))


def _is_innocent_segment(pair: tuple[str, str]) -> bool:
    """Whether a part of a path may stay in a fragment, `#/transaction/…`, with the part in front of it."""
    before, segment = pair
    if len(segment) < _SHORTEST_SEGMENT or is_uuid(segment):
        return True
    if not _VALUE.fullmatch(segment) or formatted(segment) is not None:
        return False
    is_token = _HEX.fullmatch(segment) or is_like_a_token(segment) or is_bare_secret(segment, "")
    return not is_token or is_named_id(before)
