"""Whether a long run without a name is a secret: by what it looks like, and by the word in front of it.

Identifiers are drawn at random as keys are. Of a long one the word in front says what it is; hexadecimal ones of the
lengths of traces, commits and addresses count as identifiers.
"""

from __future__ import annotations

import re

from .chains import is_of_chain
from .rules import RULES
from .values import (
    SHORTEST_NAMED,
    SHORTEST_PLAIN,
    changes,
    is_hex,
    is_issued,
    is_uuid,
    looks_random,
    looks_random_letters,
    random_share,
)

_PREFIXED_HEX = re.compile(r"0[xX][0-9a-fA-F]+")
# https://en.bitcoin.it/wiki/Bech32: a readable part, a one, and what has neither 1 nor b, i, o.
_BECH32 = re.compile(r"[a-z]{2,12}1[02-9ac-hj-np-z]{30,}")
_ID = re.compile(
    # Bitcoin, Tron and the XRP Ledger (https://en.bitcoin.it/wiki/Base58Check_encoding), TON in base 64; Stellar and
    # Algorand in base 32.
    r"[13Tr][1-9A-HJ-NP-Za-km-z]{32,33}|[EU]Q[A-Za-z0-9_-]{46}|G[A-Z2-7]{55}|[A-Z2-7]{58}"
    # Content ids of IPFS: https://github.com/multiformats/cid
    r"|baf[a-z2-7]{56}|Qm[1-9A-HJ-NP-Za-km-z]{44}"
    # What Binance's users name their orders, with the id of a broker in front; ccxt has one.
    r"|x-[A-Za-z0-9]{6,10}[A-Za-z0-9_-]{6,26}"
)
#: The first three letters of what `begins_as_file`: most runs have others.
BEGINS_OF_FILES = frozenset(begin[:3] for begin in RULES.files)
# A checksum of Go, a weak `ETag`, and data of a contract behind what tells its function: `0x86ed0315: …`.
_SAYS_ID = re.compile(r"(?:(?:\A|[^\w])h1:|W/\\?\"|0x[0-9a-fA-F]{8}[:,]? ?)\Z")
_LAST_WORDS = re.compile(r"(?:[A-Za-z][\w-]{0,30} )?[A-Za-z][\w-]{0,30}[\s'\":=({\[#\\]{0,8}\Z")
_NO_LETTER = re.compile(r"[^A-Za-z]")
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_FORMAT = re.compile("(?:" + "|".join(RULES.formats) + ")(?![A-Za-z0-9])")
# Words before a run of which the last few count.
_LOOK_BACK = 40
# Of an order's id that begins with what it is of: `adl_autoclose_…`. Exchanges take no longer ones.
_LONGEST_OWNED = 36
# Bare runs that are shorter may be anybody's id.
_SHORTEST_MIXED = 30


def is_named_id(before: str) -> bool:
    """Whether the word at the end of a text says that an id comes next."""
    found = _LAST_WORDS.search(before)
    words = [word.lower() for word in _PARTS.findall(found[0])] if found is not None else []
    # "in" is Stripe's of an invoice, and a word of SQL.
    return bool(words) and words[-1] != "in" and (words[-1] in RULES.id_words or words[-1] in RULES.owners)


def is_bare_secret(run: str, before: str) -> bool:
    """Whether a run of letters, digits and the signs of base64 is a secret by itself.

    Args:
        run: At least 16 characters.
        before: The text in front of it.
    """
    named = named_before(before)
    if named == "id":
        return False
    bare = run.rstrip("=")
    if bare.isdigit() or is_uuid(bare):
        return False
    if _PREFIXED_HEX.fullmatch(bare):
        return named == "secret" and len(bare) >= 66
    return _is_drawn(run, bare, named) and not (
        (not named and _is_id(run, before)) or is_of_chain(run, before)
    )


def _is_drawn(run: str, bare: str, named: str) -> bool:
    """Whether a run is drawn at random, without its padding too, and long enough for the word in front."""
    if is_hex(bare):
        return len(bare) >= 48 or (named == "secret" and len(bare) >= 32)
    if bare.isalnum():
        if named and len(bare) >= SHORTEST_NAMED:
            return looks_random(bare)
        if len(bare) < _SHORTEST_MIXED:
            return len(run) - len(bare) > 0 and len(bare) >= 22 and looks_random(bare)
        if bare.lower() == bare or bare.upper() == bare:
            return len(bare) >= SHORTEST_PLAIN and not bare.isalpha() and not _BECH32.fullmatch(bare)
        return looks_random(bare) and (run != bare or not _is_camel_case(bare))
    if is_issued(bare):
        return True
    if not named and len(bare) <= _LONGEST_OWNED and bare.partition("_")[0] in RULES.owners:
        return False
    return len(bare) >= (24 if named else _SHORTEST_MIXED + 2) and random_share(bare) >= 0.6


def _is_id(run: str, before: str) -> bool:
    """Whether a run that no word is in front of has the form of an id, or begins as the bytes of a file do."""
    return _ID.fullmatch(run) is not None or begins_as_file(run) or _SAYS_ID.search(before) is not None


def begins_as_file(run: str) -> bool:
    """Whether a run is base64 of a picture or another file."""
    return run[:3] in BEGINS_OF_FILES and run.startswith(RULES.files)


def _is_camel_case(run: str) -> bool:
    """Whether a run is a name in camel case, in which a digit ends a word or two."""
    return changes(run) < 3 and not looks_random_letters(_NO_LETTER.sub("", run))


def named_before(text: str) -> str:
    """What the word right in front says that comes next: an `id`, a `secret`, or nothing."""
    found = _LAST_WORDS.search(text[-_LOOK_BACK:])
    if found is None:
        return ""
    # `orderHash` ends with the word that counts, as `order hash` does.
    words = [word.lower() for word in _PARTS.findall(found[0])][-2:]
    if len(words) > 1 and words[-1] in RULES.ambiguous and words[-2] in RULES.harmless:
        return "id"
    if words[-1] in RULES.secret_words:
        return "id" if words[0] in RULES.harmless else "secret"
    return "id" if words[-1] in RULES.id_words else ""


def formatted(run: str) -> re.Match[str] | None:
    """A secret of a known format at the beginning of a run."""
    return _FORMAT.match(run)
