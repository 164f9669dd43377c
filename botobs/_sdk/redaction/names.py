"""What a name promises of its value: a secret, perhaps one, or none.

A name is split into words at capitals, digits and signs. Words that are run together (`pgpassword`, `accesstoken`) are
recognised by how they end.
"""

from __future__ import annotations

import re
from functools import lru_cache

from .rules import RULES

#: The value is a secret.
SECRET = "secret"
#: The value is a secret, or the folder that a shell is in.
FOLDER = "pwd"
#: Promises of which what looks like a password is one, also in a sentence.
PASSWORDS = (SECRET, FOLDER)
#: The value is a session's id: a token, unless it is a number, a name, or a UUID.
SESSION_ID = "session id"
#: Promises of one-time passwords.
CODES = ("otp", "totp", "twofa")
#: A longer name says at its end what it names.
_LONGEST = 128
#: Base64 may end with the letters of `db_pw`.
_LONGEST_OF_PW = 16
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]++|\d++")
# Of these every word that is run together with others may be the end.
_ENDS = tuple(sorted(RULES.secret - {"jwt", "pw"}, key=len, reverse=True))
_SESSION_IDS = ("sessionid", "sessid")
#: Letters that are left of a word without its tails.
_SHORTEST = 6
_TAILED = re.compile(f"(.{{{_SHORTEST},}}?)(?:{'|'.join(sorted(RULES.tails))}|v)*+", re.DOTALL)
# A word in front may itself be run together with others: `svcauthtoken`.
_LONG_QUALIFIERS = {
    stem: tuple(sorted(word for word in words if len(word) >= 4)) for stem, words in RULES.qualifiers.items()
}
_STEMS = ("key", "keys", "token", "tokens", "pass", "pw", "phrase", "sign")
_OWN_STEMS = (
    "2fa", "auth", "bearer", "code", "cookie", "cred", "jwt", "key", "mfa", "mnemonic", "nonce", "otp", "pass",
    "pck", "phrase", "pin", "pk", "psk", "psw", "pw", "secret", "seed", "sekret", "sessid", "session", "sig",
    "token", "twofa", "words",
)  # fmt: skip
#: One of these is in every name that promises something; in lower case.
STEMS = frozenset(
    (*_OWN_STEMS, *(word for word in RULES.foreign if not any(stem in word for stem in _OWN_STEMS)))
)


def promise(name: str) -> str:
    """`SECRET`, or the ambiguous word that the name ends with (`token`), or nothing."""
    return _promise(name if len(name) <= _LONGEST else name.removeprefix("-D")[-_LONGEST:])


@lru_cache(maxsize=2048)
def _promise(name: str) -> str:
    name = name.removeprefix("-D")
    if name.lower() in RULES.harmless_names or name in RULES.ids:
        return ""
    lowered = name.lower()
    if lowered in ("pwd", "oldpwd"):
        return FOLDER
    if any(word in lowered for word in RULES.foreign):
        return SECRET
    words = [word.lower() for word in _WORDS.findall(name)]
    if words and words[-1] == "pw" and len(name) > _LONGEST_OF_PW:
        return ""
    while len(words) > 1 and (words[-1] in RULES.tails or words[-1].isdigit()):
        words.pop()
    # An access key's id goes with its secret; a session's id is one, and a key's may be.
    of_id = len(words) > 1 and words[-1] == "id"
    if not words or words[-1] in RULES.metadata:
        return ""
    for position, word in enumerate(words):
        before = words[position - 1] if position else ""
        if word in ("code", "codes", "pin") and _is_qualified(before, word):
            return "otp"
        if word in RULES.secret or _without_tails(word).endswith(_ENDS) or _is_qualified(before, word):
            # `x-deploy-key-id` may be a number.
            is_id = of_id and word == "key" and before != "access" and position == len(words) - 2
            return "key" if is_id else SECRET
        if before in ("key", "token") and (word in RULES.behind or word in RULES.exchanges):
            return SECRET if word in RULES.behind else before
    # `jsessionid`, `PHPSESSID`
    if words[-1].endswith(_SESSION_IDS):
        return SESSION_ID
    if of_id:
        return {"key": "key", "session": SESSION_ID}.get(words[-2], "")
    last = words[-1]
    if last in RULES.ambiguous:
        return "" if len(words) > 1 and words[-2] in RULES.harmless and last not in CODES else last
    # `binancekey`.
    return "key" if last.endswith("key") and last[:-3] in RULES.exchanges else ""


def is_of_table(name: str) -> bool:
    """Whether a name is of a key of a table, or of a page of answers: `page_token`, `sort_key`."""
    words = [word.lower() for word in _WORDS.findall(name[-_LONGEST:])]
    return len(words) > 1 and words[-1] in RULES.ambiguous and words[-2] in RULES.harmless


def _is_qualified(before: str, word: str) -> bool:
    if word in RULES.qualified and before in RULES.qualifiers.get(word, ()):
        return True
    bare = _without_tails(word)
    for stem in _STEMS:
        if bare.endswith(stem) and bare != stem:
            before = bare[: -len(stem)]
            return before in RULES.qualifiers.get(stem, ()) or before.endswith(_LONG_QUALIFIERS.get(stem, ()))
    return False


def _without_tails(word: str) -> str:
    """A word that others are run together with at its end: `dbpasswordprod`, `apikeyv`."""
    return word if len(word) <= _SHORTEST else _TAILED.fullmatch(word)[1]  # type: ignore[index]
