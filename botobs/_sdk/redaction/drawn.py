"""Takes out the values that loguru and better_exceptions draw below the names in a traceback's line of source."""

from __future__ import annotations

import re

from .names import promise
from .rules import REDACTED
from .values import is_secret

#: What leads to a value.
CORNER = "\u2514 "
_VALUE = re.compile(r"(?<![ \u2502])([ \u2502]*+)\u2514 (.+)")
_NAME = re.compile(r"\w{0,128}")


def without_drawn(text: str) -> str:
    """`text` without the values whose corner stands below the name of a secret."""
    lines = text.split("\n")
    source = ""
    for number, line in enumerate(lines):
        drawn = _VALUE.fullmatch(line)
        if drawn is None:
            source = line if line.strip(" \u2502") else source
            continue
        name = _NAME.match(source, len(drawn[1]))
        promised = promise(name[0]) if name is not None else ""
        if promised and is_secret(promised, drawn[2].strip("'\"")):
            lines[number] = drawn[1] + CORNER + REDACTED
    return "\n".join(lines)
