"""Texts from a seed: those of the corpus, cut, joined, doubled and with odd signs in them."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from . import innocents, measure, said, unusual

#: What rules look for, and what ends, opens, encodes or hides it.
_PIECES = (
    *("'", '"', "\\", "\\\\", "\\'", '\\"', "\\n", "\n", "\r\n", "\t", " ", "  ", ",", ";", ":", "=", "=>", ":=", "->"),
    *("(", ")", "[", "]", "{", "}", "<", ">", "|", "&", "?", "#", "/", "//", "://", "@", ".", "-", "_", "+", "*", "~"),
    *("%22", "%3A", "%3d", "%20", "%25", "%", "&quot;", "\\u0022", "\x1b[1m", "\x00", "b'", "SecretStr('", "string(3) "),
    *("token", "secret", "api_key", "password is ", "pass", "pin: ", "2fa", "Bearer ", "cookie: ", "authorization: "),
    *("seed phrase ", "key ", "Key (a)=(", "near '", "VALUES (", "[parameters: ", "-u a:", "PASS ", "AUTH ", "redis-cli -a "),
    *("ghp_", "AKIA", "eyJ", "0x", "xox", "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "8=FIX|96=", "[redacted]"),
    *("order id ", "hash=", "digest ", "none", "true", "USDC", "BTC/USDT", "12345", "a1B2c3D4", "deadbeef"),
)  # fmt: skip
#: Signs beyond ASCII: names and prose have them, formats of secrets do not. No blanks, which end a value in the SDK alone.
_SIGNS = "éñжд交易所🚀\uff1a"
#: What reads a statement keeps more of it in the SDK than in the intake.
STATEMENTS = ("[sql: ", "line ")


def texts(seed: int, count: int) -> Iterator[str]:
    """So many texts; the same ones of the same seed."""
    random = Random(seed)
    known = _known(random)
    while count > 0:
        text = random.choice(known)
        for _ in range(random.choice((0, 1, 1, 2, 3, 6))):
            text = _changed(text, random, known)
        if not any(mark in text.lower() for mark in STATEMENTS):
            count -= 1
            yield text


def _known(random: Random) -> list[str]:
    found: list[str] = []

    def note(text: str) -> str:
        found.append(text)
        return text

    measure.count_secrets(note, lambda _, value: value, each=3)
    found += (text for _, text, _ in unusual.cases())
    found += (text for _, text in innocents.texts(random, 10))
    found += said.INNOCENTS
    return found


def _changed(text: str, random: Random, known: list[str]) -> str:
    at, to = sorted(random.randint(0, len(text)) for _ in range(2))
    match random.randrange(8):
        case 0:
            return text[:at]
        case 1:
            return text[at:]
        case 2:
            return text[:at] + text[to:]
        case 3:
            return text[:to] + text[at:]
        case 4:
            return text[:at] + random.choice(known)[at:]
        case 5:
            return (
                text[:at]
                + (text[at:to].upper() if random.random() < 0.5 else text[at:to].swapcase())
                + text[to:]
            )
        case 6:
            return text[:at] + random.choice(_SIGNS) + text[at:]
    return text[:at] + random.choice(_PIECES) + text[at:]
