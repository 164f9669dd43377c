"""Whether a text is a secret by what it looks like, and by its name.

Keys and tokens are drawn at random: capitals, small letters and digits follow each other without order. Words,
numbers, dates, markets and paths do not look so. Identifiers may: `bare` decides about those.
"""

from __future__ import annotations

import re

from . import known
from .chains import is_account_of_chain, is_named_by_chain
from .names import FOLDER, SECRET, SESSION_ID
from .rules import RULES

_NUMBER = re.compile(r"[+-]?[\d.,_]+(?:[eE][+-]?\d+)?%?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ][\d:.,+Z-]*)?")
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_CUT_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{0,12}){1,4}")
_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
# Of OANDA and of Postman.
_TWO_OF_HEX = re.compile(r"(?:[A-Z]{2,6}-)?[0-9a-f]{24,32}-[0-9a-f]{8,34}")
_ADDRESS = re.compile(r"0[xX][0-9a-fA-F]{40}")
_PREFIXED_HEX = re.compile(r"0[xX][0-9a-fA-F]+")
_TICKER = re.compile(r"[A-Z0-9.]{1,10}|\d{1,7}[A-Z]{2,16}")
_PLACEHOLDER = re.compile(
    # The bracket that closes one may be that of a mapping.
    r"\?|\$\d++|:\w++|%\(\w++\)s|%s|\{\w*+\}|\$\{\w++\}?|<\w++>|\*{3,}\w{0,4}|\*+|\.\.\.|x{3,}|X{3,}|\$[A-Z_][A-Z0-9_]+"
    # Where a program has it from.
    r"|(?:os\.environ|os\.getenv|getenv|process\.env|(?:self|settings|config|cfg|args|options|secrets|ctx)\.[A-Za-z_])[\w.]*+(?:[\[(].*)?"
    # A type in a signature.
    r"|(?:Optional|Union|List|list|Dict|dict|Sequence|Mapping|Final|Annotated)\[[^'\"]*+|Literal\[.*"
)
_CURRENCIES = "|".join(RULES.currencies)
_MARKET = re.compile(
    rf"(?:[A-Z]{{1,2}}_|[a-z])?(?:\d{{0,7}}[A-Z][A-Z0-9]{{0,9}})?[-/_:.]?(?:{_CURRENCIES})(?:[-/_:][A-Z0-9.]{{1,12}}){{0,3}}"
    r"|[A-Z]{2,10}[-_](?:\d{1,2}[A-Z]{3}\d{2}|\d{6,8})(?:[-_][A-Z0-9.]{1,12}){0,2}|[A-Z]{1,4}=F"
)
_LONGEST_MARKET = 40
_PIECES = re.compile(r"[-_/+.:~]")
# A blank, or a sign of code.
_NOT_IN_TOKENS = re.compile(r"[ (){}<>]")
_GROUPS = re.compile(r"[A-Z]+|[a-z]+|[0-9]+|[^A-Za-z0-9]+")
_NOT_IN_WORDS = re.compile(r"[\d!@#$%^&*+~?]")
_SIGN_INSIDE = re.compile(r"[a-z][!#$^&*+~][A-Za-z]|[A-Za-z][._-][A-Za-z0-9]{2,32}[!#$^&*+~]\Z")
_DURATION = re.compile(r"(?:\d+[a-z]{1,2})+")
_LETTER = re.compile(r"[A-Za-z]")
_HEX_OF_KEY = re.compile(r"0x[0-9a-fA-F]{64}")
_NO_LETTER = re.compile(r"[^A-Za-z]")
_CASES = re.compile(r"[A-Z]+|[a-z]+")
_TAKING_TURNS = re.compile(r"[0-9]+|[^0-9]+")
_SIGNS_OF_TOKENS = re.compile(r"[A-Za-z0-9+/_.~-]++={0,2}")
_LETTERS = re.compile(r"[A-Za-z]+")
_JOINED = re.compile(r"[A-Za-z]{3,32}(?:[-_.!#$^*+~][A-Za-z]{3,32}){1,4}")
_NAME_PIECE = re.compile(r"[A-Z]?[a-z]+")
# Words drawn from a list, as generators of passwords make them.
_WORDS_OF_PASSWORD = re.compile(r"[a-z]{4,9}(?:[-_.][a-z]{4,9}){2,7}")
# Of an issuer, and perhaps of a kind: `cxakp_…`, `sb_secret_…`.
_ISSUED = re.compile(r"([A-Za-z][A-Za-z0-9]{0,9})_(?:[a-z]{2,9}_)?([A-Za-z0-9]{24,255})")
_NUMERIC = ("fa", "mfa", "otp", "pin", "totp", "twofa")
# Codes for those who have lost their device: `gfn03-rvtf8`.
_RECOVERY = re.compile(r"(?=[a-z-]{0,27}\d)(?=[\d-]{0,27}[a-z])[a-z0-9]{4,6}(?:-[a-z0-9]{4,6}){1,3}")
_PIN = re.compile(r"\d{4,8}")
SHORTEST_PLAIN = 40
SHORTEST_NAMED = 16
_SHORTEST_DENSE = 20
# Of a key, behind the letters of its issuer, and of one with capitals and small letters.
_SHORTEST_HEX_ISSUED, _SHORTEST_KEY = 24, 12
#: Digits of keys in hexadecimal.
SHORTEST_HEX = 32
#: How much of a value is looked at that may be none. What promises a secret is taken wholly, and once; what may be none
#: comes again for the next name, which may be within it.
LONGEST_GUESS = 512
#: Words behind "seed" that are no sentence but a mnemonic, or most of one.
FEWEST_WORDS = 6


