"""What may be typed as the value of an option: each is one of these kinds, and is checked before anything is done.

Without anything beyond the standard library: commands for services' containers use it too.
"""

from __future__ import annotations

import argparse
import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from .._sdk import units
from .shown import name

T = TypeVar("T")

_TEN_YEARS = 10 * 365 * 86_400.0
#: Characters of a value that are repeated in a sentence about it.
_REPEATED = 60
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE][+-]?[0-9]{1,4})?")
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"(?:\*\.(?={_LABEL}\.))?{_LABEL}(?:\.{_LABEL})*")
_IDENTIFIER = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9_])?")
#: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names
_DNS_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
#: Bytes of a path, as Linux has them.
_LONGEST_PATH = 4095
_LONGEST_LINE, _LONGEST_TEXT = 1000, 100_000


class Kind(Generic[T]):
    """One kind of value; as `type` of an option it turns what was typed into one.

    Args:
        what: What is allowed, worded to stand after "must be".
        read: Turns a text into a value; raises `ValueError` where it is none.
    """

    def __init__(self, what: str, read: Callable[[str], T]) -> None:
        self.what = what
        self._read = read

    def __call__(self, text: str) -> T:
        """The value.

        Raises:
            argparse.ArgumentTypeError: It is none.
        """
        try:
            return self._read(text)
        except (ValueError, OverflowError):
            cut = text if len(text) <= _REPEATED else f"{text[:_REPEATED]}…"
            raise argparse.ArgumentTypeError(f"must be {self.what}, not {name(cut)!r}") from None


def whole(least: int, most: int) -> Kind[int]:
    """A whole number between two, both allowed."""

    def read(text: str) -> int:
        return _within(int(_matching(_WHOLE, text)), least, most)

    return Kind(f"a whole number from {least} to {most}", read)


def number(least: float, most: float) -> Kind[float]:
    """A number between two, both allowed."""

    def read(text: str) -> float:
        return _within(float(_matching(_NUMBER, text)), least, most)

    return Kind(f"a number from {least:g} to {most:g}", read)


def duration(most: float = _TEN_YEARS) -> Kind[str]:
    """A duration above zero, as it was typed.

    Args:
        most: The longest that can be meant, in seconds.
    """

    def read(text: str) -> str:
        if not 0 < units.seconds(text) <= most:
            raise ValueError
        return text.strip()

    longest = f"{most / 3600:g}h" if most <= 2 * 86_400 else f"{most / 86_400:g}d"
    return Kind(f"{units.DURATION}, above 0 and at most {longest}", read)


def size(least: int) -> Kind[int]:
    """Bytes, `least` at least."""
    what = f"{units.SIZE}, and at least {least // 2**20}MiB"
    return Kind(what, lambda text: _within(units.size(text), least, 2**60))


def _within(value: T, least: T, most: T) -> T:
    if not least <= value <= most:  # type: ignore[operator]
        raise ValueError
    return value


def _matching(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError
    return text


def _line(text: str) -> str:
    text.encode()
    if not text.strip() or len(text) > _LONGEST_LINE or name(text) != text:
        raise ValueError
    return text


def _text(text: str) -> str:
    text.encode()
    if not text.strip() or len(text) > _LONGEST_TEXT or "\0" in text:
        raise ValueError
    return text


def _any(text: str) -> str:
    if "\0" in text:
        raise ValueError
    return text


def _path(text: str) -> Path:
    if not text.strip() or "\0" in text or len(text.encode("utf-8", "surrogateescape")) > _LONGEST_PATH:
        raise ValueError
    return Path(text)


def _folder(text: str) -> str:
    # As of a shell's variable that nobody has set: the usual folder is not what was meant.
    if not text.strip():
        raise argparse.ArgumentTypeError("the name is empty; leave the option out for the usual folder")
    _path(text)
    return text


def _address(text: str) -> tuple[str, int]:
    host_, _, port_ = text.rpartition(":")
    return _host(host_.removeprefix("[").removesuffix("]")), _within(int(_matching(_WHOLE, port_)), 1, 65535)


def _host(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        last = text.rpartition(".")[2]
        # What ends in a number is meant to be an address: https://url.spec.whatwg.org/#ends-in-a-number-checker
        if len(text) > 253 or last.isdigit() or not _HOST.fullmatch(text):
            raise
    return text


def _url(text: str) -> str:
    parts = urlsplit(_line(text))
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise ValueError
    return text


PORT = whole(1, 65535)
FREE_PORT = Kind("a port from 1 to 65535, or 0 for a free one", whole(0, 65535)._read)
#: Seconds that something may take.
PATIENCE = number(0.001, 86_400.0)
LINE = Kind(f"one line of printable characters, {_LONGEST_LINE} at most", _line)
TEXT = Kind("a text that is not empty", _text)
PATH = Kind("the name of a file or folder", _path)
#: The same as it was typed.
FOLDER = Kind(PATH.what, _folder)
ADDRESS = Kind("HOST:PORT, with a port from 1 to 65535", _address)
HOST = Kind("the name of a host, such as metrics.example.com or *.example.com, or an address", _host)
IDENTIFIER = Kind(
    "a name of letters, digits, dots, dashes and underscores, 100 at most",
    lambda text: _matching(_IDENTIFIER, text),
)
DNS_LABEL = Kind(
    "a name in Kubernetes: small letters, digits and dashes, 63 at most",
    lambda text: _matching(_DNS_LABEL, text),
)
URL = Kind("an address that begins with http:// or https://", _url)
#: Words that go on to another program, or into a file, which says itself what it takes.
ANY = Kind("a text without zero bytes", _any)
