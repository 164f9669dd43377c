"""Which queries and fragments of addresses in a text may stay: those of which every part is plainly innocent.

Name and value decide together, as they do elsewhere, but the other way round: what is not known to be innocent takes
the whole query with it. Addresses invent names of secrets that no list has.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from .names import CODES, promise
from .values import formatted, is_bare_secret, is_like_a_token, is_named_id, is_secret, is_uuid

#: A longer one is dropped.
_LONGEST = 1024
_NAME = re.compile(r"[A-Za-z0-9_.\[\]-]{1,64}")
_VALUE = re.compile(r"[A-Za-z0-9_.,:/+!*~ -]{0,256}")
_HEX = re.compile(r"[0-9a-fA-F]{16,}")
_BOTH = re.compile(r"[0-9][^A-Za-z]*+[A-Za-z]|[A-Za-z][^0-9]*+[0-9]")
_DIGITS = re.compile(r"\d+")
_SIGNATURES = ("sig", "sign", "signature", "signatures")
# `app.js?v=009cc3bd3b`
_VERSIONS = ("v", "ver", "version", "rev")
# Of sign-in and of links in mails: a secret that is used once.
_USED_ONCE = ("code", "ticket", "state")


def is_innocent(tail: str) -> bool:
    """Whether what follows the path of an address may stay.

    Args:
        tail: With the sign that it begins with, `?` or `#`.
    """
    return len(tail) <= _LONGEST and all(map(_is_innocent_part, re.split(r"[?#&]", tail[1:])))


def _is_innocent_part(part: str) -> bool:
    name, equals, value = part.partition("=")
    if not equals:
        name, value = "", name
    elif not _NAME.fullmatch(name):
        return False
    value = unquote(value)
    if not _VALUE.fullmatch(value):
        return False
    promised = CODES[0] if name.lower() in _USED_ONCE else promise(name)
    if promised and (is_secret(promised, value) or (promised in _SIGNATURES and _BOTH.search(value))):
        return False
    if is_named_id(name) or name in _VERSIONS:
        return formatted(value) is None
    if is_uuid(value) or _DIGITS.fullmatch(value):
        return True
    return not (_HEX.fullmatch(value) or is_like_a_token(value) or is_bare_secret(value, ""))