def is_secret(promise: str, value: str) -> bool:
    """Whether the value of a name with this promise is a secret.

    Args:
        promise: As `names.promise` says it.
        value: Without quotes.
    """
    bare = value.strip()
    if not bare or (
        len(bare) <= LONGEST_GUESS
        and (bare.strip("<>()[]").lower() in RULES.no_values or _PLACEHOLDER.fullmatch(bare) is not None)
    ):
        return False
    if promise == FOLDER:
        return not bare.startswith(("/", "~", "\\\\")) and bare[1:3] != ":\\"
    return promise == SECRET or known.is_weak_one(bare) or _is_ambiguous_secret(promise, bare)


def is_secret_number(promise: str, value: float) -> bool:
    """Whether the number of a name that may promise a secret is a PIN or a one-time password, of 4 to 8 digits."""
    return promise in _NUMERIC and 999 < value < 10**8


# `hashlib.sha256`
_DOTTED = re.compile(r"[a-z_]{2,20}(?:\.[a-z_]{2,20}\d{0,4}){1,4}")
_SIGNS_OF_CODE = frozenset("=(){}[]<>:/")
# Of these code has one or two.
_SIGNS_OF_PASSWORDS = frozenset("!@#$^*~")


def is_dense(value: str) -> bool:
    """Whether letters, digits and many signs take turns, as in a password that a generator made."""
    return (
        len(value) >= _SHORTEST_DENSE
        and len(_SIGNS_OF_PASSWORDS.intersection(value)) >= 3
        and " " not in value
        and 2 * _turns(value) >= len(value)
    )


def is_like_a_password(value: str) -> bool:
    """Whether a word is none: it has a letter and a digit, does not begin with one if it is short, and is no code.

    Without a digit, it has letters of both cases and a sign between them, or letters that are drawn at random.
    """
    if is_dense(value):
        return True
    has_both = any(map(str.isdigit, value)) and any(map(str.isalpha, value))
    begins_well = len(value) >= SHORTEST_NAMED or not value[0].isdigit()
    return (
        (has_both or _SIGN_INSIDE.search(value) is not None or looks_random_letters(value))
        and (begins_well or (changes(value) >= 3 and _DURATION.fullmatch(value) is None))
        and _SIGNS_OF_CODE.isdisjoint(value)
        # The name of a variable, or a place for a value.
        and value[0] not in "$%?"
        and _DOTTED.fullmatch(value) is None
    )


def may_be_the_password(name: str, value: str) -> bool:
    """Whether what stands near a name looks like a password; of a name that says so, words may make one.

    Args:
        name: That promises a secret.
        value: Without blanks.
    """
    if is_like_a_password(value):
        return True
    lowered = name.lower()
    return ("pass" in lowered or "pwd" in lowered) and (
        _WORDS_OF_PASSWORD.fullmatch(value) is not None
        or _has_odd_capitals(value)
        # A bracket within what is drawn at random is no call.
        or (value.count("(") == 1 and ")" not in value and all(map(looks_random, value.split("("))))
    )


