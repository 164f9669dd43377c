"""Turns what was given, a Python value or the text of a variable, into a setting's type.

Every parser raises `Unusable` with what is allowed, worded to stand after "must be". An argument may be any object, and
may make it raise something else.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from .. import units
from ._backtracking import has_no_end

_TRUE = frozenset(("1", "true", "yes", "on"))
_FALSE = frozenset(("0", "false", "no", "off"))
#: The longest time that a setting can be; beyond some number of seconds a wait raises.
_LONGEST = 10 * 366 * 86400.0
#: The largest number of bytes or things.
_LARGEST = 1 << 62
#: Items of a sequence; what gives more has no end, or is no setting.
_MOST_ITEMS = 10_000
_DIGITS = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,20})?")


class Unusable(ValueError):
    """A value is none that a setting can have; the message says what is allowed."""


def text(raw: Any) -> str:
    """Parse a string that is not empty."""
    if not isinstance(raw, str) or not raw.strip():
        raise Unusable("a text")
    return raw.strip()


def flag(raw: Any) -> bool:
    """A truth value; `true`, `yes`, `on`, `1` and their opposites as text."""
    if isinstance(raw, bool):
        return raw
    word = _plain(raw).strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise Unusable("true or false")


def seconds(raw: Any) -> float:
    """A positive duration in seconds: a number, or a text as `units.seconds` reads it."""
    value = _quantity(raw, units.seconds)
    if value is None or not 0 < value <= _LONGEST:
        raise Unusable(f"{units.DURATION}, above 0")
    return value


def milliseconds(raw: Any) -> float:
    """Seconds from a variable that OpenTelemetry defines in milliseconds."""
    value = _quantity(raw, _number)
    if value is None or not 0 < value / 1000 <= _LONGEST:
        raise Unusable("a number of milliseconds above 0")
    return value / 1000


def size(raw: Any) -> int:
    """A positive number of bytes: a number, or a text as `units.size` reads it."""
    value = _quantity(raw, units.size)
    if value is None or not 1 <= value <= _LARGEST:
        raise Unusable(f"{units.SIZE}, above 0")
    return int(value)


def count(raw: Any) -> int:
    """Parse a whole number from 1."""
    value = _quantity(raw, _number)
    if value is None or not 1 <= value <= _LARGEST or value != int(value):
        raise Unusable("a whole number from 1")
    return int(value)


def ratio(raw: Any) -> float:
    """Parse a number from 0 to 1."""
    value = _quantity(raw, _number)
    if value is None or not 0 <= value <= 1:
        raise Unusable("a number from 0 to 1")
    return value


def one_of(*allowed: str) -> Callable[[Any], str]:
    """Return a parser that accepts these words alone."""

    def parse(raw: Any) -> str:
        if raw not in allowed:
            raise Unusable(" or ".join(allowed))
        return _plain(raw)

    return parse


def path(raw: Any) -> Path:
    """A file or directory; `~` stands for the home."""
    if not isinstance(raw, Path) and not (isinstance(raw, str) and raw.strip()):
        raise Unusable("a path")
    found = Path(raw.strip() if isinstance(raw, str) else raw).expanduser()
    try:
        # The system has no names for some texts.
        if b"\0" not in os.fsencode(found):
            return found
    except UnicodeEncodeError:
        pass
    raise Unusable("a path that files can have")


def path_below(folder: Path) -> Callable[[Any], Path]:
    """A path that stays within `folder` with links and `..` resolved; a relative one starts there."""

    def parse(raw: Any) -> Path:
        allowed = f"a path below {folder}, or BOTOBS_CONFIG must name the file"
        try:
            target = folder / path(raw)
            inside = target.resolve().is_relative_to(folder.resolve())
        except (OSError, RuntimeError, ValueError) as error:
            # A loop of links, a home that does not exist, a character that no path may have.
            raise Unusable(allowed) from error
        if not inside:
            raise Unusable(allowed)
        return target

    return parse


def url(raw: Any) -> str:
    """The address of an OTLP receiver over HTTP, without the signal's path."""
    address = _plain(raw).strip().rstrip("/")
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or parts.username or parts.password:
        raise Unusable("an address like https://collector.example:4318, without user, query or fragment")
    return address


def listen_address(raw: Any) -> str:
    """Host and port to listen on; port 0 stands for one that is free."""
    address = _plain(raw).strip()
    try:
        parts = urlsplit(f"//{address}")
        usable = bool(parts.hostname) and parts.port is not None and parts.netloc == address
    except ValueError:
        usable = False
    if not usable or "@" in address:
        raise Unusable("host and port, like 127.0.0.1:9464 or [::1]:0")
    return address


def names(raw: Any) -> tuple[str, ...]:
    """Names, as a sequence or as text with commas."""
    items: Iterable[Any] = raw.split(",") if isinstance(raw, str) else raw
    try:
        return tuple(name for item in _bounded(items) if (name := _plain(item).strip()))
    except TypeError:
        raise Unusable("names separated by commas") from None


def mapping(raw: Any) -> Mapping[str, str]:
    """Names and values, as a mapping or as text like `a=1,b=2` with URL-encoded values.

    The text form is that of `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_EXPORTER_OTLP_HEADERS`.
    """
    if isinstance(raw, Mapping):
        return {_plain(key): _plain(value) for key, value in _bounded(raw.items())}
    pairs = {}
    for item in _plain(raw).split(","):
        key, separator, value = item.partition("=")
        if not item.strip():
            continue
        if not separator or not key.strip():
            raise Unusable("pairs like name=value, separated by commas")
        pairs[key.strip()] = unquote(value.strip())
    return pairs


def patterns(raw: Any) -> tuple[str, ...]:
    """Regular expressions, as a sequence or as text with one a line."""
    items: Iterable[Any] = raw.splitlines() if isinstance(raw, str) else raw
    try:
        found = tuple(pattern for item in _bounded(items) if (pattern := _plain(item).strip()))
        for pattern in found:
            re.compile(pattern)
            if has_no_end(pattern):
                raise Unusable(
                    "regular expressions without a repeat in a repeat that can take the same characters, such as "
                    "(a+)+: a short text could stop the process"
                )
    except (TypeError, re.error, RecursionError, OverflowError):
        # Not what is wrong: that can quote the pattern, which may name a secret.
        raise Unusable("regular expressions, one a line") from None
    return found


def _quantity(raw: Any, read: Callable[[str], float]) -> float | None:
    """A finite number, or what `read` makes of a text; None where it is neither."""
    if isinstance(raw, bool):
        return None
    try:
        value = raw if isinstance(raw, int | float) else read(_plain(raw))
        return value if math.isfinite(value) else None
    except (units.UnitError, OverflowError):
        return None


def _number(text: str) -> float:
    """A plain number, without sign or exponent.

    Raises:
        UnitError: It is none.
    """
    if not _DIGITS.fullmatch(text.strip()):
        raise units.UnitError(text)
    return float(text)


def _plain(raw: Any) -> str:
    # A list of lists may hold itself, or have a text without end.
    if isinstance(raw, list | tuple | dict | set | frozenset):
        raise Unusable("a text and no list of such")
    return str(raw)


def _bounded(items: Iterable[Any]) -> list[Any]:
    found = list(islice(items, _MOST_ITEMS + 1))
    if len(found) > _MOST_ITEMS:
        raise Unusable(f"at most {_MOST_ITEMS} items")
    return found
