"""Turns what was given, a Python value or the text of a variable, into a setting's type.

Every parser raises ValueError with what is allowed, worded to follow "must be".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

_TRUE = frozenset(("1", "true", "yes", "on"))
_FALSE = frozenset(("0", "false", "no", "off"))
_BYTE_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_TIME_UNITS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_QUANTITY = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*")


def text(raw: Any) -> str:
    """A string that is not empty."""
    if not isinstance(raw, str) or not raw.strip():
        raise ValueError("a text")
    return raw.strip()


def flag(raw: Any) -> bool:
    """A truth value; `true`, `yes`, `on`, `1` and their opposites as text."""
    if isinstance(raw, bool):
        return raw
    word = str(raw).strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError("true or false")


def seconds(raw: Any) -> float:
    """A positive duration in seconds; text may carry a unit, as in `500ms` or `2h`."""
    value = _quantity(raw, _TIME_UNITS)
    if value is None or value <= 0:
        raise ValueError("a number of seconds above 0, or a text like 500ms, 10s, 5m, 2h or 1d")
    return value


def milliseconds(raw: Any) -> float:
    """Seconds from a variable that OpenTelemetry defines in milliseconds."""
    value = _quantity(raw, {"": 0.001})
    if value is None or value <= 0:
        raise ValueError("a number of milliseconds above 0")
    return value


def size(raw: Any) -> int:
    """A positive number of bytes; text may carry a unit, as in `64MiB`."""
    value = _quantity(raw, _BYTE_UNITS)
    if value is None or value < 1:
        raise ValueError("a number of bytes above 0, or a text like 500KB or 64MiB")
    return int(value)


def count(raw: Any) -> int:
    """A whole number from 1."""
    value = _quantity(raw, {"": 1})
    if value is None or value < 1 or value != int(value):
        raise ValueError("a whole number from 1")
    return int(value)


def ratio(raw: Any) -> float:
    """A number from 0 to 1."""
    value = _quantity(raw, {"": 1})
    if value is None or value > 1:
        raise ValueError("a number from 0 to 1")
    return value


def one_of(*allowed: str) -> Callable[[Any], str]:
    """A parser that takes these words alone."""

    def parse(raw: Any) -> str:
        if raw not in allowed:
            raise ValueError(" or ".join(allowed))
        return str(raw)

    return parse


def path(raw: Any) -> Path:
    """A file or directory; `~` stands for the home."""
    if isinstance(raw, Path):
        return raw.expanduser()
    if isinstance(raw, str) and raw.strip():
        return Path(raw.strip()).expanduser()
    raise ValueError("a path")


def path_below(folder: Path) -> Callable[[Any], Path]:
    """A path that stays within `folder`, links and `..` followed; a relative one starts there."""

    def parse(raw: Any) -> Path:
        allowed = f"a path below {folder}, or BOTOBS_CONFIG must name the file"
        try:
            target = folder / path(raw)
            inside = target.resolve().is_relative_to(folder.resolve())
        except (OSError, RuntimeError, ValueError) as error:
            # A loop of links, a home that does not exist, a character that no path may have.
            raise ValueError(allowed) from error
        if not inside:
            raise ValueError(allowed)
        return target

    return parse


def url(raw: Any) -> str:
    """The address of an OTLP receiver over HTTP, without the signal's path."""
    address = str(raw).strip().rstrip("/")
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or parts.username or parts.password:
        raise ValueError("an address like https://collector.example:4318, without user, query or fragment")
    return address


def names(raw: Any) -> tuple[str, ...]:
    """Names, as a sequence or as text with commas."""
    items: Iterable[Any] = raw.split(",") if isinstance(raw, str) else raw
    try:
        return tuple(name for item in items if (name := str(item).strip()))
    except TypeError:
        raise ValueError("names separated by commas") from None


def mapping(raw: Any) -> Mapping[str, str]:
    """Names and values, as a mapping or as text like `a=1,b=2` with URL-encoded values.

    The text form is that of `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_EXPORTER_OTLP_HEADERS`.
    """
    if isinstance(raw, Mapping):
        return {str(key): str(value) for key, value in raw.items()}
    pairs = {}
    for item in str(raw).split(","):
        key, separator, value = item.partition("=")
        if not item.strip():
            continue
        if not separator or not key.strip():
            raise ValueError("pairs like name=value, separated by commas")
        pairs[key.strip()] = unquote(value.strip())
    return pairs


def patterns(raw: Any) -> tuple[str, ...]:
    """Regular expressions, as a sequence or as text with one a line."""
    items: Iterable[Any] = raw.splitlines() if isinstance(raw, str) else raw
    try:
        found = tuple(pattern for item in items if (pattern := str(item).strip()))
        for pattern in found:
            re.compile(pattern)
    except (TypeError, re.error):
        # Not what is wrong: that can quote the pattern, which may name a secret.
        raise ValueError("regular expressions, one a line") from None
    return found


def _quantity(raw: Any, units: Mapping[str, float]) -> float | None:
    if isinstance(raw, bool):
        return None
    if isinstance(raw, int | float):
        return raw * units[""]
    match = _QUANTITY.fullmatch(str(raw))
    if match is None or match[2] not in units:
        return None
    return float(match[1]) * units[match[2]]
