"""What opens the way to the collector: a bearer token, given or in a file, and headers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..files import FileTooLarge, NotRegularFile, read_small
from . import _parse

#: Bytes of a token at most: servers refuse longer headers.
_LONGEST = 8192
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


class NoTokenFile(ValueError):
    """A folder, a device or a pipe stands in the place of the token's file: it can never hold one."""


def token(raw: Any) -> str:
    """A bearer token: one line of printable ASCII characters.

    Raises:
        Unusable: It is none.
    """
    word = _parse.text(raw)
    if not word.isascii() or not word.isprintable() or len(word) > _LONGEST:
        raise _parse.Unusable("one line of printable ASCII characters")
    return word


def headers(raw: Any) -> Mapping[str, str]:
    """Headers of HTTP, as a mapping or as text like `a=1,b=2` with URL-encoded values.

    Raises:
        Unusable: One cannot be sent.
    """
    found = _parse.mapping(raw)
    for name, value in found.items():
        try:
            value.encode("latin-1")
        except UnicodeEncodeError:
            raise _parse.Unusable("headers whose values are Latin-1") from None
        if not _NAME.fullmatch(name) or not value.isprintable():
            raise _parse.Unusable("headers: names without spaces, values without line breaks")
    return found


def read_token(file: Path) -> str:
    """The bearer token in a file.

    Raises:
        OSError: The file cannot be read.
        NoTokenFile: It is no regular file.
        ValueError: It holds no token; the message, as that of `NoTokenFile`, follows "which".
    """
    try:
        # Two more for a line end.
        text = read_small(file, _LONGEST + 2).decode("ascii").strip()
    except NotRegularFile:
        raise NoTokenFile("is no file") from None
    except FileTooLarge:
        raise ValueError("holds characters that cannot be printed, or too many") from None
    except UnicodeDecodeError:
        raise ValueError("holds characters that are not ASCII") from None
    if not text:
        raise ValueError("is empty")
    if len(text.splitlines()) > 1:
        raise ValueError("holds more than one line")
    try:
        return token(text)
    except ValueError:
        raise ValueError("holds characters that cannot be printed, or too many") from None