def _has_odd_capitals(value: str) -> bool:
    """Whether words that signs part have capitals as no names do: `Winter_HZyyC`, `hunter-CBVWL`."""
    pieces = _LETTERS.findall(value)
    return (
        len(pieces) > 1
        and _JOINED.fullmatch(value) is not None
        and value.upper() != value
        and any(_NAME_PIECE.fullmatch(piece) is None for piece in pieces)
    )


def is_like_a_token(value: str) -> bool:
    """Whether a text without a name of its own looks like a key, a token or a password that was made well."""
    if len(value) < 8 or "://" in value:
        return False
    if _NOT_IN_TOKENS.search(value):
        return is_dense(value)
    if (
        _NUMBER.fullmatch(value)
        or _DATE.fullmatch(value)
        or _ADDRESS.fullmatch(value)
        or _TICKER.fullmatch(value)
    ):
        return False
    if _SIGN_INSIDE.search(value) is not None or looks_random_letters(value) or is_hex_of_key(value):
        return True
    return any(map(str.isdigit, value)) and _LETTER.search(value) is not None and not _has_order(value)


def is_token_or_uuid(value: str) -> bool:
    """Whether a text beside a name looks like a token, or is a UUID, as some issuers' keys are."""
    return is_like_a_token(value) or is_uuid(value)


def is_market(value: str) -> bool:
    """Whether a text is the symbol of a market: `BTC/USDT`, `1000PEPEUSDT`, `ETH-27MAR26`."""
    return len(value) <= _LONGEST_MARKET and _MARKET.fullmatch(value) is not None


def is_hex(value: str) -> bool:
    """Whether a text is hexadecimal digits alone, of one case."""
    return _HEX.fullmatch(value) is not None


def is_uuid(value: str) -> bool:
    """Whether a text is a UUID."""
    return _UUID.fullmatch(value) is not None


def is_code(promise: str, value: str) -> bool:
    """Whether what stands beside the name of a PIN or a one-time password is one, or a code for those who lost it."""
    return promise in _NUMERIC and (_PIN.fullmatch(value) or _RECOVERY.fullmatch(value)) is not None


def is_drawn(run: str, shortest_hex: int) -> bool:
    """Whether a run that nothing sets apart is drawn at random.

    Args:
        run: Without blanks.
        shortest_hex: Digits of which one in hexadecimal has at least so many.
    """
    if _HEX.fullmatch(run) or _UUID.fullmatch(run):
        return len(run) >= shortest_hex and not run.isdigit()
    if _TWO_OF_HEX.fullmatch(run):
        return True
    return len(run) >= SHORTEST_NAMED and run.isascii() and random_share(run) >= 0.6


def is_hex_of_key(value: str) -> bool:
    """Whether a text is written as private keys of Ethereum are, and hashes of transactions."""
    return _HEX_OF_KEY.fullmatch(value) is not None


def is_drawn_token(run: str) -> bool:
    """Whether a run beside a name that may promise a token is one: no UUID, and no account."""
    return (
        _SIGNS_OF_TOKENS.fullmatch(run) is not None
        and any(map(str.isdigit, run))
        and (is_drawn(run, SHORTEST_HEX) or is_issued(run, _SHORTEST_HEX_ISSUED))
        and not is_uuid(run)
        and not is_account_of_chain(run)
    )


def _is_ambiguous_secret(word: str, value: str) -> bool:
    if word in _NUMERIC:
        return is_code(word, value) or not _has_order(value)
    if _NUMBER.fullmatch(value) or _DATE.fullmatch(value) or _ADDRESS.fullmatch(value):
        return False
    if _CUT_UUID.fullmatch(value):
        return word not in ("nonce", "pk", SESSION_ID)
    if is_named_by_chain(word, value):
        return False
    if word == SESSION_ID and len(value) < SHORTEST_NAMED:
        return False
    if _PREFIXED_HEX.fullmatch(value):
        return len(value) >= (66 if word == "pk" else 34) and not word.startswith("token")
    if word == "seed" and len(value.split()) >= FEWEST_WORDS:
        return True
    if word in ("pass", "passe"):
        has_signs = _NOT_IN_WORDS.search(value) is not None
        return len(value) >= 6 and not value.isdigit() and (has_signs or _has_odd_capitals(value))
    if word == "pk":
        # A row of a table has one that is a number or a UUID.
        return is_drawn(value, 64)
    if word in ("key", "keys"):
        return _is_key(value)
    return _is_opaque(value)


