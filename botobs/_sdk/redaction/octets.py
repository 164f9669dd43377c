"""Private keys that are written as the list of their bytes, as Solana's tools keep them: `[174, 47, …]`."""

from __future__ import annotations

import re

from .rules import REDACTED

_NUMBER = r"(?:0x[0-9A-Fa-f]{1,2}|\d{1,3})"
# A comma between the numbers or, as Go prints them, a blank. A list that was cut is one too.
_LIST = re.compile(
    rf"([\[({{]\s*+)({_NUMBER}(?:(?:\s*+,\s*+|\s++){_NUMBER}){{31,63}}+)(?=,?\s*+(?:[\])}}]|\Z))"
)
_SEPARATORS = re.compile(r"[\s,]+")
#: Of the list of a key's bytes: 32 of a seed, 64 of a pair.
_SIZES = (32, 64)
#: What has as many characters at least.
SHORTEST = 64


def without_octets(text: str) -> str:
    """`text` without keys that are written so."""
    return _LIST.sub(_without, text)


def _without(match: re.Match[str]) -> str:
    values = [int(number, 0) if "x" in number else int(number) for number in _SEPARATORS.split(match[2])]
    # Of bytes that are drawn at random six of ten have three digits; counts and sizes are smaller.
    is_random = max(values) < 256 and 3 * sum(value > 99 for value in values) > len(values)
    is_whole = len(values) in _SIZES or match.end() == len(match.string)
    return match[1] + REDACTED if is_random and is_whole else match[0]
