"""What chains write as exchanges write keys: accounts of Solana, of which each token is one, and its transactions."""

from __future__ import annotations

import re

# 32 bytes in base 58.
_ACCOUNT = re.compile(r"[1-9A-HJ-NP-Za-km-z]{43,44}")
# A transaction goes by its first signature, 64 bytes in base 58; exchanges sign in hexadecimal and base 64.
_SIGNATURE = re.compile(r"[1-9A-HJ-NP-Za-km-z]{86,88}")
_NAMED = dict.fromkeys(("token", "tokens"), _ACCOUNT) | dict.fromkeys(
    ("sig", "signature", "signatures"), _SIGNATURE
)
_BEHIND = r"[\s'\":=({\[\\]{0,8}\Z"
_ACCOUNT_BEFORE = re.compile(
    rf"(?i:token|vault|authority|payer|reserve|coin|pair|amm|maker|taker)s?\d?{_BEHIND}"
)
# Of a transfer; in a sentence much comes behind these.
_PARTY_BEFORE = re.compile(r"(?:\A|[^A-Za-z])(?i:from|to)(?:['\"\\]{0,3}\s?[:=][\s'\"\\]{0,4})?\Z")
_SIGNATURE_BEFORE = re.compile(rf"(?i:sig|signature)s?{_BEHIND}")


def is_account_of_chain(value: str) -> bool:
    """Whether a text is written as Solana writes accounts."""
    return _ACCOUNT.fullmatch(value) is not None


def is_named_by_chain(word: str, value: str) -> bool:
    """Whether the value of a name that ends with an ambiguous word is an account or a transaction."""
    return word in _NAMED and _NAMED[word].fullmatch(value) is not None


def is_of_chain(run: str, before: str) -> bool:
    """Whether a run is an account behind the word "token", or a transaction behind "signature"."""
    return (
        is_account_of_chain(run)
        and (_ACCOUNT_BEFORE.search(before) is not None or _PARTY_BEFORE.search(before) is not None)
    ) or (_SIGNATURE.fullmatch(run) is not None and _SIGNATURE_BEFORE.search(before) is not None)
