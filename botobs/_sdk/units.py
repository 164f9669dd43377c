"""Durations and sizes as people write them: one grammar for settings, commands and the stack's configuration.

A duration is `90`, `90s`, `1.5h`, `1h30m`, `500ms`, `2d` or `1w`: numbers with units from large to small, each unit
once; the last number may have a fraction. A number alone is seconds. A size is `4096`, `1GB` or `1.5GiB`: `GB` is 10^9
bytes, as in the SI, `GiB` 2^30 (IEC 80000-13). A number alone is bytes.
"""

from __future__ import annotations

import itertools
import re
from fractions import Fraction

#: Seconds of each unit, from large to small. A day has 24 hours and a year 365 days, as in Prometheus.
_SECONDS = {
    "y": Fraction(365 * 86400),
    "w": Fraction(7 * 86400),
    "d": Fraction(86400),
    "h": Fraction(3600),
    "m": Fraction(60),
    "s": Fraction(1),
    "ms": Fraction("0.001"),
}
_ORDER = list(_SECONDS)
#: Seconds of the units of an age, as people write them: a minute is no metre.
_AGES = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_PREFIXES = "KMGTP"
_BYTES = (
    {"": 1, "B": 1, "kB": 1000}
    | {f"{prefix}B": 1000**power for power, prefix in enumerate(_PREFIXES, 1)}
    | {f"{prefix}iB": 1024**power for power, prefix in enumerate(_PREFIXES, 1)}
)
#: Longer texts are not parsed.
_LONGEST_TEXT = 64
_PIECE = re.compile(r"([0-9]{1,20}(?:\.[0-9]{1,20})?) ?(ms|[smhdwy])")
_NUMBER = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,20})?")
_SIZE = re.compile(r"([0-9]{1,20}(?:\.[0-9]{1,20})?) ?([A-Za-z]{0,3})")

#: What is allowed, worded to stand after "must be".
DURATION = "a duration like 500ms, 90s, 1.5h, 1h30m or 2d, or a number of seconds"
SIZE = "a number of bytes, or a size like 500KB, 64MiB or 1.5GB"


class UnitError(ValueError):
    """A text is no duration, or no size; the message says what is allowed."""


def seconds(text: str) -> float:
    """Seconds of a duration.

    Raises:
        UnitError: It is none.
    """
    given = text.strip()
    if len(given) <= _LONGEST_TEXT:
        if _NUMBER.fullmatch(given):
            return float(given)
        pieces = list(_PIECE.finditer(given))
        units = [_ORDER.index(piece[2]) for piece in pieces]
        whole = "".join(piece[0] for piece in pieces) == given
        if (
            pieces
            and whole
            and units == sorted(set(units))
            and all("." not in piece[1] for piece in pieces[:-1])
        ):
            return float(sum(Fraction(piece[1]) * _SECONDS[piece[2]] for piece in pieces))
    raise UnitError(f"{text[:_LONGEST_TEXT]!r} must be {DURATION}")


def age(seconds: float) -> str:
    """A length of time for a person, in its two largest whole units: `1 d 4 h`, `12 min 5 s`, `3 s`.

    Args:
        seconds: How long; negative ones, from clocks that differ, are `0 s`.
    """
    left = max(0, int(seconds))
    for (unit, name), (smaller, part) in itertools.pairwise(_AGES):
        if left >= unit:
            rest = left % unit // smaller
            return f"{left // unit} {name} {rest} {part}" if rest else f"{left // unit} {name}"
    return f"{left} s"


def size(text: str) -> int:
    """Bytes of a size; a fraction of a byte is left off.

    Raises:
        UnitError: It is none.
    """
    given = text.strip()
    found = _SIZE.fullmatch(given) if len(given) <= _LONGEST_TEXT else None
    if found is None or found[2] not in _BYTES:
        raise UnitError(f"{text[:_LONGEST_TEXT]!r} must be {SIZE}")
    return int(Fraction(found[1]) * _BYTES[found[2]])


def duration(value: float) -> str:
    """A duration as every program of the stack reads it: hours, minutes, seconds and milliseconds, `36h` or `1h30m`.

    Args:
        value: Seconds, not negative; rounded to milliseconds.

    The units are those that Go's `time.ParseDuration` and Prometheus have in common.
    """
    left = round(value * 1000)
    pieces = []
    for unit, length in (("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, left = divmod(left, length)
        if count:
            pieces.append(f"{count}{unit}")
    return "".join(pieces) or "0s"