def _is_key(value: str) -> bool:
    """What "key" alone stands before: a key, and not one of a table."""
    if len(value) < SHORTEST_NAMED:
        return len(value) >= _SHORTEST_KEY and value.isalnum() and _is_mixed(value) and looks_random(value)
    if " " in value or "://" in value:
        return False
    if value.isalnum():
        return (not value.isalpha() and not value.isdigit()) or looks_random_letters(value)
    return len(value) >= 20 and (
        random_share(value) >= 0.6
        or _TWO_OF_HEX.fullmatch(value) is not None
        or is_issued(value, _SHORTEST_HEX_ISSUED)
    )


def _is_opaque(value: str) -> bool:
    """Whether a value is neither words nor numbers: a token."""
    if len(value) < 6 or _NOT_IN_TOKENS.search(value) or "://" in value or _TICKER.fullmatch(value):
        return False
    if value.isalpha():
        return len(value) >= SHORTEST_NAMED and looks_random_letters(value)
    if len(value) >= SHORTEST_NAMED and value.isalnum() and value.upper() != value:
        return True
    return not _has_order(value)


def _has_order(value: str) -> bool:
    """Whether letters and digits of a text stand apart, as in `grid-btc-2`, `sha256` and `us-east-1`."""
    pieces = [piece for piece in _PIECES.split(value) if piece]
    total = sum(map(len, pieces))
    if total >= 12 and all(len(piece) >= 6 and _letters_and_digits(piece) for piece in pieces):
        return False
    mixed = sum(
        len(piece) for piece in pieces if changes(piece) >= 2 + piece.isupper() and _letters_and_digits(piece)
    )
    if len(value) >= 10 and value.rstrip("=").isascii():
        mixed = max(mixed, sum(len(piece) for piece in pieces if len(piece) >= 8 and looks_random(piece)))
    return total == 0 or mixed < 6 or mixed / total < 0.5


def _letters_and_digits(piece: str) -> bool:
    return not piece.isalpha() and not piece.isdigit()


def changes(piece: str) -> int:
    """How often letters and digits take turns."""
    return len(_TAKING_TURNS.findall(piece)) - 1


def looks_random(piece: str) -> bool:
    """Whether a run without separators is drawn at random, and no word, number or identifier in hexadecimal."""
    if len(piece) < 4 or piece.isdigit() or _PREFIXED_HEX.fullmatch(piece):
        return False
    if piece.isalpha():
        return (len(piece) < 8 and _turns(piece) >= 3) or looks_random_letters(piece)
    if _HEX.fullmatch(piece):
        return False
    return _turns(piece) >= max(2, len(piece) // (4 if _is_mixed(piece) else 5))


def _is_mixed(piece: str) -> bool:
    """Whether a run has capitals and small letters."""
    return piece.lower() != piece and piece.upper() != piece


def _turns(piece: str) -> int:
    """How often capitals, small letters and digits take turns."""
    return len(_GROUPS.findall(piece)) - 1


def looks_random_letters(piece: str) -> bool:
    """Whether letters are drawn at random: words of camel case have one capital each, and no single small letters."""
    if piece.lower() == piece or piece.upper() == piece:
        return False
    runs = _CASES.findall(piece)
    odd = sum(1 for run in runs if (len(run) > 1) == run.isupper())
    return len(runs) >= 5 and odd >= 3 and odd * 4 >= len(runs)


def random_share(run: str) -> float:
    pieces = [piece for piece in _PIECES.split(run.rstrip("=")) if piece]
    total = sum(map(len, pieces))
    return sum(len(piece) for piece in pieces if looks_random(piece)) / total if total else 0.0


def is_issued(run: str, shortest_hex: int = SHORTEST_PLAIN) -> bool:
    """Whether a run begins with the letters of an issuer, as tokens do, and ids that say what they are of.

    Args:
        run: Without padding.
        shortest_hex: Digits of which one in hexadecimal has at least so many.
    """
    found = _ISSUED.fullmatch(run)
    if found is None or found[1].lower() in RULES.id_words or found[1].lower() in RULES.owners:
        return False
    if _HEX.fullmatch(found[2]):
        return len(found[2]) >= shortest_hex and not found[2].isdigit()
    return found[2].lower() != found[2] and found[2].upper() != found[2] and looks_random(found[2])
